package io.couplet.stopper;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.couplet.schemas.Topics;
import io.couplet.stopper.StudyJudge.StudyTurn;
import io.couplet.stopper.StudyRun.Order;
import java.util.Map;
import java.util.TreeMap;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.processor.api.ContextualProcessor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Reads a record of a study, loads what is known of its runs, lets the judge say what follows, keeps that and proposes orders, keyed by run. */
final class StudyProcessor extends ContextualProcessor<byte[], byte[], byte[], byte[]> {

    private static final Logger LOG = LoggerFactory.getLogger(StudyProcessor.class);

    @SuppressWarnings("NullAway.Init") // Kafka Streams calls init() before the first record.
    private KeyValueStore<String, byte[]> rules;

    @SuppressWarnings("NullAway.Init")
    private KeyValueStore<String, byte[]> runs;

    @Override
    public void init(ProcessorContext<byte[], byte[]> context) {
        super.init(context);
        rules = context.getStateStore(StopperTopology.STUDY_RULES);
        runs = context.getStateStore(StopperTopology.STUDY_RUNS);
    }

    @Override
    public void process(Record<byte[], byte[]> record) {
        Origin origin = Origin.of(record.headers());
        StudyInput input = StudyInput.read(origin.topic(), record.value());
        if (input instanceof StudyInput.Request request) {
            remember(request);
        }
        byte[] armed = rules.get(input.studyId());
        StudyTurn turn = StudyJudge.judge(
                armed == null ? null : StudyCodec.decodeRules(armed),
                known(input.studyId()),
                input,
                origin,
                context().currentSystemTimeMs());
        turn.changed().forEach((runId, run) -> runs.put(key(input.studyId(), runId), StudyCodec.encode(run)));
        turn.orders().forEach(this::propose);
    }

    private void remember(StudyInput.Request request) {
        try {
            byte[] bytes = StudyCodec.encode(StudyRules.of(request.request()));
            if (!java.util.Arrays.equals(bytes, rules.get(request.studyId()))) {
                rules.put(request.studyId(), bytes);
            }
        } catch (IllegalArgumentException e) {
            LOG.warn("study {}: its stopping rules are left out: {}", request.studyId(), e.getMessage());
        }
    }

    private Map<String, StudyRun> known(String studyId) {
        Map<String, StudyRun> known = new TreeMap<>();
        try (KeyValueIterator<String, byte[]> all = runs.prefixScan(key(studyId, ""), new StringSerializer())) {
            while (all.hasNext()) {
                KeyValue<String, byte[]> each = all.next();
                StudyRun run = StudyCodec.decodeRun(each.value);
                known.put(run.runId(), run);
            }
        }
        return known;
    }

    private static String key(String studyId, String runId) {
        return studyId + '|' + runId;
    }

    private void propose(Order order) {
        context()
                .forward(new Record<>(
                        order.command().getRunId().getBytes(UTF_8),
                        Topics.RUN_COMMANDS.wire().encode(order.command()),
                        order.evidenceMillis()));
    }
}
