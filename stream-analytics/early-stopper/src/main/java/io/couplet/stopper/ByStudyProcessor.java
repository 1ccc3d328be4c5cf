package io.couplet.stopper;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.couplet.schemas.WireFormat;
import io.couplet.schemas.avro.RunEventKind;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.streams.processor.api.ContextualProcessor;
import org.apache.kafka.streams.processor.api.Record;

/**
 * Keys what tells of a study by the study and writes down where it was read. What nobody can read is left to the watch, which reads it too and sends it to the
 * dead letters.
 */
final class ByStudyProcessor extends ContextualProcessor<byte[], byte[], byte[], byte[]> {

    private final WireFormat format;

    ByStudyProcessor(WireFormat format) {
        this.format = format;
    }

    @Override
    public void process(Record<byte[], byte[]> record) {
        Origin origin = Origin.of(context().recordMetadata().orElseThrow());
        byte[] value = record.value();
        if (value == null) {
            return;
        }
        byte[] singleObject;
        StudyInput input;
        try {
            singleObject = format.fromKafka(origin.topic(), value);
            input = StudyInput.read(origin.topic(), singleObject);
        } catch (SerializationException e) {
            return;
        }
        if (input instanceof StudyInput.Ordered ordered && !ordered.isOfThePersonToTheStudy()) {
            return;
        }
        if (input instanceof StudyInput.Event change && change.event().getKind() == RunEventKind.PREPARING) {
            return;
        }
        context()
                .forward(new Record<>(
                        input.studyId().getBytes(UTF_8), singleObject, record.timestamp(), origin.headers()));
    }
}
