package io.couplet.flink;

import io.couplet.schemas.WireFormat;
import java.io.Serializable;
import java.util.Map;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.metrics.Counter;
import org.apache.flink.streaming.api.functions.ProcessFunction;
import org.apache.flink.util.Collector;
import org.apache.flink.util.OutputTag;
import org.apache.kafka.common.errors.SerializationException;

/**
 * Reads records, in the source's own task; what cannot be read goes to {@link #UNREADABLE} with its cause.
 *
 * @param <T> what is read
 */
final class Read<T> extends ProcessFunction<Received, T> {

    static final OutputTag<Unreadable> UNREADABLE = new OutputTag<>("unreadable", TypeInformation.of(Unreadable.class));

    /** Reads one value of a topic; throws {@link SerializationException} or {@link IllegalArgumentException} with one sentence. */
    @FunctionalInterface
    interface Reader<T> extends Serializable {
        T read(String topic, byte[] value);
    }

    private final String service;
    private final Map<String, String> clientProperties;
    private final Reader<T> reader;

    private transient WireFormat format = WireFormat.SINGLE_OBJECT;

    @SuppressWarnings("NullAway.Init") // Flink calls open() before the first record.
    private transient Counter read;

    @SuppressWarnings("NullAway.Init") // Flink calls open() before the first record.
    private transient Counter deadLetters;

    Read(String service, Map<String, String> clientProperties, Reader<T> reader) {
        this.service = service;
        this.clientProperties = Map.copyOf(clientProperties);
        this.reader = reader;
    }

    @Override
    public void open(OpenContext context) {
        format = WireFormat.of(clientProperties);
        read = getRuntimeContext().getMetricGroup().counter("recordsRead");
        deadLetters = getRuntimeContext().getMetricGroup().counter("deadLetters");
    }

    @Override
    public void processElement(Received received, Context context, Collector<T> out) {
        byte[] value = received.value();
        T result;
        try {
            if (value == null) {
                throw new SerializationException("the record has no value");
            }
            result = reader.read(received.topic(), format.fromKafka(received.topic(), value));
        } catch (SerializationException | IllegalArgumentException e) {
            deadLetters.inc();
            context.output(UNREADABLE, new Unreadable(received, service, String.valueOf(e.getMessage())));
            return;
        }
        read.inc();
        out.collect(result);
    }
}
