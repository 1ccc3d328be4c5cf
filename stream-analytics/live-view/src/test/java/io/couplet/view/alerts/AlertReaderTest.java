package io.couplet.view.alerts;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.couplet.schemas.SchemaRegistryException;
import io.couplet.schemas.Topics;
import io.couplet.schemas.avro.RunEvent;
import io.couplet.schemas.avro.RunEventKind;
import io.couplet.view.AwayRegistry;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;

/** What becomes of a poll that cannot be read. */
final class AlertReaderTest {

    private static final TopicPartition EVENTS = new TopicPartition(Topics.RUN_EVENTS.name(), 0);

    private final MockConsumer<byte[], byte[]> consumer = new MockConsumer<>("earliest");
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

    private AlertReader.Turn poll() {
        return reader.poll(rules, Duration.ZERO);
    }

    /** The topics are there and empty. */
    private void begin() {
        for (String topic : List.of(
                Topics.RUN_REQUESTS.name(),
                Topics.RUN_EVENTS.name(),
                Topics.EVALUATIONS.name(),
                Topics.CONVERGENCE_SCORES.name(),
                Topics.RUN_COMMANDS.name())) {
            consumer.updatePartitions(
                    topic, List.of(new PartitionInfo(topic, 0, Node.noNode(), new Node[0], new Node[0])));
            consumer.updateBeginningOffsets(Map.of(new TopicPartition(topic, 0), 0L));
            consumer.updateEndOffsets(Map.of(new TopicPartition(topic, 0), 0L));
        }
        reader.begin(
                AlertSettings.of("nowhere:1", Map.of(), URI.create("http://127.0.0.1:1/"), Duration.ofMinutes(1)),
                1_000);
    }

    private void addEvents() {
        consumer.updateEndOffsets(Map.of(EVENTS, 2L));
        consumer.addRecord(record(0, Told.event(Told.FIRST, 1, RunEventKind.DIVERGED, 41, 2_000)));
        consumer.addRecord(record(1, Told.event(Told.SECOND, 1, RunEventKind.FAILED, 3, 3_000)));
    }

    private static ConsumerRecord<byte[], byte[]> record(long offset, RunEvent event) {
        return new ConsumerRecord<>(
                EVENTS.topic(), 0, offset, new byte[0], Topics.RUN_EVENTS.wire().encode(event));
    }
}
