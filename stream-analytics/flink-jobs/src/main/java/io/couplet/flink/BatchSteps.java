package io.couplet.flink;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.couplet.schemas.Topics;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.flink.metrics.Counter;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.BoundedOneInput;
import org.apache.flink.streaming.api.operators.OneInputStreamOperator;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.kafka.common.errors.SerializationException;
import org.jspecify.annotations.Nullable;

/**
 * Reads steps in the source's own task and gathers those of a run, so that many cross the shuffle as one. A batch leaves when it is full, {@value #WAIT_MILLIS} ms
 * after the first step that waits, and before each checkpoint barrier: nothing is ever in state here. What cannot be read goes to {@link Read#UNREADABLE} with its
 * cause.
 */
final class BatchSteps extends AbstractStreamOperator<StepBatch>
        implements OneInputStreamOperator<Received, StepBatch>, BoundedOneInput {

    private static final long serialVersionUID = 1;

    static final long WAIT_MILLIS = 5;
    /** More runs than that do not wait together; it bounds the memory. */
    private static final int MOST_OPEN = 4_096;

    private final String service;

    private transient StepReader reader = new StepReader();
    private transient RunIds runIds = new RunIds();
    private transient Map<String, StepBatch> open = new HashMap<>();
    private transient List<StepBatch> inOrder = new ArrayList<>();
    private transient ArrayDeque<StepBatch> spare = new ArrayDeque<>();
    private transient StreamRecord<StepBatch> out = new StreamRecord<>(null);
    private transient boolean waiting;

    /** The batch of the newest step: steps of a run often come one after the other. */
    private transient @Nullable StepBatch newest;

    @SuppressWarnings("NullAway.Init") // Flink calls open() before the first record.
    private transient Counter read;

    @SuppressWarnings("NullAway.Init") // Flink calls open() before the first record.
    private transient Counter deadLetters;

    @SuppressWarnings("NullAway.Init") // Flink calls open() before the first record.
    private transient Counter toldCount;

    @SuppressWarnings("NullAway.Init") // Flink calls open() before the first record.
    private transient Counter unreadable;

    BatchSteps(String service) {
        this.service = service;
    }

    @Override
    public void open() throws Exception {
        super.open();
        reader = new StepReader();
        runIds = new RunIds();
        open = new HashMap<>();
        inOrder = new ArrayList<>();
        spare = new ArrayDeque<>();
        out = new StreamRecord<>(null);
        read = getMetricGroup().counter("recordsRead");
        deadLetters = getMetricGroup().counter("deadLetters");
        toldCount = getMetricGroup().counter("evaluationsAndSchedulesRead");
        unreadable = getMetricGroup().counter("unreadableOfOtherTopics");
    }

    @Override
    public void processElement(StreamRecord<Received> element) {
        Received received = element.getValue();
        byte[] value = received.value();
        if (Topics.EVALUATIONS.name().equals(received.topic())
                || Topics.RUN_EVENTS.name().equals(received.topic())) {
            tell(received);
            return;
        }
        try {
            if (value == null) {
                throw new SerializationException("the record has no value");
            }
            reader.read(value);
        } catch (SerializationException | IllegalArgumentException e) {
            deadLetters.inc();
            output.collect(
                    Read.UNREADABLE,
                    new StreamRecord<>(new Unreadable(received, service, String.valueOf(e.getMessage()))));
            return;
        }
        read.inc();
        StepBatch batch = batch();
        batch.add(
                reader.attempt,
                reader.step,
                reader.loss,
                reader.learningRate,
                reader.gradientNorm,
                reader.batchAccuracy,
                reader.timeMillis);
        if (batch.size >= StepBatch.FULL) {
            emit(batch); // and stays open, empty, for the steps to come
        }
        if (!waiting) {
            waiting = true;
            long now = getProcessingTimeService().getCurrentProcessingTime();
            getProcessingTimeService().registerTimer(now + WAIT_MILLIS, time -> {
                waiting = false;
                flush();
            });
        }
    }

    /** Hands on what is told of a run beside its steps. What cannot be read is the coupling job's dead letter, which reads the same topics. */
    private void tell(Received received) {
        try {
            Told.Of told = received.value() == null ? null : Told.of(received.topic(), received.value());
            if (told != null) {
                byte[] id = told.runId().getBytes(UTF_8);
                StepBatch batch = new StepBatch();
                batch.begin(runIds.of(id, 0, id.length), 0, 0);
                batch.told = told.told();
                output.collect(out.replace(batch));
                toldCount.inc();
            }
        } catch (SerializationException | IllegalArgumentException e) {
            unreadable.inc();
        }
    }

    private StepBatch batch() {
        StepBatch batch = newest;
        if (batch == null || !batch.runId.equals(reader.run.id)) {
            batch = open.get(reader.run.id);
        }
        if (batch == null) {
            if (inOrder.size() >= MOST_OPEN) {
                flush();
            }
            batch = spare.isEmpty() ? new StepBatch() : spare.pop();
            batch.begin(reader.run, reader.budgetSteps, reader.warmupSteps);
            open.put(reader.run.id, batch);
            inOrder.add(batch);
        } else if (batch.budgetSteps != reader.budgetSteps || batch.warmupSteps != reader.warmupSteps) {
            emit(batch);
            batch.begin(reader.run, reader.budgetSteps, reader.warmupSteps);
        }
        newest = batch;
        return batch;
    }

    private void emit(StepBatch batch) {
        if (batch.size > 0) {
            output.collect(out.replace(batch));
            batch.size = 0;
        }
    }

    private void flush() {
        for (StepBatch batch : inOrder) {
            emit(batch);
            spare.push(batch);
        }
        inOrder.clear();
        open.clear();
        newest = null;
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
