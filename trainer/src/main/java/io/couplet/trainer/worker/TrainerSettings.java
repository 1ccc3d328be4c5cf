package io.couplet.trainer.worker;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Settings of a {@link TrainerService}.
 *
 * @param bootstrapServers where Kafka is
 * @param clientProperties further properties of all Kafka clients, e.g. TLS and SASL
 * @param spoolDirectory where records wait while Kafka is away
 * @param devices one worker each: {@code cpu} or {@code gpu:N}; the same device may be named several times
 * @param shareGroup trainers of one group share the queue
 * @param onlyStudy requests of other studies are passed over; null takes all. A group with it must be the study's own.
 * @param trainerId names this process in provenance
 * @param coupletVersion version of Couplet, for provenance
 * @param gitRevision revision Couplet was built from, for provenance; null when unknown
 */
public record TrainerSettings(
        String bootstrapServers,
        Map<String, String> clientProperties,
        Path spoolDirectory,
        List<String> devices,
        String shareGroup,
        @Nullable String onlyStudy,
        String trainerId,
        String coupletVersion,
        @Nullable String gitRevision) {

    /** The group of the trainers of a cluster. */
    public static final String SHARE_GROUP = "couplet-trainer";

    public TrainerSettings {
        clientProperties = Map.copyOf(clientProperties);
        devices = List.copyOf(devices);
        if (devices.isEmpty()) {
            throw new IllegalArgumentException("devices must name one at least");
        }
        for (String device : devices) {
            if (!device.matches("cpu|gpu:\\d+")) {
                throw new IllegalArgumentException("devices must be cpu or gpu:N, was " + device);
            }
        }
    }
}
