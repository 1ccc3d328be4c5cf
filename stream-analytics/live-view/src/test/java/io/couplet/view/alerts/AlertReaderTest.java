package io.couplet.view.alerts;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.couplet.schemas.SchemaRegistryException;
import io.couplet.schemas.Topics;
import io.couplet.schemas.avro.RunEvent;
import io.couplet.schemas.avro.RunEventKind;
import io.couplet.schemas.avro.RunRequest;
import io.couplet.view.AwayRegistry;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;

/** What becomes of a poll that cannot be read. */
final class AlertReaderTest {

    private static final TopicPartition EVENTS = new TopicPartition(Topics.RUN_EVENTS.name(), 0);

    private static final TopicPartition REQUESTS = new TopicPartition(Topics.RUN_REQUESTS.name(), 0);
    private static final TopicPartition STEPS = new TopicPartition(Topics.STEP_METRICS.name(), 0);
    private static final long DAY = Duration.ofDays(1).toMillis();

    private Map<TopicPartition, OffsetAndMetadata> toldBefore = Map.of();
    private final AtomicInteger commits = new AtomicInteger();
    private final MockConsumer<byte[], byte[]> consumer = new MockConsumer<>("earliest") {
        @Override
        public synchronized void commitSync(Map<TopicPartition, OffsetAndMetadata> offsets) {
            commits.incrementAndGet();
            super.commitSync(offsets);
        }

        @Override
        public synchronized Map<TopicPartition, OffsetAndMetadata> committed(Set<TopicPartition> partitions) {
            return toldBefore;
        }
    };
    private final AwayRegistry registry = new AwayRegistry();
    private final AlertReader reader = new AlertReader(consumer, registry);
    private final AlertRules rules = new AlertRules();

    @Test
    void aPollThatTheRegistryCutsShortIsReadAgainWholeAndLosesNoAlert() {
        begin();
        assertThat(poll().following()).isTrue();

        addEvents();
        registry.failAfter(1, 1);
        assertThatThrownBy(this::poll).isInstanceOf(SchemaRegistryException.class);

        assertThat(consumer.position(EVENTS)).isZero();
        assertThat(reader.positions()).isEmpty();
        addEvents();
        assertThat(poll().alerts())
                .extracting(Alert::id)
                .containsExactly(Told.FIRST + ".a1.diverged", Told.SECOND + ".a1.failed");
        assertThat(reader.positions()).containsEntry(EVENTS.topic() + "/0", 2L);
    }

    @Test
    void aStudyIsJudgedOnlyWhenAllThatIsThereAtTheStartHasBeenRead() {
        topics();
        toldBefore = Map.of(EVENTS, new OffsetAndMetadata(0, "500"));
        consumer.updateEndOffsets(Map.of(EVENTS, 2L, REQUESTS, 2L));
        start();
        consumer.addRecord(record(0, Told.event(Told.FIRST, 1, RunEventKind.DIVERGED, 41, 2_000)));
        consumer.addRecord(record(1, Told.event(Told.SECOND, 1, RunEventKind.FAILED, 3, 3_000)));
        consumer.addRecord(request(0, Told.request(Told.FIRST)));

        AlertReader.Turn early = poll();
        assertThat(early.alerts()).as("another request may follow").isEmpty();
        assertThat(early.following()).isFalse();

        consumer.addRecord(request(
                1,
                RunRequest.newBuilder(Told.request(Told.SECOND))
                        .setSubmittedMillis(4_000)
                        .build()));
        AlertReader.Turn all = poll();
        assertThat(all.following()).isTrue();
        assertThat(all.alerts())
                .as("the failed run is asked for anew")
                .extracting(Alert::id)
                .containsExactly(Told.FIRST + ".a1.diverged", Told.SECOND + ".a1.failed");
    }

    @Test
    void aTopicThatWasCreatedAnewIsReadFromItsBeginningAndTold() {
        topics();
        toldBefore = Map.of(EVENTS, new OffsetAndMetadata(7, "500"));
        start();
        assertThat(poll().following()).isTrue();
        addEvents();
        assertThat(poll().alerts()).hasSize(2);
    }

    @Test
    void whatWasToldIsWrittenAgainOnceADayLestKafkaForgetIt() {
        begin();
        int before = commits.get();
        reader.commit(Map.of(), 1_000, 2_000);
        assertThat(commits).hasValue(before);
        reader.commit(Map.of(), 1_000, 1_000 + DAY);
        reader.commit(Map.of(), 1_000, 2_000 + DAY);
        assertThat(commits).hasValue(before + 1);
    }

    @Test
    void theEndsAreThoseOfTheMomentAndCountTheSteps() {
        begin();
        addEvents();
        consumer.updateEndOffsets(Map.of(STEPS, 12L));
        AlertReader.Ends ends = reader.ends();
        assertThat(ends.steps()).isEqualTo(12);
        assertThat(reader.hasPassed(ends)).isFalse();
        poll();
        assertThat(reader.hasPassed(ends)).isTrue();
        consumer.updateEndOffsets(Map.of(EVENTS, 3L));
        assertThat(reader.hasPassed(ends)).as("whatever has come since").isTrue();
    }

    private AlertReader.Turn poll() {
        return reader.poll(rules, Duration.ZERO);
    }

    /** The topics are there and empty. */
    private void begin() {
        topics();
        start();
    }

    private void topics() {
        for (String topic : List.of(
                Topics.RUN_REQUESTS.name(),
                Topics.RUN_EVENTS.name(),
                Topics.EVALUATIONS.name(),
                Topics.CONVERGENCE_SCORES.name(),
                Topics.STEP_METRICS.name(),
                Topics.RUN_COMMANDS.name())) {
            consumer.updatePartitions(
                    topic, List.of(new PartitionInfo(topic, 0, Node.noNode(), new Node[0], new Node[0])));
            consumer.updateBeginningOffsets(Map.of(new TopicPartition(topic, 0), 0L));
            consumer.updateEndOffsets(Map.of(new TopicPartition(topic, 0), 0L));
        }
    }

    private void start() {
        reader.begin(
                AlertSettings.of("nowhere:1", Map.of(), URI.create("http://127.0.0.1:1/"), Duration.ofMinutes(1)),
                1_000);
    }

    private void addEvents() {
        consumer.updateEndOffsets(Map.of(EVENTS, 2L));
        consumer.addRecord(record(0, Told.event(Told.FIRST, 1, RunEventKind.DIVERGED, 41, 2_000)));
        consumer.addRecord(record(1, Told.event(Told.SECOND, 1, RunEventKind.FAILED, 3, 3_000)));
    }

    private static ConsumerRecord<byte[], byte[]> request(long offset, RunRequest request) {
        return new ConsumerRecord<>(
                REQUESTS.topic(),
                0,
                offset,
                new byte[0],
                Topics.RUN_REQUESTS.wire().encode(request));
    }

    private static ConsumerRecord<byte[], byte[]> record(long offset, RunEvent event) {
        return new ConsumerRecord<>(
                EVENTS.topic(), 0, offset, new byte[0], Topics.RUN_EVENTS.wire().encode(event));
    }
}
