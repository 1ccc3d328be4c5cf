package io.couplet.view;

import io.couplet.schemas.RegistryPatience;
import io.couplet.schemas.WireFormat;
import io.couplet.view.model.ViewModel;
import java.util.Collection;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.processor.api.ContextualProcessor;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;

/** The read model's topology: every topic, from its beginning, into the model. It has no store and writes nothing. */
final class ViewTopology {

    private ViewTopology() {}

    /** @param patience how a record waits for a schema registry that is away */
    static Topology of(ViewModel model, WireFormat format, Collection<String> topics, RegistryPatience patience) {
        RecordIntake intake = new RecordIntake(model, patience.over(format));
        String[] sources = topics.toArray(new String[0]);
        Topology topology = new Topology();
        for (String topic : sources) {
            topology.addSource(topic, new ByteArrayDeserializer(), new ByteArrayDeserializer(), topic);
        }
        return topology.addProcessor("model", () -> new IntoModel(intake), sources);
    }

    private static final class IntoModel extends ContextualProcessor<byte[], byte[], Void, Void> {

        private final RecordIntake intake;

        IntoModel(RecordIntake intake) {
            this.intake = intake;
        }

        @Override
        public void process(Record<byte[], byte[]> record) {
            RecordMetadata origin = context().recordMetadata().orElseThrow();
            intake.accept(origin.topic(), origin.partition(), origin.offset(), record.key(), record.value());
        }
    }
}
