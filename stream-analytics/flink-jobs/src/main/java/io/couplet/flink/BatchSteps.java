package io.couplet.flink;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.couplet.schemas.Topics;
import io.couplet.schemas.WireFormat;
import java.util.Map;
import org.apache.flink.metrics.Counter;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.BoundedOneInput;
import org.apache.flink.streaming.api.operators.OneInputStreamOperator;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.util.MathUtils;
import org.apache.kafka.common.errors.SerializationException;

/**
 * Reads steps in the source's own task and gathers those of a key group, so that many cross the shuffle as one. A batch leaves when it is full, {@value #WAIT_MILLIS}
 * ms after the first step that waits, {@value #BUSY_WAIT_MILLIS} ms when many do, and before each checkpoint barrier: nothing is ever in state here. What cannot be
 * read goes to {@link Read#UNREADABLE} with its cause.
 */
final class BatchSteps extends AbstractStreamOperator<StepBatch>
        implements OneInputStreamOperator<Received, StepBatch>, BoundedOneInput {

    private static final long serialVersionUID = 1;

    static final long WAIT_MILLIS = 2;
    static final long BUSY_WAIT_MILLIS = 10;
    /** From so many steps a millisecond on it is the number of steps that matters and no longer the wait of each. */
    private static final long BUSY_STEPS_A_MILLI = 100;

    private final String service;
    private final Map<String, String> clientProperties;

    private transient WireFormat format = WireFormat.SINGLE_OBJECT;

    private transient StepReader reader = new StepReader(WireFormat.SINGLE_OBJECT);
    /** By key group; a group's batch is there from its first step on. */
    private transient StepBatch[] batches = {};

    private transient StreamRecord<StepBatch> out = new StreamRecord<>(null);
    private transient boolean waiting;
    private transient long readBefore;
    private transient long waitMillis = WAIT_MILLIS;

    @SuppressWarnings("NullAway.Init") // Flink calls open() before the first record.
    private transient Counter read;

    @SuppressWarnings("NullAway.Init") // Flink calls open() before the first record.
    private transient Counter deadLetters;

    @SuppressWarnings("NullAway.Init") // Flink calls open() before the first record.
    private transient Counter toldOf;

    @SuppressWarnings("NullAway.Init") // Flink calls open() before the first record.
    private transient Counter unreadable;

    BatchSteps(String service, Map<String, String> clientProperties) {
        this.service = service;
        this.clientProperties = Map.copyOf(clientProperties);
    }

    @Override
    public void open() throws Exception {
        super.open();
        format = WireFormat.of(clientProperties);
        reader = new StepReader(format);
        batches = new StepBatch[getRuntimeContext().getTaskInfo().getMaxNumberOfParallelSubtasks()];
        out = new StreamRecord<>(null);
        waitMillis = WAIT_MILLIS;
        read = getMetricGroup().counter("recordsRead");
        deadLetters = getMetricGroup().counter("deadLetters");
        toldOf = getMetricGroup().counter("evaluationsAndSchedulesRead");
        unreadable = getMetricGroup().counter("unreadableOfOtherTopics");
    }

    @Override
    public void processElement(StreamRecord<Received> element) {
        Received received = element.getValue();
        byte[] value = received.value();
        if (!Topics.STEP_METRICS.name().equals(received.topic())) {
            tell(received);
            return;
        }
        StepBatch batch;
        try {
            if (value == null) {
                throw new SerializationException("the record has no value");
            }
            reader.read(value);
            batch = batch();
            batch.add(reader);
        } catch (SerializationException | IllegalArgumentException e) {
            deadLetters.inc();
            output.collect(
                    Read.UNREADABLE,
                    new StreamRecord<>(new Unreadable(received, service, String.valueOf(e.getMessage()))));
            return;
        }
        read.inc();
        if (batch.size >= StepBatch.FULL) {
            emit(batch);
        }
        if (!waiting) {
            waiting = true;
            long now = getProcessingTimeService().getCurrentProcessingTime();
            getProcessingTimeService().registerTimer(now + waitMillis, time -> {
                waiting = false;
                long steps = read.getCount() - readBefore;
                readBefore = read.getCount();
                waitMillis = steps >= BUSY_STEPS_A_MILLI * waitMillis ? BUSY_WAIT_MILLIS : WAIT_MILLIS;
                flush();
            });
        }
    }

    /** Hands on what is told of a run beside its steps. What cannot be read is the coupling job's dead letter, which reads the same topics with the same checks. */
    private void tell(Received received) {
        try {
            byte[] value = received.value();
            Told.Of told = value == null ? null : Told.of(received.topic(), format.fromKafka(received.topic(), value));
            if (told != null) {
                output.collect(out.replace(StepBatch.of(told.runId().getBytes(UTF_8), told.told())));
                toldOf.inc();
            }
        } catch (SerializationException | IllegalArgumentException e) {
            unreadable.inc();
        }
    }

    /** The batch of the run's key group, as Flink finds it from the key. */
    private StepBatch batch() {
        int group = MathUtils.murmurHash(reader.runIdHashCode()) % batches.length;
        StepBatch batch = batches[group];
        if (batch == null) {
            batch = new StepBatch();
            batches[group] = batch;
        }
        return batch;
    }

    private void emit(StepBatch batch) {
        output.collect(out.replace(batch));
        batch.clear();
    }

    private void flush() {
        for (StepBatch batch : batches) {
            if (batch != null && batch.size > 0) {
                emit(batch);
            }
        }
    }

    @Override
    public void prepareSnapshotPreBarrier(long checkpointId) {
        flush();
    }

    @Override
    public void endInput() {
        flush();
    }
}
