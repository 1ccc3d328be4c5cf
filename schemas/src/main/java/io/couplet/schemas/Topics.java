package io.couplet.schemas;

import io.couplet.schemas.avro.ConvergenceScore;
import io.couplet.schemas.avro.CouplingScore;
import io.couplet.schemas.avro.Evaluation;
import io.couplet.schemas.avro.LayerStatistics;
import io.couplet.schemas.avro.RunCommand;
import io.couplet.schemas.avro.RunEvent;
import io.couplet.schemas.avro.RunRequest;
import io.couplet.schemas.avro.StepMetrics;
import io.couplet.schemas.avro.StudyScore;
import java.time.Duration;
import java.util.List;
import org.apache.avro.specific.SpecificRecord;

/**
 * The table of all topics.
 *
 * <p>What is told of runs has the same number of partitions in every topic, so that Kafka Streams can join it. Requests have one: the trainers' share group gives each
 * member some partitions while there are as many members, and a trainer would idle while requests wait in another's.
 */
public final class Topics {

    static final int OF_RUNS = 4;
    private static final int BY_STUDY = 1;
    private static final int QUEUE = 1;
    private static final boolean COMPACTED = true;
    private static final boolean DELETED = false;
    private static final String RUN_ID = "runId";

    public static final Topic<RunRequest> RUN_REQUESTS =
            topic("run-requests", RunRequest.class, RUN_ID, QUEUE, days(30), DELETED);
    public static final Topic<RunEvent> RUN_EVENTS =
            topic("run-events", RunEvent.class, RUN_ID, OF_RUNS, days(90), DELETED);
    public static final Topic<StepMetrics> STEP_METRICS =
            topic("step-metrics", StepMetrics.class, RUN_ID, OF_RUNS, days(7), DELETED);
    public static final Topic<Evaluation> EVALUATIONS =
            topic("evaluations", Evaluation.class, RUN_ID, OF_RUNS, days(90), DELETED);
    public static final Topic<LayerStatistics> LAYER_STATISTICS =
            topic("layer-statistics", LayerStatistics.class, RUN_ID, OF_RUNS, days(30), DELETED);
    public static final Topic<ConvergenceScore> CONVERGENCE_SCORES =
            topic("convergence-scores", ConvergenceScore.class, RUN_ID, OF_RUNS, Duration.ZERO, COMPACTED);
    public static final Topic<CouplingScore> COUPLING_SCORES = topic(
            "coupling-scores",
            CouplingScore.class,
            "studyId|rung|backbone|optimizer",
            BY_STUDY,
            Duration.ZERO,
            COMPACTED);
    public static final Topic<StudyScore> STUDY_SCORES =
            topic("study-scores", StudyScore.class, "studyId|rung", BY_STUDY, Duration.ZERO, COMPACTED);
    public static final Topic<RunCommand> RUN_COMMANDS =
            topic("run-commands", RunCommand.class, RUN_ID, OF_RUNS, days(30), COMPACTED);

    /** Records nobody could read: key and value are the original's bytes, see {@link DeadLetter} for the headers. */
    public static final String DEAD_LETTERS = "couplet.dead-letters.v1";

    static final int DEAD_LETTERS_PARTITIONS = BY_STUDY;
    static final Duration DEAD_LETTERS_RETENTION = days(30);

    private static final List<Topic<?>> ALL = List.of(
            RUN_REQUESTS,
            RUN_EVENTS,
            STEP_METRICS,
            EVALUATIONS,
            LAYER_STATISTICS,
            CONVERGENCE_SCORES,
            COUPLING_SCORES,
            STUDY_SCORES,
            RUN_COMMANDS);

    private Topics() {}

    /** All topics with Avro values, in the order of the data; dead-letters stand beside them. */
    public static List<Topic<?>> all() {
        return ALL;
    }

    /** Key of a cell's score. */
    public static String couplingKey(String studyId, int rung, String backbone, String optimizer) {
        return studyId + '|' + rung + '|' + backbone + '|' + optimizer;
    }

    /** Key of a study's score. */
    public static String studyKey(String studyId, int rung) {
        return studyId + '|' + rung;
    }

    private static Duration days(int days) {
        return Duration.ofDays(days);
    }

    private static <T extends SpecificRecord> Topic<T> topic(
            String name, Class<T> type, String key, int partitions, Duration retention, boolean compacted) {
        return new Topic<>(
                "couplet." + name + ".v1",
                Wire.of(type),
                key,
                partitions,
                key.equals(RUN_ID) && partitions != QUEUE,
                retention,
                compacted);
    }
}
