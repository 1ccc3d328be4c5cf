package io.couplet.flink;

import io.couplet.schemas.Topics;
import io.couplet.schemas.WireFormat;
import java.util.Map;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.datastream.SingleOutputStreamOperator;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** step-metrics, and what run-events and evaluations tell of the same runs → convergence-scores, by run. */
public final class ConvergenceJob {

    /** The job's name and that of its consumer group. */
    public static final String NAME = "couplet-convergence";

    private ConvergenceJob() {}

    /** {@code flink run -c io.couplet.flink.ConvergenceJob}; see {@link JobSettings#fromArguments} for the arguments. */
    public static void main(String[] arguments) throws Exception {
        JobSettings settings = JobSettings.fromArguments(arguments);
        WireFormat.of(
                settings.clientProperties()); // says here, and not in a TaskManager's log, what the schema registry
        // lacks
        AnalyticsJobs.convergence(settings).execute(NAME);
    }

    /** The whole graph; the three topics come as one stream, in any order between them, in the format that the client properties ask for. */
    static void define(
            DataStream<Received> aboutRuns,
            Map<String, String> clientProperties,
            Sink<Upsert> scores,
            Sink<Unreadable> deadLetters) {
        SingleOutputStreamOperator<StepBatch> steps = aboutRuns
                .transform("read steps", StepBatchType.INSTANCE, new BatchSteps(NAME, clientProperties))
                .uid("read-steps");

        steps.keyBy(StepBatch::firstRunId)
                .transform("convergence", TypeInformation.of(Upsert.class), new ScoreRuns())
                .uid("convergence")
                .sinkTo(scores)
                .name("convergence-scores")
                .uid("convergence-scores");

        steps.getSideOutput(Read.UNREADABLE)
                .sinkTo(deadLetters)
                .name("dead-letters")
                .uid("convergence-dead-letters");
    }

    /** The graph between Kafka's topics. */
    static void define(StreamExecutionEnvironment environment, KafkaEnds kafka) {
        define(
                kafka.source(
                        environment,
                        NAME,
                        Topics.STEP_METRICS.name(),
                        Topics.RUN_EVENTS.name(),
                        Topics.EVALUATIONS.name()),
                kafka.clientProperties(),
                kafka.upserts(),
                kafka.deadLetters());
    }
}
