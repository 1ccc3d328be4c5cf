package io.couplet.trainer.training;

import ai.djl.Device;
import io.couplet.trainer.backbones.Backbone;
import io.couplet.trainer.backbones.Backbones;
import io.couplet.trainer.backbones.ScriptedModule;
import io.couplet.trainer.weights.StartingWeights;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/** From a plan's origin to what a learner computes with. */
final class Nets {
    private static final int CHUNK = 1 << 16;

    private Nets() {}

    /** @throws IllegalArgumentException in one sentence, if it cannot be built for these images or its file is not what it should be */
    static Net create(TrainingPlan plan, int imageSize, int classes, Device device) {
        if (plan.origin() instanceof BackboneOrigin.Script script) {
            ScriptedModule module = ScriptedModule.load(script.file(), device);
            try {
                module.check(imageSize, classes);
                return new ScriptedNet(module);
            } catch (RuntimeException | Error e) {
                module.close();
                throw e;
            }
        }
        Backbone backbone = Backbones.create(plan.backbone(), plan.task(imageSize, classes));
        return new OwnNet(backbone, weights(plan, backbone));
    }

    private static @Nullable StartingWeights weights(TrainingPlan plan, Backbone backbone) {
        return plan.origin() instanceof BackboneOrigin.Weights weights
                ? StartingWeights.read(weights.file(), backbone.layout(), plan.seed())
                : null;
    }

    /** SHA-256 of the origin's file; empty where there is none. */
    static String fingerprint(BackboneOrigin origin) {
        if (origin instanceof BackboneOrigin.Weights weights) {
            return sha256(weights.file());
        }
        return origin instanceof BackboneOrigin.Script script ? sha256(script.file()) : "";
    }

    private static String sha256(Path file) {
        try (InputStream in = Files.newInputStream(file)) {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            byte[] chunk = new byte[CHUNK];
            for (int read = in.read(chunk); read >= 0; read = in.read(chunk)) {
                digest.update(chunk, 0, read);
            }
            return HexFormat.of().formatHex(digest.digest());
        } catch (IOException e) {
            throw new IllegalArgumentException(file + " cannot be read: " + e, e);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}
