package io.couplet.flink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.couplet.schemas.Topic;
import io.couplet.schemas.Topics;
import io.couplet.schemas.avro.Evaluation;
import io.couplet.schemas.avro.RunEvent;
import io.couplet.schemas.avro.RunEventKind;
import java.util.List;
import java.util.function.Consumer;
import org.apache.avro.specific.SpecificRecord;
import org.junit.jupiter.api.Test;

/** What both jobs refuse where they read it: the coupling job makes a dead letter of it, the convergence job counts it. */
class CouplingJobTest {

    @Test
    void whatCanBeScoredIsRead() {
        assertThat(read(Topics.EVALUATIONS, evaluation(each -> {})).studyId()).isEqualTo(Records.STUDY);
        assertThat(read(Topics.RUN_EVENTS, event(each -> {})).studyId()).isEqualTo(Records.STUDY);
    }

    @Test
    void anEvaluationThatNoRunCanHaveIsRefusedInASentence() {
        refused(evaluation(each -> each.setRunId("none")), "A run id reads <study>.<backbone>.<optimizer>.s<seed>");
        refused(evaluation(each -> each.setAttempt(0)), "attempt must lie in 1 to 100000, was 0");
        refused(
                evaluation(each -> each.setAttempt(Integer.MAX_VALUE)),
                "attempt must lie in 1 to 100000, was 2147483647");
        refused(evaluation(each -> each.setRungs(Integer.MAX_VALUE)), "rungs must be at most 100000, were 2147483647");
        refused(evaluation(each -> each.setStep(0)), "step must be at least 1, was 0");
    }

    @Test
    void anEventThatNoRunCanHaveIsRefusedInASentence() {
        refused(event(each -> each.setRunId("none")), "A run id reads <study>.<backbone>.<optimizer>.s<seed>");
        refused(event(each -> each.setAttempt(Integer.MAX_VALUE)), "attempt must lie in 1 to 100000, was 2147483647");
        refused(
                event(each -> {
                    each.setSchedule("step");
                    each.setLearningRateDrops(List.of(20, 10));
                }),
                "drops must be ascending steps from 1, were [20, 10]");
    }

    private static void refused(Evaluation evaluation, String sentence) {
        refused(Topics.EVALUATIONS, evaluation, sentence);
    }

    private static void refused(RunEvent event, String sentence) {
        refused(Topics.RUN_EVENTS, event, sentence);
    }

    private static <T extends SpecificRecord> void refused(Topic<T> topic, T record, String sentence) {
        assertThatThrownBy(() -> read(topic, record))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith(sentence);
        assertThatThrownBy(() -> Told.of(topic.name(), topic.wire().encode(record)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith(sentence);
    }

    private static <T extends SpecificRecord> StudyInput read(Topic<T> topic, T record) {
        return CouplingJob.read(topic.name(), topic.wire().encode(record));
    }

    private static Evaluation evaluation(Consumer<Evaluation> change) {
        Evaluation evaluation = Records.evaluation("vgg", "sgd", 1, 1, 0.5);
        change.accept(evaluation);
        return evaluation;
    }

    private static RunEvent event(Consumer<RunEvent> change) {
        RunEvent event = Records.event("vgg", "sgd", 1, RunEventKind.STARTED, 0, 0);
        change.accept(event);
        return event;
    }
}
