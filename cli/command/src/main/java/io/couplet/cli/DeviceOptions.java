package io.couplet.cli;

import io.couplet.cli.local.UserError;
import io.couplet.trainer.training.Gpus;
import io.couplet.trainer.worker.TrainerSettings;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What a trainer works on: one worker per device named. */
final class DeviceOptions {

    @Option(
            names = "--devices",
            split = ",",
            paramLabel = "DEVICE",
            defaultValue = "auto",
            description =
                    "auto: every GPU, or the CPU where there is none; gpu: every GPU, one at least; cpu: --slots workers on it; or devices, one worker each,"
                            + " e.g. gpu:0,gpu:1 (default: ${DEFAULT-VALUE}).")
    List<String> devices = List.of("auto");

    @Option(
            names = "--slots",
            paramLabel = "N",
            description = "Runs that train at once on the CPU, with one thread each (default: one per core).")
    @Nullable
    Integer slots;

    /** @throws UserError before the engine is started, unless only the engine can tell */
    void check() {
        if (slots != null && (slots < 1 || slots > 256)) {
            throw new UserError("--slots must be from 1 to 256, was " + slots + ".");
        }
        boolean alone = devices.equals(List.of("auto")) || devices.equals(List.of("gpu"));
        for (String device : devices) {
            if (!alone && !device.matches("cpu|gpu:\\d{1,3}")) {
                throw new UserError("--devices must be auto, gpu, or cpu and gpu:N comma separated, was "
                        + String.join(",", devices) + ".");
            }
        }
    }

    /**
     * One entry per worker.
     *
     * @throws UserError also when a GPU is named that is not there
     */
    List<String> workers() {
        check();
        int cpuSlots = slots != null ? slots : Math.max(1, Runtime.getRuntime().availableProcessors());
        if (devices.equals(List.of("auto"))) {
            return TrainerSettings.gpusOrCpuSlots(cpuSlots);
        }
        if (devices.equals(List.of("cpu"))) {
            return TrainerSettings.cpuSlots(cpuSlots);
        }
        if (devices.equals(List.of("gpu"))) {
            require(Gpus.ofThisMachine(), "gpu");
            return TrainerSettings.gpusOrCpuSlots(1);
        }
        if (devices.stream().anyMatch(device -> device.startsWith("gpu"))) {
            Gpus gpus = Gpus.ofThisMachine();
            devices.forEach(device -> require(gpus, device));
        }
        return devices;
    }

    /** @throws UserError saying what is missing, when the device cannot be used */
    static void require(Gpus gpus, String device) {
        gpus.missingFor(device).ifPresent(sentence -> {
            throw new UserError(sentence);
        });
    }
}
