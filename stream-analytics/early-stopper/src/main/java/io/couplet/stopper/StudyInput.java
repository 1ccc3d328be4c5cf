package io.couplet.stopper;

import io.couplet.schemas.Topics;
import io.couplet.schemas.avro.Evaluation;
import io.couplet.schemas.avro.RunCommand;
import io.couplet.schemas.avro.RunCommandKind;
import io.couplet.schemas.avro.RunEvent;
import io.couplet.schemas.avro.RunRequest;

/** One record that tells of a study. */
sealed interface StudyInput {

    String studyId();

    /** A run is to be trained, by these rules. */
    record Request(RunRequest request) implements StudyInput {
        @Override
        public String studyId() {
            return request.getStudyId();
        }
    }

    /** A change in a run's life. */
    record Event(RunEvent event) implements StudyInput {
        @Override
        public String studyId() {
            return event.getStudyId();
        }
    }

    /** A run was evaluated at a rung. */
    record Evaluated(Evaluation evaluation) implements StudyInput {
        @Override
        public String studyId() {
            return evaluation.getStudyId();
        }
    }

    /** An order. */
    record Ordered(RunCommand order) implements StudyInput {

        /** Whether a person gave it and rules have to know of it: others rules from now on, or a run that is taken up again. */
        boolean isOfThePersonToTheStudy() {
            return order.getRule().equals(Judge.PERSON)
                    && (order.getKind() == RunCommandKind.RULES || order.getKind() == RunCommandKind.RESUME);
        }

        @Override
        public String studyId() {
            return order.getStudyId();
        }
    }

    /**
     * Reads a record.
     *
     * @throws org.apache.kafka.common.errors.SerializationException when the bytes are no such record
     */
    static StudyInput read(String topic, byte[] value) {
        if (topic.equals(Topics.RUN_REQUESTS.name())) {
            return new Request(Topics.RUN_REQUESTS.wire().decode(value));
        }
        if (topic.equals(Topics.RUN_COMMANDS.name())) {
            return new Ordered(Topics.RUN_COMMANDS.wire().decode(value));
        }
        return topic.equals(Topics.EVALUATIONS.name())
                ? new Evaluated(Topics.EVALUATIONS.wire().decode(value))
                : new Event(Topics.RUN_EVENTS.wire().decode(value));
    }
}
