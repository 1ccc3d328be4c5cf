package io.couplet.producers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.couplet.broker.EmbeddedBroker;
import io.couplet.schemas.TopicCreation;
import io.couplet.schemas.Topics;
import io.couplet.schemas.WireFormat;
import io.couplet.schemas.avro.ArmedRule;
import io.couplet.schemas.avro.RunCommand;
import io.couplet.schemas.avro.RunCommandKind;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;

class RunOrdersTest {

    private static final String RUN = "s-0a1b2c.vgg.sgd.s0.abcdef";
    private static final Clock CLOCK = Clock.fixed(Instant.ofEpochMilli(1_700_000_000_000L), ZoneOffset.UTC);

    @Test
    void aPasswordThatBreaksTheJaasSettingIsNotRepeated() {
        Map<String, Object> properties = Map.of(
                "bootstrap.servers",
                "127.0.0.1:1",
                "security.protocol",
                "SASL_PLAINTEXT",
                "sasl.mechanism",
                "PLAIN",
                "sasl.jaas.config",
                "org.apache.kafka.common.security.plain.PlainLoginModule required username=\"u\" password=\"hun\"ter2\";");
        assertThatThrownBy(() -> new RunOrders(properties, CLOCK))
                .isInstanceOf(RunOrderException.class)
                .hasMessageStartingWith("Kafka's client cannot use sasl.jaas.config in the file of --kafka-config: ")
                .message()
                .doesNotContain("ter2");
    }

    @Test
    void ordersStandInTheTopicUnderTheirIdsAndInTheNameOfWhoAsked() throws Exception {
        try (EmbeddedBroker broker = EmbeddedBroker.startInTemporaryDirectory()) {
            Map<String, Object> properties = Map.of("bootstrap.servers", broker.bootstrapServers());
            try (Admin admin = Admin.create(properties)) {
                TopicCreation.createMissing(admin, 1);
            }
            List<String> ids = new ArrayList<>();
            try (RunOrders orders = new RunOrders(properties, CLOCK)) {
                ids.add(orders.stop(RUN, "ada", "enough", true));
                ids.add(orders.resume(RUN, "bob", "not enough"));
                ids.add(orders.rules("s-0a1b2c", List.of(new ArmedRule("median", Map.of("grace", 0.2))), "ada", "try"));
            }

            List<ConsumerRecord<String, RunCommand>> found = read(properties, 3);

            assertThat(found).extracting(ConsumerRecord::key).containsOnly(RUN, "s-0a1b2c");
            List<RunCommand> commands = ids.stream()
                    .map(id -> found.stream()
                            .map(ConsumerRecord::value)
                            .filter(command -> command.getCommandId().equals(id))
                            .findAny()
                            .orElseThrow())
                    .toList();
            assertThat(commands)
                    .extracting(RunCommand::getKind)
                    .containsExactly(RunCommandKind.STOP, RunCommandKind.RESUME, RunCommandKind.RULES);
            assertThat(commands).extracting(RunCommand::getPause).containsExactly(true, false, false);
            assertThat(commands).extracting(RunCommand::getRequestedBy).containsExactly("ada", "bob", "ada");
            assertThat(commands).extracting(RunCommand::getRule).containsOnly("person");
            assertThat(commands).extracting(RunCommand::getStudyId).containsOnly("s-0a1b2c");
            assertThat(commands).extracting(RunCommand::getTimeMillis).containsOnly(CLOCK.millis());
            assertThat(commands.get(2).getRules().get(0).getOptions()).containsEntry("grace", 0.2);
            assertThat(ids).doesNotHaveDuplicates();
        }
    }

    @Test
    void whatIsNoRunOrStudyIsRefusedBeforeAnythingIsSent() {
        try (RunOrders orders = new RunOrders(Map.of("bootstrap.servers", "127.0.0.1:1"), CLOCK)) {
            assertThatThrownBy(() -> orders.stop("nonsense", "ada", "", false))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("<study>.<backbone>.<optimizer>.s<seed>.<6 hex digits>");
            assertThatThrownBy(() -> orders.rules("a study", List.of(), "ada", ""))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("A study's id reads <name>-<6 hex digits>, this one reads a study");
            assertThatThrownBy(() -> orders.rules("birds", List.of(), "ada", ""))
                    .hasMessage("A study's id reads <name>-<6 hex digits>, this one reads birds");
        }
    }

    @Test
    void aKafkaThatCannotBeReachedIsNamed() {
        Map<String, Object> properties = Map.of(
                "bootstrap.servers",
                "127.0.0.1:1",
                "max.block.ms",
                300,
                "delivery.timeout.ms",
                300,
                "request.timeout.ms",
                200);
        try (RunOrders orders = new RunOrders(properties, CLOCK)) {
            assertThatThrownBy(() -> orders.stop(RUN, "ada", "", false))
                    .isInstanceOf(RunOrderException.class)
                    .hasMessageStartingWith("Kafka did not take the order");
        }
        assertThatThrownBy(() -> new RunOrders(Map.of("bootstrap.servers", "nowhere"), CLOCK))
                .isInstanceOf(RunOrderException.class)
                .hasMessageStartingWith("Kafka's client refuses its settings");
    }

    private static List<ConsumerRecord<String, RunCommand>> read(Map<String, Object> properties, int count) {
        List<ConsumerRecord<String, RunCommand>> found = new ArrayList<>();
        try (KafkaConsumer<String, RunCommand> consumer = new KafkaConsumer<>(
                properties,
                Topics.RUN_COMMANDS.keySerde().deserializer(),
                Topics.RUN_COMMANDS.valueSerde(WireFormat.SINGLE_OBJECT).deserializer())) {
            List<TopicPartition> partitions = IntStream.range(0, Topics.RUN_COMMANDS.partitions())
                    .mapToObj(partition -> new TopicPartition(Topics.RUN_COMMANDS.name(), partition))
                    .toList();
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            long deadline = System.nanoTime() + Duration.ofSeconds(30).toNanos();
            while (found.size() < count && System.nanoTime() < deadline) {
                consumer.poll(Duration.ofMillis(200)).forEach(found::add);
            }
        }
        return found;
    }
}
