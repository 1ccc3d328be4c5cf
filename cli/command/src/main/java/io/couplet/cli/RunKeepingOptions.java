package io.couplet.cli;

import io.couplet.cli.local.UserError;
import io.couplet.trainer.backbones.Backbones;
import io.couplet.trainer.worker.TrainerSettings;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What a trainer keeps and measures besides the steps. */
final class RunKeepingOptions {

    @Option(
            names = "--checkpoints",
            paramLabel = "DIR",
            description = "Keep the runs' checkpoints there, so that a run that was cut short goes on; a path that"
                    + " trainers share lets them go on with each other's runs.")
    @Nullable
    Path checkpoints;

    @Option(
            names = "--checkpoint-steps",
            paramLabel = "N",
            defaultValue = "0",
            description = "Keep a checkpoint after each rung, when the trainer shuts down, and after so many steps;"
                    + " 0 for the first two only (default: ${DEFAULT-VALUE}).")
    int checkpointSteps;

    @Option(
            names = "--layer-statistics",
            split = ",",
            paramLabel = "SIZE",
            defaultValue = "nano,cifar,paper",
            description = "Sizes of backbones whose layers are measured at each evaluation, beside the training: nano,"
                    + " cifar, paper, or none (default: ${DEFAULT-VALUE}).")
    List<String> layerStatistics = List.of("nano", "cifar", "paper");

    /** @throws UserError when a value is none */
    void check() {
        if (checkpointSteps < 0) {
            throw new UserError("--checkpoint-steps must be at least 0, was " + checkpointSteps + ".");
        }
        sizes();
    }

    /** @param elsewhere where checkpoints go when no directory is given; null for nowhere */
    TrainerSettings applyTo(TrainerSettings settings, @Nullable Path elsewhere) {
        check();
        Path directory = checkpoints != null ? checkpoints : elsewhere;
        TrainerSettings measured = settings.withLayerStatistics(sizes());
        return directory == null ? measured : measured.withCheckpoints(directory, checkpointSteps);
    }

    private Set<Backbones.Size> sizes() {
        Set<Backbones.Size> sizes = EnumSet.noneOf(Backbones.Size.class);
        if (layerStatistics.equals(List.of("none"))) {
            return sizes;
        }
        for (String size : layerStatistics) {
            try {
                sizes.add(Backbones.Size.of(size));
            } catch (IllegalArgumentException e) {
                throw new UserError("--layer-statistics: " + e.getMessage() + "; or none.", e);
            }
        }
        return sizes;
    }
}
