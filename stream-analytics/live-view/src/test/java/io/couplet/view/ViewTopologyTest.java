package io.couplet.view;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.couplet.schemas.RegistryPatience;
import io.couplet.schemas.SchemaRegistryException;
import io.couplet.schemas.Topics;
import io.couplet.view.model.ViewModel;
import java.time.Duration;
import java.util.Properties;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.TopologyTestDriver;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
final class ViewTopologyTest {

    private final ViewModel model = new ViewModel();
    private final AwayRegistry registry = new AwayRegistry();

    @Test
    void aRecordWaitsForARegistryThatIsAwayForAMoment() {
        registry.fail(5);

        pipeFirstRequest(new RegistryPatience(Duration.ofMillis(1), Duration.ofSeconds(30)));

        assertThat(model.studies()).hasSize(1);
        assertThat(model.intake().unreadable()).isEmpty();
        assertThat(model.intake().records()).containsEntry(Topics.RUN_REQUESTS.name(), 1L);
    }

    @Test
    void aRegistryThatStaysAwayIsAFailure() {
        registry.fail(Integer.MAX_VALUE);

        assertThatThrownBy(() -> pipeFirstRequest(new RegistryPatience(Duration.ofMillis(1), Duration.ofMillis(20))))
                .hasRootCauseInstanceOf(SchemaRegistryException.class);
        assertThat(model.studies()).isEmpty();
    }

    private void pipeFirstRequest(RegistryPatience patience) {
        Properties properties = new Properties();
        properties.put(StreamsConfig.APPLICATION_ID_CONFIG, "view");
        properties.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, "nowhere:1");
        properties.put("processing.exception.handler.global.enabled", true);
        try (TopologyTestDriver driver =
                new TopologyTestDriver(ViewTopology.of(model, registry, RecordIntake.topics(), patience), properties)) {
            ProducerRecord<byte[], byte[]> request = DemoTopics.bytes(
                    Topics.RUN_REQUESTS.name(),
                    DemoLog.of(DemoRecords.small()).entries().get(0).record());
            driver.createInputTopic(request.topic(), new ByteArraySerializer(), new ByteArraySerializer())
                    .pipeInput(request.key(), request.value());
        }
    }
}
