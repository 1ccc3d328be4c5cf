package io.couplet.producers;

import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Map;
import org.awaitility.Awaitility;

/** A process of its own that publishes where no Kafka is, and dies as if killed once the disk has it all. */
final class KilledProcess {

    private KilledProcess() {}

    /** Arguments: the spool directory, the number of steps. */
    public static void main(String[] arguments) throws Exception {
        int steps = Integer.parseInt(arguments[1]);
        PublisherSettings settings = PublisherSettings.of("127.0.0.1:1", Map.of(), Path.of(arguments[0]))
                .withPatience(Duration.ofMillis(100), Duration.ofSeconds(60));
        MetricPublisher publisher = MetricPublisher.open(settings, InstantSource.system());
        Records.publish(publisher, "a", 1, steps);
        Awaitility.await().until(() -> publisher.counts().spooled() == steps);
        Runtime.getRuntime().halt(137);
    }
}
