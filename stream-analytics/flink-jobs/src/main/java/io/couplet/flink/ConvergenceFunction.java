package io.couplet.flink;

import io.couplet.schemas.Topics;
import io.couplet.scores.convergence.ConvergenceSettings;
import io.couplet.scores.convergence.ConvergenceState;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.metrics.Counter;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.util.Collector;

/** Folds a run's steps; its score leaves {@value #COALESCE_MILLIS} ms after the first step that changed it, at the latest. */
final class ConvergenceFunction extends KeyedProcessFunction<String, Step, Upsert> {

    static final long COALESCE_MILLIS = 10;

    @SuppressWarnings("NullAway.Init") // Flink calls open() before the first record.
    private transient ValueState<ConvergenceState> states;

    @SuppressWarnings("NullAway.Init") // Flink calls open() before the first record.
    private transient Counter ignored;

    @Override
    public void open(OpenContext context) {
        states = getRuntimeContext()
                .getState(new ValueStateDescriptor<>("convergence", TypeInformation.of(ConvergenceState.class)));
        ignored = getRuntimeContext().getMetricGroup().counter("stepsIgnored");
    }

    @Override
    public void processElement(Step step, Context context, Collector<Upsert> out) throws Exception {
        ConvergenceState state = states.value();
        if (state == null) {
            state = ConvergenceState.start(ConvergenceSettings.forBudget(step.budgetSteps(), step.warmupSteps()));
        }
        ConvergenceState next = state.plus(
                step.attempt(),
                step.step(),
                step.loss(),
                step.learningRate(),
                step.gradientNorm(),
                step.batchAccuracy(),
                step.timeMillis());
        if (next.tally().steps() + next.tally().superseded()
                == state.tally().steps() + state.tally().superseded()) {
            ignored.inc();
        }
        states.update(next);
        // All steps of a window of time share one timer: Flink keeps a timer of the same key and time once.
        long now = context.timerService().currentProcessingTime();
        context.timerService().registerProcessingTimeTimer((now / COALESCE_MILLIS + 1) * COALESCE_MILLIS);
    }

    @Override
    public void onTimer(long time, OnTimerContext context, Collector<Upsert> out) throws Exception {
        ConvergenceState state = states.value();
        if (state != null) {
            String runId = context.getCurrentKey();
            out.collect(Upsert.of(Topics.CONVERGENCE_SCORES, runId, ConvergenceScores.of(runId, state.convergence())));
        }
    }
}
