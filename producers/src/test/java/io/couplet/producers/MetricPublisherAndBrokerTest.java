package io.couplet.producers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.couplet.broker.EmbeddedBroker;
import io.couplet.schemas.TopicCreation;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MetricPublisherAndBrokerTest {

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final InstantSource CLOCK = InstantSource.system();

    @TempDir
    Path directory;

    private MetricPublisher publisher(String bootstrapServers) throws Exception {
        return MetricPublisher.open(
                PublisherSettings.of(bootstrapServers, Map.of(), directory.resolve("spool"))
                        .withPatience(Duration.ofMillis(500), Duration.ZERO),
                CLOCK);
    }

    private EmbeddedBroker broker(int port) throws Exception {
        EmbeddedBroker broker = EmbeddedBroker.start(directory.resolve("broker"), port);
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()))) {
            TopicCreation.createMissing(admin, 1);
        }
        return broker;
    }

    private static List<Integer> upTo(int last) {
        return IntStream.rangeClosed(1, last).boxed().toList();
    }

    @Test
    void allIsAcknowledgedInOrderAndABrokerAwayForAWhileChangesNothing() throws Exception {
        EmbeddedBroker broker = broker(0);
        String address = broker.bootstrapServers();
        try (MetricPublisher publisher = publisher(address)) {
            for (String run : List.of("a", "b", "c")) {
                Records.publish(publisher, run, 1, 1_000);
            }
            assertThat(publisher.flush(PATIENCE)).isTrue();
            assertThat(publisher.counts()).isEqualTo(new Counts(3_000, 3_000, 0, 0, 0));
            Records.publish(publisher, "a", 1_001, 1_100); // some of these may be with the broker when it goes
            broker.close();
            for (String run : List.of("b", "c")) {
                Records.publish(publisher, run, 1_001, 3_000);
            }
            Records.publish(publisher, "a", 1_101, 3_000);
            assertThat(publisher.flush(Duration.ofSeconds(1))).isFalse();
            Counts away = publisher.counts();
            assertThat(away.emitted()).isEqualTo(9_000).isEqualTo(away.acknowledged() + away.spooled());
            assertThat(away.spooled()).isGreaterThanOrEqualTo(5_900);

            broker = broker(broker.port());
            Records.publish(publisher, "a", 3_001, 3_100);
            assertThat(publisher.flush(PATIENCE)).isTrue();
            assertThat(publisher.counts("a")).isEqualTo(new Counts(3_100, 3_100, 0, 0, 0));
            assertThat(publisher.counts()).isEqualTo(new Counts(9_100, 9_100, 0, 0, 0));
            assertThat(Records.stepsIn(address))
                    .isEqualTo(Map.of("a", upTo(3_100), "b", upTo(3_000), "c", upTo(3_000)));
        } finally {
            broker.close();
        }
    }

    @Test
    void aBrokerThatComesAndGoesWhileSeveralRunsPublishLosesAndDoublesNothing() throws Exception {
        EmbeddedBroker broker = broker(0);
        String address = broker.bootstrapServers();
        AtomicBoolean ending = new AtomicBoolean();
        Map<String, Integer> published = new ConcurrentHashMap<>();
        try (MetricPublisher publisher = publisher(address)) {
            List<Thread> runs = Stream.of("a", "b", "c")
                    .map(run -> new Thread(() -> {
                        for (int step = 1; !ending.get(); step++) {
                            Records.publish(publisher, run, step, step);
                            published.put(run, step);
                            LockSupport.parkNanos(100_000);
                        }
                    }))
                    .toList();
            runs.forEach(Thread::start);
            for (int outage = 1; outage <= 3; outage++) {
                broker.close();
                await().atMost(PATIENCE).until(() -> publisher.counts().spooled() > 0);
                broker = broker(broker.port());
                long before = publisher.counts().acknowledged();
                await().atMost(PATIENCE).until(() -> publisher.counts().acknowledged() > before);
            }
            ending.set(true);
            for (Thread run : runs) {
                run.join();
            }
            assertThat(publisher.flush(PATIENCE)).isTrue();
            long total = published.values().stream().mapToInt(Integer::intValue).sum();
            assertThat(publisher.counts()).isEqualTo(new Counts(total, total, 0, 0, 0));
            Map<String, List<Integer>> expected = new HashMap<>();
            published.forEach((run, steps) -> expected.put(run, upTo(steps)));
            assertThat(Records.stepsIn(address)).isEqualTo(expected);
        } finally {
            ending.set(true);
            broker.close();
        }
    }

    @Test
    void whatWasPublishedToABrokerThatNeverWasThereIsSentByTheNextProcess() throws Exception {
        int port;
        try (EmbeddedBroker broker = broker(0)) {
            port = broker.port();
        }
        String address = "127.0.0.1:" + port;
        try (MetricPublisher publisher = publisher(address)) {
            Records.publish(publisher, "a", 1, 500);
            await().atMost(PATIENCE).until(() -> publisher.counts().spooled() == 500);
        }
        try (MetricPublisher publisher = publisher(address);
                EmbeddedBroker broker = broker(port)) {
            Records.publish(publisher, "a", 501, 600);
            assertThat(publisher.flush(PATIENCE)).isTrue();
            assertThat(publisher.inherited()).isEqualTo(new Counts(500, 500, 0, 0, 0));
            assertThat(Records.stepsIn(broker.bootstrapServers())).isEqualTo(Map.of("a", upTo(600)));
        }
    }

    @Test
    void aTopicThatIsMissingKeepsRecordsWaitingNotLost() throws Exception {
        try (EmbeddedBroker broker = EmbeddedBroker.start(directory.resolve("bare"), 0);
                MetricPublisher publisher = publisher(broker.bootstrapServers())) {
            Records.publish(publisher, "a", 1, 10);
            await().atMost(PATIENCE).until(() -> publisher.counts().spooled() == 10);
            try (Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()))) {
                TopicCreation.createMissing(admin, 1);
            }
            assertThat(publisher.flush(PATIENCE)).isTrue();
            assertThat(Records.stepsIn(broker.bootstrapServers())).isEqualTo(Map.of("a", upTo(10)));
        }
    }
}
