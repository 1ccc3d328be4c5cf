package io.couplet.cli;

import io.couplet.cli.local.UserError;
import io.couplet.schemas.study.Nearest;
import io.couplet.trainer.backbones.Backbones;
import java.util.List;
import picocli.CommandLine.Option;

/** What a measurement of training trains: backbones, their size and their images. */
final class BenchNetOptions {

    @Option(
            names = "--backbones",
            split = ",",
            paramLabel = "NAME",
            description = "Backbones, comma separated (default: all).")
    List<String> backbones = Backbones.names();

    @Option(
            names = "--size",
            paramLabel = "SIZE",
            defaultValue = "nano",
            description = "nano, cifar or paper (default: ${DEFAULT-VALUE}).")
    String size = "nano";

    @Option(
            names = "--image-size",
            paramLabel = "PIXELS",
            defaultValue = "32",
            description = "Height and width of the images (default: ${DEFAULT-VALUE}).")
    int imageSize;

    @Option(
            names = "--batch-size",
            paramLabel = "N",
            defaultValue = "64",
            description = "Images a step (default: ${DEFAULT-VALUE}).")
    int batchSize;

    /** @throws UserError when one is unknown */
    List<String> backbones() {
        for (String name : backbones) {
            if (!Backbones.names().contains(name)) {
                throw new UserError("--backbones: " + Nearest.unknown("backbone", name, Backbones.names()));
            }
        }
        return backbones;
    }

    /** @throws IllegalArgumentException when it is none */
    Backbones.Size size() {
        return Backbones.Size.of(size);
    }
}
