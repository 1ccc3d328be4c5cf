package io.couplet.stopper;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.couplet.schemas.Topics;
import io.couplet.schemas.avro.RunCommandKind;
import io.couplet.stopper.StudyJudge.StudyTurn;
import io.couplet.stopper.StudyRun.Order;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.processor.api.ContextualProcessor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads a record of a study, takes what is known of its runs, lets the judge say what follows, keeps that and proposes orders, keyed by run. The store is the truth;
 * the runs of the studies that were heard of last stand decoded beside it. A record that no run can have is left out and counted.
 */
final class StudyProcessor extends ContextualProcessor<byte[], byte[], byte[], byte[]> {

    private static final Logger LOG = LoggerFactory.getLogger(StudyProcessor.class);
    private static final int STUDIES_DECODED = 16;

    @SuppressWarnings("NullAway.Init") // Kafka Streams calls init() before the first record.
    private KeyValueStore<String, byte[]> rules;

    @SuppressWarnings("NullAway.Init")
    private KeyValueStore<String, byte[]> runs;

    private final Tally tally;
    private final Map<String, Map<String, StudyRun>> decoded = new LinkedHashMap<>(16, 0.75f, true);

    StudyProcessor(Tally tally) {
        this.tally = tally;
    }

    @Override
    public void init(ProcessorContext<byte[], byte[]> context) {
        super.init(context);
        decoded.clear(); // Kafka Streams initializes a processor again after its stores were found corrupted and
        // emptied.
        rules = context.getStateStore(StopperTopology.STUDY_RULES);
        runs = context.getStateStore(StopperTopology.STUDY_RUNS);
    }

    @Override
    public void process(Record<byte[], byte[]> record) {
        Origin origin = Origin.of(record.headers());
        StudyInput input = StudyInput.read(origin.topic(), record.value());
        StudyTurn turn;
        Map<String, byte[]> encoded = new TreeMap<>();
        try {
            remember(input, origin);
            turn = StudyJudge.judge(
                    armed(input.studyId()),
                    known(input.studyId()),
                    input,
                    origin,
                    context().currentSystemTimeMs());
            turn.changed().forEach((runId, run) -> encoded.put(runId, StudyCodec.encode(run)));
        } catch (IllegalArgumentException | SerializationException e) {
            tally.leftOut.increment();
            LOG.warn("left out: {} offset {}: {}", origin.topicPartition(), origin.offset(), e.getMessage());
            return;
        }
        keep(input.studyId(), turn.changed(), encoded);
        turn.orders().forEach(this::propose);
    }

    private void keep(String studyId, Map<String, StudyRun> changed, Map<String, byte[]> encoded) {
        encoded.forEach((runId, bytes) -> runs.put(key(studyId, runId), bytes));
        known(studyId).putAll(changed);
    }

    private void remember(StudyInput input, Origin origin) {
        StudyRules known = armed(input.studyId());
        try {
            StudyRules next = known;
            if (input instanceof StudyInput.Request request) {
                next = StudyRules.of(request.request(), known);
            } else if (input instanceof StudyInput.Ordered ordered
                    && ordered.order().getKind() == RunCommandKind.RULES) {
                next = StudyRules.of(ordered.order(), origin.offset(), known);
            }
            if (next != null && !next.equals(known)) {
                rules.put(input.studyId(), StudyCodec.encode(next));
                LOG.info("study {} is judged by {}", input.studyId(), next.armed());
            }
        } catch (IllegalArgumentException e) {
            LOG.warn("study {}: these stopping rules are left out: {}", input.studyId(), e.getMessage());
        }
    }

    private @Nullable StudyRules armed(String studyId) {
        byte[] bytes = rules.get(studyId);
        return bytes == null ? null : StudyCodec.decodeRules(bytes);
    }

    private Map<String, StudyRun> known(String studyId) {
        Map<String, StudyRun> known = decoded.computeIfAbsent(studyId, this::decode);
        if (decoded.size() > STUDIES_DECODED) {
            decoded.remove(decoded.keySet().iterator().next());
        }
        return known;
    }

    private Map<String, StudyRun> decode(String studyId) {
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

    /** An evaluation may bear any time, and Kafka takes none before 1970. */
    private void propose(Order order) {
        context()
                .forward(new Record<>(
                        order.command().getRunId().getBytes(UTF_8),
                        Topics.RUN_COMMANDS.wire().encode(order.command()),
                        Math.max(0, order.evidenceMillis())));
    }
}
