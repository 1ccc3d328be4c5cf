package io.couplet.producers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.couplet.schemas.Topics;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A spool on a file system of 256 KiB that really is full: one of its own, which only root can mount, and only on Linux. */
class FullDiskTest {

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final int STEPS = 20_000;

    @TempDir
    Path directory;

    private boolean mounted;

    @BeforeEach
    void mount() throws Exception {
        mounted = ended("mount", "-t", "tmpfs", "-o", "size=256k", "couplet-test", directory.toString()) == 0;
        assumeTrue(mounted, "only root on Linux can mount a file system to fill");
    }

    @AfterEach
    void unmount() throws Exception {
        if (mounted) {
            assertThat(ended("umount", "-l", directory.toString())).isZero();
        }
    }

    private static int ended(String... command) throws InterruptedException {
        try {
            return new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start()
                    .waitFor();
        } catch (IOException e) { // there is no such command
            return -1;
        }
    }

    @Test
    void whatWasWrittenBeforeTheDiskWasFullIsSentAndTheRestIsCountedAsLost() throws Exception {
        MockProducer<String, byte[]> producer =
                new MockProducer<>(false, null, new StringSerializer(), new ByteArraySerializer());
        PublisherSettings settings = PublisherSettings.of("nowhere:1", Map.of(), directory.resolve("spool"))
                .withPatience(Duration.ofMillis(100), Duration.ZERO)
                .withMemory(20_000, 20_000);
        try (MetricPublisher publisher = MetricPublisher.open(settings, InstantSource.system(), () -> producer)) {
            Records.publish(publisher, "a", 1, STEPS);
            assertThat(publisher.flush(Duration.ZERO)).isFalse();
            Counts full = publisher.counts();
            assertThat(full.emitted()).isEqualTo(STEPS);
            assertThat(full.lost()).isPositive();
            assertThat(full.spooled()).isGreaterThan(500);
            assertThat(directory.toFile().getUsableSpace()).isLessThan(64 * 1024);

            await().atMost(PATIENCE).pollInterval(Duration.ofMillis(1)).until(() -> {
                while (producer.completeNext()) {
                    // until nothing is waited for
                }
                return publisher.counts().acknowledged() + publisher.counts().lost() == STEPS;
            });
            List<Integer> sent = producer.history().stream()
                    .map(record ->
                            Topics.STEP_METRICS.wire().decode(record.value()).getStep())
                    .toList();
            assertThat(sent)
                    .doesNotHaveDuplicates()
                    .isSorted()
                    .hasSize(Math.toIntExact(publisher.counts().acknowledged()));
            long lost = publisher.counts().lost();
            Records.publish(publisher, "a", STEPS + 1, STEPS + 10);
            await().atMost(PATIENCE).pollInterval(Duration.ofMillis(1)).until(() -> {
                producer.completeNext();
                return publisher.counts().acknowledged() == STEPS + 10 - lost;
            });
        }
        try (Stream<Path> files = Files.list(directory.resolve("spool"))) {
            assertThat(files.map(file -> file.getFileName().toString())).containsExactly("spool.lock");
        }
    }
}
