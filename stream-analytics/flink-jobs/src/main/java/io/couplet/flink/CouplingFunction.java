package io.couplet.flink;

import io.couplet.schemas.Topics;
import io.couplet.schemas.avro.Evaluation;
import io.couplet.schemas.avro.RunEvent;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.state.MapState;
import org.apache.flink.api.common.state.MapStateDescriptor;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.metrics.Counter;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.util.Collector;

/** Keeps what is known of a study's runs; every rung's scores leave {@value #COALESCE_MILLIS} ms after the first change, at the latest. */
final class CouplingFunction extends KeyedProcessFunction<String, StudyInput, Upsert> {

    static final long COALESCE_MILLIS = 200;

    @SuppressWarnings("NullAway.Init") // Flink calls open() before the first record.
    private transient ValueState<StudyGrid> grids;

    @SuppressWarnings("NullAway.Init") // Flink calls open() before the first record.
    private transient MapState<String, StudyRun> runs;

    /** The rungs that changed since they were scored; 0 stands for all. */
    @SuppressWarnings("NullAway.Init") // Flink calls open() before the first record.
    private transient MapState<Integer, Boolean> changed;

    @SuppressWarnings("NullAway.Init") // Flink calls open() before the first record.
    private transient Counter ignored;

    @Override
    public void open(OpenContext context) {
        grids = getRuntimeContext().getState(new ValueStateDescriptor<>("grid", TypeInformation.of(StudyGrid.class)));
        runs = getRuntimeContext()
                .getMapState(new MapStateDescriptor<>("runs", Types.STRING, TypeInformation.of(StudyRun.class)));
        changed = getRuntimeContext().getMapState(new MapStateDescriptor<>("changed", Types.INT, Types.BOOLEAN));
        ignored = getRuntimeContext().getMetricGroup().counter("evaluationsIgnored");
    }

    @Override
    public void processElement(StudyInput input, Context context, Collector<Upsert> out) throws Exception {
        StudyGrid grid = grids.value() == null ? StudyGrid.EMPTY : grids.value();
        if (input.topic().equals(Topics.RUN_REQUESTS.name())) {
            grids.update(grid.plus(Topics.RUN_REQUESTS.wire().decode(input.value())));
            changed.put(0, true);
        } else if (input.topic().equals(Topics.RUN_EVENTS.name())) {
            RunEvent event = Topics.RUN_EVENTS.wire().decode(input.value());
            grids.update(grid.plus(event));
            put(event);
        } else {
            Evaluation evaluation = Topics.EVALUATIONS.wire().decode(input.value());
            grids.update(grid.plus(evaluation));
            put(evaluation);
        }
        long now = context.timerService().currentProcessingTime();
        context.timerService().registerProcessingTimeTimer((now / COALESCE_MILLIS + 1) * COALESCE_MILLIS);
    }

    private void put(RunEvent event) throws Exception {
        StudyRun run = runs.get(event.getRunId());
        if (run == null) {
            run = StudyRun.start(
                    event.getRunId(),
                    event.getBackbone(),
                    event.getOptimizer(),
                    event.getSeed(),
                    event.getHyperparameterPoint());
        }
        runs.put(event.getRunId(), run.plus(event));
        changed.put(0, true);
    }

    private void put(Evaluation evaluation) throws Exception {
        StudyRun run = runs.get(evaluation.getRunId());
        if (run == null) {
            run = StudyRun.start(
                    evaluation.getRunId(),
                    evaluation.getBackbone(),
                    evaluation.getOptimizer(),
                    evaluation.getSeed(),
                    evaluation.getHyperparameterPoint());
        }
        if (run.ignores(evaluation)) {
            ignored.inc();
        }
        StudyRun next = run.plus(evaluation);
        runs.put(evaluation.getRunId(), next);
        // A new attempt can take back an ending, and more seconds of an earlier one count at every rung of a later one.
        boolean newest =
                next.resumedAt().length == evaluation.getAttempt() && next.resumedAt().length == run.resumedAt().length;
        changed.put(newest ? evaluation.getRung() : 0, true);
    }

    @Override
    public void onTimer(long time, OnTimerContext context, Collector<Upsert> out) throws Exception {
        StudyGrid grid = grids.value();
        if (grid == null) {
            return;
        }
        boolean all = changed.contains(0);
        List<StudyRun> known = new ArrayList<>();
        runs.values().forEach(known::add);
        for (int rung = 1; rung <= grid.rungs(); rung++) {
            if (all || changed.contains(rung)) {
                StudyScores.at(context.getCurrentKey(), rung, grid, known)
                        .ifPresent(scores -> scores.upserts().forEach(out::collect));
            }
        }
        changed.clear();
    }
}
