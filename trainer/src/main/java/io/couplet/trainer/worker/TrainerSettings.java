package io.couplet.trainer.worker;

import io.couplet.schemas.avro.RunRequest;
import io.couplet.trainer.backbones.Backbones;
import io.couplet.trainer.training.Gpus;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Settings of a trainer process.
 *
 * @param bootstrapServers where Kafka is, {@code host:port,…}
 * @param clientProperties further properties of all Kafka clients, e.g. TLS and SASL
 * @param group the share group whose trainers work off one queue together
 * @param devices one worker each: {@code cpu} as often as runs shall train at once, or {@code gpu:0}, {@code gpu:1}, …
 * @param spoolDirectory where records wait while Kafka is away; one trainer process at a time may have it
 * @param dataRoot what relative paths of requests start from and what nothing they name may lie outside of; null for the working directory and no bounds
 * @param lock how long a request stays with a trainer that no longer speaks, 15 to 60 seconds
 * @param host name of this machine, for provenance
 * @param trainerId name of this process, for provenance
 * @param coupletVersion for provenance
 * @param gitRevision for provenance; null when not built from a repository
 * @param checkpoints directory of the runs' checkpoints, shared by all trainers that may go on with each other's runs; null keeps none
 * @param checkpointSteps a run is kept after each rung, when it is given back, and after so many steps; 0 for the first two only
 * @param layerStatistics sizes of backbones whose layers are measured at each evaluation
 * @param onlyStudy requests of other studies are taken off the queue untrained, so the group must be this study's own, and those that name other files than its own
 *     fail; null trains all
 */
public record TrainerSettings(
        String bootstrapServers,
        Map<String, String> clientProperties,
        String group,
        List<String> devices,
        Path spoolDirectory,
        @Nullable Path dataRoot,
        Duration lock,
        String host,
        String trainerId,
        String coupletVersion,
        @Nullable String gitRevision,
        @Nullable Path checkpoints,
        int checkpointSteps,
        Set<Backbones.Size> layerStatistics,
        @Nullable OnlyStudy onlyStudy) {

    public static final String DEFAULT_GROUP = "couplet-trainers";

    public TrainerSettings {
        clientProperties = Map.copyOf(clientProperties);
        devices = List.copyOf(devices);
        layerStatistics = Set.copyOf(layerStatistics);
        if (devices.isEmpty()) {
            throw new IllegalArgumentException("a trainer needs at least one device");
        }
        if (lock.toSeconds() < 15 || lock.toSeconds() > 60) {
            throw new IllegalArgumentException("lock must be 15 to 60 seconds, was " + lock.toSeconds());
        }
        if (checkpointSteps < 0) {
            throw new IllegalArgumentException("checkpointSteps must be at least 0, was " + checkpointSteps);
        }
    }

    /** The default group and a lock of 30 seconds on this machine. */
    public static TrainerSettings of(
            String bootstrapServers,
            Map<String, String> clientProperties,
            List<String> devices,
            Path spoolDirectory,
            String coupletVersion,
            @Nullable String gitRevision) {
        String host = hostName();
        return new TrainerSettings(
                bootstrapServers,
                clientProperties,
                DEFAULT_GROUP,
                devices,
                spoolDirectory,
                null,
                Duration.ofSeconds(30),
                host,
                host + "-" + ProcessHandle.current().pid(),
                coupletVersion,
                gitRevision,
                null,
                0,
                EnumSet.allOf(Backbones.Size.class),
                null);
    }

    /** So many CPU slots. */
    public static List<String> cpuSlots(int slots) {
        if (slots < 1) {
            throw new IllegalArgumentException("slots must be at least 1, was " + slots);
        }
        return Collections.nCopies(slots, "cpu");
    }

    /** Every GPU that the engine can use, or so many CPU slots when there is none. Starts the engine. */
    public static List<String> gpusOrCpuSlots(int slots) {
        int gpus = Gpus.ofThisMachine().usable();
        return gpus == 0
                ? cpuSlots(slots)
                : IntStream.range(0, gpus).mapToObj(i -> "gpu:" + i).toList();
    }

    /** The same with bounds to the files that requests may name; null for none. */
    public TrainerSettings withDataRoot(@Nullable Path root) {
        return with(draft -> draft.dataRoot = root);
    }

    /**
     * The same for one study, with a share group of its own: what another study left in the queue waits for its own next run.
     *
     * @param runs all of the study's, at least one
     */
    public TrainerSettings withOnlyStudy(List<RunRequest> runs) {
        OnlyStudy study = OnlyStudy.of(runs);
        return with(draft -> {
            draft.group = DEFAULT_GROUP + "-" + study.studyId();
            draft.onlyStudy = study;
        });
    }

    /** The same with checkpoints in a directory, after each rung and so many steps; 0 for after rungs only. */
    public TrainerSettings withCheckpoints(Path directory, int everySteps) {
        return with(draft -> {
            draft.checkpoints = directory;
            draft.checkpointSteps = everySteps;
        });
    }

    /** The same with other sizes of backbones measured layer by layer. */
    public TrainerSettings withLayerStatistics(Set<Backbones.Size> sizes) {
        return with(draft -> draft.layerStatistics = sizes);
    }

    private TrainerSettings with(Consumer<Draft> change) {
        Draft draft = new Draft(this);
        change.accept(draft);
        return draft.settings(this);
    }

    /** What of the settings can be another, to be changed and made settings again. */
    private static final class Draft {
        private String group;
        private @Nullable Path dataRoot;
        private @Nullable Path checkpoints;
        private int checkpointSteps;
        private Set<Backbones.Size> layerStatistics;
        private @Nullable OnlyStudy onlyStudy;

        Draft(TrainerSettings settings) {
            group = settings.group;
            dataRoot = settings.dataRoot;
            checkpoints = settings.checkpoints;
            checkpointSteps = settings.checkpointSteps;
            layerStatistics = settings.layerStatistics;
            onlyStudy = settings.onlyStudy;
        }

        TrainerSettings settings(TrainerSettings from) {
            return new TrainerSettings(
                    from.bootstrapServers,
                    from.clientProperties,
                    group,
                    from.devices,
                    from.spoolDirectory,
                    dataRoot,
                    from.lock,
                    from.host,
                    from.trainerId,
                    from.coupletVersion,
                    from.gitRevision,
                    checkpoints,
                    checkpointSteps,
                    layerStatistics,
                    onlyStudy);
        }
    }

    private static String hostName() {
        try {
            return InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException e) {
            return "localhost";
        }
    }
}
