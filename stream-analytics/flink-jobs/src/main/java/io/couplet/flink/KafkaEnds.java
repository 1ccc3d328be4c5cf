package io.couplet.flink;

import io.couplet.schemas.DeadLetter;
import io.couplet.schemas.WireFormat;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.serialization.SerializationSchema;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.connector.base.DeliveryGuarantee;
import org.apache.flink.connector.kafka.sink.KafkaRecordSerializationSchema;
import org.apache.flink.connector.kafka.sink.KafkaSink;
import org.apache.flink.connector.kafka.source.KafkaSource;
import org.apache.flink.connector.kafka.source.enumerator.initializer.OffsetsInitializer;
import org.apache.flink.connector.kafka.source.reader.deserializer.KafkaRecordDeserializationSchema;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.util.Collector;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;

/**
 * Sources and sinks of the jobs.
 *
 * <p>Sinks are at least once and never exactly once: scores are upserts, and Flink's transactional sink breaks with newer Kafka clients.
 *
 * @param bootstrapServers where the brokers are
 * @param clientProperties further client properties, handed to every client as they are
 */
record KafkaEnds(String bootstrapServers, Map<String, String> clientProperties) {

    /** The fetching thread hands records over to the reading one by the poll; each time costs two wake-ups. */
    private static final String RECORDS_A_POLL = "5000";

    KafkaEnds {
        clientProperties = Map.copyOf(clientProperties);
    }

    /**
     * A topic from its first record, or from where the job's state was taken, and others with it: in one source, so that what reads the records can be chained to
     * it, and no record crosses a thread as it is.
     */
    DataStream<Received> source(
            StreamExecutionEnvironment environment, String job, String topic, String... withTopics) {
        List<String> topics = new ArrayList<>(List.of(withTopics));
        topics.add(0, topic);
        Properties properties = properties();
        properties.putIfAbsent(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, RECORDS_A_POLL);
        KafkaSource<Received> source = KafkaSource.<Received>builder()
                .setBootstrapServers(bootstrapServers)
                .setProperties(properties)
                .setTopics(topics)
                .setGroupId(job)
                .setClientIdPrefix(job + '-' + topic)
                .setStartingOffsets(OffsetsInitializer.earliest())
                .setDeserializer(new AsReceived())
                .build();
        return environment
                .fromSource(source, WatermarkStrategy.noWatermarks(), topic)
                .uid(topic);
    }

    Sink<Upsert> upserts() {
        return sink(new Upserts(clientProperties));
    }

    Sink<Unreadable> deadLetters() {
        return sink((unreadable, context, timestamp) -> {
            Received received = unreadable.received();
            return DeadLetter.of(
                    received.key(),
                    received.value(),
                    received.topic(),
                    received.partition(),
                    received.offset(),
                    unreadable.service(),
                    unreadable.cause());
        });
    }

    private <T> Sink<T> sink(Serialized<T> serialized) {
        Properties properties = properties();
        properties.setProperty(ProducerConfig.LINGER_MS_CONFIG, "0");
        return KafkaSink.<T>builder()
                .setBootstrapServers(bootstrapServers)
                .setKafkaProducerConfig(properties)
                .setDeliveryGuarantee(DeliveryGuarantee.AT_LEAST_ONCE)
                .setRecordSerializer(serialized)
                .build();
    }

    private Properties properties() {
        Properties properties = new Properties();
        properties.putAll(clientProperties);
        return properties;
    }

    /** Gives {@link KafkaRecordSerializationSchema} one method, so that it can be a lambda. */
    private interface Serialized<T> extends KafkaRecordSerializationSchema<T>, Serializable {}

    /** Scores in the format that the client properties ask for. */
    private static final class Upserts implements Serialized<Upsert> {

        private static final long serialVersionUID = 1;

        private final Map<String, String> clientProperties;
        private transient WireFormat format = WireFormat.SINGLE_OBJECT;

        Upserts(Map<String, String> clientProperties) {
            this.clientProperties = clientProperties;
        }

        @Override
        public void open(SerializationSchema.InitializationContext context, KafkaSinkContext sinkContext) {
            format = WireFormat.of(clientProperties);
        }

        @Override
        public ProducerRecord<byte[], byte[]> serialize(Upsert upsert, KafkaSinkContext context, Long timestamp) {
            return new ProducerRecord<>(upsert.topic(), upsert.key(), format.toKafka(upsert.topic(), upsert.value()));
        }
    }

    private static final class AsReceived implements KafkaRecordDeserializationSchema<Received> {

        private static final long serialVersionUID = 1;

        @Override
        public void deserialize(ConsumerRecord<byte[], byte[]> record, Collector<Received> out) {
            out.collect(
                    new Received(record.topic(), record.partition(), record.offset(), record.key(), record.value()));
        }

        @Override
        public TypeInformation<Received> getProducedType() {
            return TypeInformation.of(Received.class);
        }
    }
}
