package io.couplet.flink;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.couplet.schemas.Topics;
import io.couplet.scores.convergence.ConvergenceSettings;
import io.couplet.scores.convergence.ConvergenceState;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.Gauge;
import org.apache.flink.metrics.Histogram;
import org.apache.flink.runtime.metrics.DescriptiveStatisticsHistogram;
import org.apache.flink.runtime.state.StateSnapshotContext;
import org.apache.flink.runtime.state.VoidNamespace;
import org.apache.flink.runtime.state.VoidNamespaceSerializer;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.BoundedOneInput;
import org.apache.flink.streaming.api.operators.InternalTimer;
import org.apache.flink.streaming.api.operators.OneInputStreamOperator;
import org.apache.flink.streaming.api.operators.Triggerable;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;

/**
 * Folds the steps of runs and publishes their scores. A score leaves {@value #WAIT_MILLIS} ms after the first step that changed it, {@value #BUSY_WAIT_MILLIS} ms
 * when many steps come. While many runs wait they take turns, so that scores never take more than {@value #SHARE_OF_TIME} of a busy subtask's time, and those of a
 * hundred thousand runs do not hold up their steps.
 *
 * <p>Runs are held in a table of their own ({@link HeldRuns}) and written to Flink's keyed state, those that changed, when a checkpoint is taken: what Flink does for
 * each access to keyed state costs more than a step.
 */
final class ScoreRuns extends AbstractStreamOperator<Upsert>
        implements OneInputStreamOperator<StepBatch, Upsert>, Triggerable<String, VoidNamespace>, BoundedOneInput {

    private static final long serialVersionUID = 1;

    static final long WAIT_MILLIS = 2;
    static final long BUSY_WAIT_MILLIS = 25;
    private static final long BUSY_STEPS_A_MILLI = 100;
    private static final double SHARE_OF_TIME = 0.25;
    /** The longest that steps wait for scores, and what scores may take while no steps come. */
    private static final double LONGEST_TURN_NANOS = 10e6;

    private static final int LATENCIES = 1_000;
    private static final String STATE = "convergence";

    @SuppressWarnings("NullAway.Init") // Flink calls open() before the first record.
    private transient ValueState<RunState> states;

    private transient HeldRuns runs = new HeldRuns();
    private transient HeldRun[] ofBatch = {};
    private transient ArrayDeque<HeldRun> due = new ArrayDeque<>();
    private transient List<HeldRun> changed = new ArrayList<>();
    private transient StreamRecord<Upsert> out = new StreamRecord<>(null);

    private transient boolean turnIsSet;
    private transient long waitMillis = WAIT_MILLIS;
    private transient long stepsSinceTurn;
    private transient boolean allFolded;
    private transient long lastTurnNanos;

    @SuppressWarnings("NullAway.Init") // Flink calls open() before the first record.
    private transient Counter folded;

    @SuppressWarnings("NullAway.Init") // Flink calls open() before the first record.
    private transient Counter ignored;

    @SuppressWarnings("NullAway.Init") // Flink calls open() before the first record.
    private transient Histogram scoreLatency;

    @Override
    public void open() throws Exception {
        super.open();
        runs = new HeldRuns();
        ofBatch = new HeldRun[16];
        due = new ArrayDeque<>();
        changed = new ArrayList<>();
        out = new StreamRecord<>(null);
        waitMillis = WAIT_MILLIS;
        lastTurnNanos = System.nanoTime();
        folded = getMetricGroup().counter("stepsFolded");
        ignored = getMetricGroup().counter("stepsIgnored");
        getMetricGroup().gauge("runsWaitingForScore", (Gauge<Integer>) () -> due.size());
        scoreLatency = getMetricGroup().histogram("scoreLatencyMillis", new DescriptiveStatisticsHistogram(LATENCIES));
        // Takes over, and so uses up, the timers in checkpoints of version 0.1.
        getInternalTimerService("user-timers", VoidNamespaceSerializer.INSTANCE, this);
        states = getRuntimeContext().getState(new ValueStateDescriptor<>(STATE, RunStateType.INSTANCE));
        restore();
    }

    private void restore() throws Exception {
        List<String> ids;
        try (Stream<String> keys = this.<String>getKeyedStateBackend().getKeys(STATE, VoidNamespace.INSTANCE)) {
            ids = keys.toList();
        }
        for (String id : ids) {
            setCurrentKey(id);
            RunState kept = states.value();
            HeldRun run = new HeldRun(id, id.getBytes(UTF_8), kept.convergence());
            runs.add(run);
            if (kept.scoreIsDue()) {
                changed(run);
            }
        }
    }

    /** A step needs no key: its run is found in the table. */
    @Override
    public void setKeyContextElement1(StreamRecord element) {}

    @Override
    public void processElement(StreamRecord<StepBatch> element) {
        StepBatch batch = element.getValue();
        if (ofBatch.length < batch.runs) {
            ofBatch = new HeldRun[2 * batch.runs];
        }
        for (int run = 0; run < batch.runs; run++) {
            ofBatch[run] = held(batch, run);
        }
        if (batch.told != null) {
            ofBatch[0].tell(batch.told);
        }
        for (int i = 0; i < batch.size; i++) {
            HeldRun run = ofBatch[batch.runOf[i]];
            if (run.add(batch.steps, i * StepBatch.STEP_BYTES)) {
                fold(run);
            }
        }
        stepsSinceTurn += batch.size;
        allFolded = false;
    }

    /** The run, which is changed by the steps that follow. */
    private HeldRun held(StepBatch batch, int number) {
        int from = batch.idFrom(number);
        int to = batch.idEnds[number];
        HeldRun run = runs.get(batch.hashes[number], batch.ids, from, to);
        if (run == null) {
            run = new HeldRun(
                    batch.runId(number),
                    Arrays.copyOfRange(batch.ids, from, to),
                    ConvergenceState.start(settings(batch, number)));
            runs.add(run);
        } else if (!run.hasSteps() && batch.told == null) {
            run.judgedBy(settings(batch, number));
        }
        changed(run);
        return run;
    }

    private static ConvergenceSettings settings(StepBatch batch, int number) {
        return ConvergenceSettings.forBudget(batch.budgetSteps[number], batch.warmupSteps[number]);
    }

    private void changed(HeldRun run) {
        if (!run.changed) {
            run.changed = true;
            changed.add(run);
        }
        if (!run.scoreIsDue) {
            run.scoreIsDue = true;
            due.add(run);
        }
        setTurn();
    }

    private void fold(HeldRun run) {
        int steps = run.waiting();
        long counted = run.counted();
        run.fold();
        folded.inc(steps);
        ignored.inc(steps - (run.counted() - counted));
    }

    private void setTurn() {
        if (!turnIsSet) {
            turnIsSet = true;
            long now = getProcessingTimeService().getCurrentProcessingTime();
            getProcessingTimeService().registerTimer(now + waitMillis, time -> takeTurn());
        }
    }

    /** Publishes what is due, one score at least, for as long as the share of time allows; once no steps come, all that wait are folded first. */
    private void takeTurn() {
        turnIsSet = false;
        long begin = System.nanoTime();
        if (stepsSinceTurn == 0 && !allFolded) {
            allFolded = true;
            changed.forEach(this::fold);
        }
        double most = stepsSinceTurn == 0
                ? LONGEST_TURN_NANOS
                : Math.min((begin - lastTurnNanos) * SHARE_OF_TIME / (1 - SHARE_OF_TIME), LONGEST_TURN_NANOS);
        waitMillis = stepsSinceTurn >= BUSY_STEPS_A_MILLI * waitMillis ? BUSY_WAIT_MILLIS : WAIT_MILLIS;
        stepsSinceTurn = 0;
        do {
            HeldRun run = due.poll();
            if (run == null) {
                break;
            }
            publish(run);
        } while (System.nanoTime() - begin < most);
        lastTurnNanos = System.nanoTime();
        if (!due.isEmpty()) {
            setTurn();
        }
    }

    private void publish(HeldRun run) {
        run.scoreIsDue = false;
        if (!run.changed) {
            run.changed = true; // the next checkpoint must know that nothing is due
            changed.add(run);
        }
        if (!run.hasSteps()) {
            return;
        }
        fold(run);
        ConvergenceState state = run.state();
        output.collect(out.replace(new Upsert(
                Topics.CONVERGENCE_SCORES.name(),
                run.utf8,
                Topics.CONVERGENCE_SCORES
                        .wire()
                        .encode(ConvergenceScores.of(run.id, run.studyId, state.convergence())))));
        scoreLatency.update(getProcessingTimeService().getCurrentProcessingTime() - state.timeMillis());
    }

    @Override
    public void snapshotState(StateSnapshotContext context) throws Exception {
        super.snapshotState(context);
        for (HeldRun run : changed) {
            setCurrentKey(run.id);
            fold(run);
            states.update(new RunState(run.state(), run.scoreIsDue));
            run.changed = false;
        }
        changed.clear();
    }

    @Override
    public void endInput() {
        for (HeldRun run = due.poll(); run != null; run = due.poll()) {
            publish(run);
        }
    }

    @Override
    public void onEventTime(InternalTimer<String, VoidNamespace> timer) {}

    /** A timer of version 0.1; what was due is known from the state. */
    @Override
    public void onProcessingTime(InternalTimer<String, VoidNamespace> timer) {}
}
