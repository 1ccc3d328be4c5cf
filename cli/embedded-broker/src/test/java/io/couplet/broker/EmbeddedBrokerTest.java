package io.couplet.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.KafkaShareConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EmbeddedBrokerTest {

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    @Test
    void whatIsProducedIsConsumedAlsoByABrokerStartedLaterInTheSameDirectory(@TempDir Path directory) throws Exception {
        String clusterId;
        try (EmbeddedBroker broker = EmbeddedBroker.start(directory, 0)) {
            clusterId = broker.clusterId();
            createTopic(broker, "lines");
            produce(broker, "lines", "one", "two");
            assertThat(consume(broker, "lines", 2)).containsExactly("one", "two");
        }
        try (EmbeddedBroker broker = EmbeddedBroker.start(directory, 0)) {
            assertThat(broker.clusterId()).isEqualTo(clusterId);
            produce(broker, "lines", "three");
            assertThat(consume(broker, "lines", 3)).containsExactly("one", "two", "three");
        }
    }

    @Test
    void aShareGroupThatStartsAtTheEarliestRecordGetsWhatWasThereBeforeIt() throws Exception {
        try (EmbeddedBroker broker = EmbeddedBroker.startInTemporaryDirectory()) {
            createTopic(broker, "queue");
            produce(broker, "queue", "job");
            startAtEarliest(broker, "workers");
            try (KafkaShareConsumer<String, String> worker = new KafkaShareConsumer<>(Map.of(
                    "bootstrap.servers",
                    broker.bootstrapServers(),
                    "group.id",
                    "workers",
                    "key.deserializer",
                    StringDeserializer.class,
                    "value.deserializer",
                    StringDeserializer.class))) {
                worker.subscribe(List.of("queue"));
                List<String> got = new ArrayList<>();
                await().atMost(PATIENCE).until(() -> {
                    worker.poll(Duration.ofMillis(200)).forEach(record -> got.add(record.value()));
                    return !got.isEmpty();
                });
                assertThat(got).containsExactly("job");
            }
        }
    }

    @Test
    void aTopicThatNobodyCreatedIsAnError() {
        try (EmbeddedBroker broker = EmbeddedBroker.startInTemporaryDirectory();
                Admin admin = admin(broker)) {
            assertThatThrownBy(() -> admin.describeTopics(List.of("mistyped"))
                            .allTopicNames()
                            .get())
                    .isInstanceOf(ExecutionException.class)
                    .hasCauseInstanceOf(UnknownTopicOrPartitionException.class);
        }
    }

    @Test
    void aTakenPortIsOneSentence(@TempDir Path directory) throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
            assertThatThrownBy(() -> EmbeddedBroker.start(directory, taken.getLocalPort()))
                    .isInstanceOf(BrokerStartException.class)
                    .hasMessageContaining("Port " + taken.getLocalPort() + " of 127.0.0.1 is taken");
        }
    }

    @Test
    void aDirectoryThatIsAFileIsOneSentence(@TempDir Path directory) throws Exception {
        Path file = Files.writeString(directory.resolve("file"), "");
        assertThatThrownBy(() -> EmbeddedBroker.start(file, 0))
                .isInstanceOf(BrokerStartException.class)
                .hasMessageStartingWith("The broker cannot write into " + file);
    }

    @Test
    void aDirectoryInUseIsOneSentenceAndItsBrokerGoesOn(@TempDir Path directory) throws Exception {
        try (EmbeddedBroker broker = EmbeddedBroker.start(directory, 0)) {
            assertThatThrownBy(() -> EmbeddedBroker.start(directory, 0))
                    .isInstanceOf(BrokerStartException.class)
                    .hasMessageStartingWith("Another broker is using " + directory);
            createTopic(broker, "lines");
            produce(broker, "lines", "still here");
            assertThat(consume(broker, "lines", 1)).containsExactly("still here");
        }
    }

    @Test
    void closingATemporaryBrokerTwiceLeavesNothingBehind() {
        EmbeddedBroker broker = EmbeddedBroker.startInTemporaryDirectory();
        Path directory = broker.directory();
        assertThat(directory).isDirectory();
        broker.close();
        broker.close();
        assertThat(directory).doesNotExist();
    }

    private static void createTopic(EmbeddedBroker broker, String topic) throws Exception {
        try (Admin admin = admin(broker)) {
            admin.createTopics(List.of(new NewTopic(topic, 1, (short) 1))).all().get();
        }
    }

    private static void startAtEarliest(EmbeddedBroker broker, String group) throws Exception {
        try (Admin admin = admin(broker)) {
            admin.incrementalAlterConfigs(Map.of(
                            new ConfigResource(ConfigResource.Type.GROUP, group),
                            List.of(new AlterConfigOp(
                                    new ConfigEntry("share.auto.offset.reset", "earliest"), AlterConfigOp.OpType.SET))))
                    .all()
                    .get();
        }
    }

    private static Admin admin(EmbeddedBroker broker) {
        return Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()));
    }

    private static void produce(EmbeddedBroker broker, String topic, String... values) throws Exception {
        try (KafkaProducer<String, String> producer = new KafkaProducer<>(Map.of(
                "bootstrap.servers", broker.bootstrapServers(),
                "key.serializer", StringSerializer.class,
                "value.serializer", StringSerializer.class))) {
            for (String value : values) {
                producer.send(new ProducerRecord<>(topic, value)).get();
            }
        }
    }

    private static List<String> consume(EmbeddedBroker broker, String topic, int count) {
        try (KafkaConsumer<String, String> consumer = new KafkaConsumer<>(Map.of(
                "bootstrap.servers",
                broker.bootstrapServers(),
                "group.id",
                "reader-of-" + count,
                "auto.offset.reset",
                "earliest",
                "key.deserializer",
                StringDeserializer.class,
                "value.deserializer",
                StringDeserializer.class))) {
            consumer.subscribe(List.of(topic));
            List<String> values = new ArrayList<>();
            await().atMost(PATIENCE).until(() -> {
                consumer.poll(Duration.ofMillis(200)).forEach(record -> values.add(record.value()));
                return values.size() >= count;
            });
            return values;
        }
    }
}
