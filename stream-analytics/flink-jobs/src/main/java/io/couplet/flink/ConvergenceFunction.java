package io.couplet.flink;

import io.couplet.schemas.Topics;
import io.couplet.scores.convergence.ConvergenceSettings;
import io.couplet.scores.convergence.ConvergenceState;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.Gauge;
import org.apache.flink.metrics.Histogram;
import org.apache.flink.runtime.metrics.DescriptiveStatisticsHistogram;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.util.Collector;

/**
 * Folds a run's steps. Its score leaves {@value #COALESCE_MILLIS} ms after the first step that changed it. While many runs wait each waits for its turn, so that
 * scores never take more than {@value #SHARE_OF_TIME} of the time, and those of a hundred thousand runs do not hold up their steps.
 */
final class ConvergenceFunction extends KeyedProcessFunction<String, StepBatch, Upsert> {

    static final long COALESCE_MILLIS = 10;
    private static final double SHARE_OF_TIME = 0.25;
    /** What a score takes before any was measured. */
    private static final double FIRST_COST_NANOS = 20_000;

    private static final double COST_MEMORY = 0.99;

    private static final int LATENCIES = 1_000;

    @SuppressWarnings("NullAway.Init") // Flink calls open() before the first record.
    private transient ValueState<RunState> states;

    @SuppressWarnings("NullAway.Init") // Flink calls open() before the first record.
    private transient Counter folded;

    @SuppressWarnings("NullAway.Init") // Flink calls open() before the first record.
    private transient Counter ignored;

    @SuppressWarnings("NullAway.Init") // Flink calls open() before the first record.
    private transient Histogram scoreLatency;

    /** What a score takes to compute, encode and hand to the sink; an exponential mean. */
    private transient double costNanos = FIRST_COST_NANOS;

    /** Runs whose score is due; those of before a restart are not counted, they only make it less patient. */
    private transient long due;

    @Override
    public void open(OpenContext context) {
        costNanos = FIRST_COST_NANOS;
        states = getRuntimeContext().getState(new ValueStateDescriptor<>("convergence", RunStateType.INSTANCE));
        folded = getRuntimeContext().getMetricGroup().counter("stepsFolded");
        ignored = getRuntimeContext().getMetricGroup().counter("stepsIgnored");
        getRuntimeContext().getMetricGroup().gauge("runsWaitingForScore", (Gauge<Long>) () -> due);
        scoreLatency = getRuntimeContext()
                .getMetricGroup()
                .histogram("scoreLatencyMillis", new DescriptiveStatisticsHistogram(LATENCIES));
    }

    @Override
    public void processElement(StepBatch batch, Context context, Collector<Upsert> out) throws Exception {
        RunState before = states.value();
        ConvergenceState state = before != null
                ? before.convergence()
                : ConvergenceState.start(ConvergenceSettings.forBudget(batch.budgetSteps, batch.warmupSteps));
        if (batch.told != null) {
            state = batch.told.in(state);
        } else if (state.tally().attempt() == 0) {
            state = state.judgedBy(ConvergenceSettings.forBudget(batch.budgetSteps, batch.warmupSteps));
        }
        long counted = counted(state);
        for (int i = 0; i < batch.size; i++) {
            state = state.plus(
                    batch.attempts[i],
                    batch.steps[i],
                    batch.losses[i],
                    batch.learningRates[i],
                    batch.gradientNorms[i],
                    batch.batchAccuracies[i],
                    batch.timesMillis[i]);
        }
        folded.inc(batch.size);
        ignored.inc(batch.size - (counted(state) - counted));
        boolean waits = before != null && before.scoreIsDue();
        states.update(new RunState(state, true));
        if (!waits) {
            long now = context.timerService().currentProcessingTime();
            long turn = now + Math.round(due * costNanos / SHARE_OF_TIME / 1e6);
            due++;
            // All runs of a window of time share one firing of the clock.
            context.timerService().registerProcessingTimeTimer((turn / COALESCE_MILLIS + 1) * COALESCE_MILLIS);
        }
    }

    private static long counted(ConvergenceState state) {
        return state.tally().steps() + state.tally().superseded();
    }

    @Override
    public void onTimer(long time, OnTimerContext context, Collector<Upsert> out) throws Exception {
        RunState state = states.value();
        due = Math.max(0, due - 1);
        if (state != null && state.scoreIsDue()) {
            long start = System.nanoTime();
            ConvergenceState convergence = state.convergence();
            states.update(new RunState(convergence, false));
            if (convergence.tally().attempt() == 0) {
                return; // It was told of, but has no step yet.
            }
            String runId = context.getCurrentKey();
            out.collect(Upsert.of(
                    Topics.CONVERGENCE_SCORES, runId, ConvergenceScores.of(runId, convergence.convergence())));
            costNanos = COST_MEMORY * costNanos + (1 - COST_MEMORY) * (System.nanoTime() - start);
            scoreLatency.update(context.timerService().currentProcessingTime() - convergence.timeMillis());
        }
    }
}
