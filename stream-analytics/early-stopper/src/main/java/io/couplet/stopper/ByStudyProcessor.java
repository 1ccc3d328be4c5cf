package io.couplet.stopper;

import static java.nio.charset.StandardCharsets.UTF_8;

import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.streams.processor.api.ContextualProcessor;
import org.apache.kafka.streams.processor.api.Record;

/**
 * Keys what tells of a study by the study and writes down where it was read. What nobody can read is left to the watch, which reads it too and sends it to the
 * dead letters.
 */
final class ByStudyProcessor extends ContextualProcessor<byte[], byte[], byte[], byte[]> {

    @Override
    public void process(Record<byte[], byte[]> record) {
        Origin origin = Origin.of(context().recordMetadata().orElseThrow());
        byte[] value = record.value();
        if (value == null) {
            return;
        }
        StudyInput input;
        try {
            input = StudyInput.read(origin.topic(), value);
        } catch (SerializationException e) {
            return;
        }
        if (input instanceof StudyInput.Ordered ordered && !ordered.isOfThePersonToTheStudy()) {
            return;
        }
        context().forward(new Record<>(input.studyId().getBytes(UTF_8), value, record.timestamp(), origin.headers()));
    }
}
