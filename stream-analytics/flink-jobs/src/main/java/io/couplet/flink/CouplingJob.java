package io.couplet.flink;

import io.couplet.schemas.Topics;
import io.couplet.schemas.WireFormat;
import io.couplet.schemas.avro.Evaluation;
import io.couplet.schemas.avro.RunEvent;
import java.util.Map;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.datastream.SingleOutputStreamOperator;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** run-requests, run-events and evaluations → coupling-scores and study-scores, by study and rung. */
public final class CouplingJob {

    /** The job's name and that of its consumer group. */
    public static final String NAME = "couplet-coupling";

    private CouplingJob() {}

    /** {@code flink run -c io.couplet.flink.CouplingJob}; see {@link JobSettings#fromArguments} for the arguments. */
    public static void main(String[] arguments) throws Exception {
        JobSettings settings = JobSettings.fromArguments(arguments);
        WireFormat.of(
                settings.clientProperties()); // says here, and not in a TaskManager's log, what the schema registry
        // lacks
        AnalyticsJobs.coupling(settings).execute(NAME);
    }

    /** The whole graph; the three topics come as one stream, in any order between them, in the format that the client properties ask for. */
    static void define(
            DataStream<Received> aboutRuns,
            Map<String, String> clientProperties,
            Sink<Upsert> scores,
            Sink<Unreadable> deadLetters) {
        SingleOutputStreamOperator<StudyInput> inputs = aboutRuns
                .process(new Read<>(NAME, clientProperties, CouplingJob::read))
                .returns(TypeInformation.of(StudyInput.class))
                .name("read runs")
                .uid("read-runs");

        inputs.keyBy(StudyInput::studyId)
                .process(new CouplingFunction())
                .name("coupling")
                .uid("coupling")
                .sinkTo(scores)
                .name("coupling-scores, study-scores")
                .uid("coupling-and-study-scores");

        inputs.getSideOutput(Read.UNREADABLE)
                .sinkTo(deadLetters)
                .name("dead-letters")
                .uid("coupling-dead-letters");
    }

    /** The graph between Kafka's topics. */
    static void define(StreamExecutionEnvironment environment, KafkaEnds kafka) {
        define(
                kafka.source(environment, NAME, Topics.RUN_REQUESTS.name())
                        .union(
                                kafka.source(environment, NAME, Topics.RUN_EVENTS.name()),
                                kafka.source(environment, NAME, Topics.EVALUATIONS.name())),
                kafka.clientProperties(),
                kafka.upserts(),
                kafka.deadLetters());
    }

    /**
     * A record of one of the three topics, checked.
     *
     * @throws org.apache.kafka.common.errors.SerializationException when it is no such record
     * @throws IllegalArgumentException when it is one that cannot be scored
     */
    static StudyInput read(String topic, byte[] value) {
        if (topic.equals(Topics.RUN_REQUESTS.name())) {
            return new StudyInput(Topics.RUN_REQUESTS.wire().decode(value).getStudyId(), topic, value);
        }
        if (topic.equals(Topics.RUN_EVENTS.name())) {
            RunEvent event = Topics.RUN_EVENTS.wire().decode(value);
            StudyRun.check(event);
            return new StudyInput(event.getStudyId(), topic, value);
        }
        Evaluation evaluation = Topics.EVALUATIONS.wire().decode(value);
        StudyRun.check(evaluation);
        return new StudyInput(evaluation.getStudyId(), topic, value);
    }
}
