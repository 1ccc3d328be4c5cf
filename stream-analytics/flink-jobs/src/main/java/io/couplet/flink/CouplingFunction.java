package io.couplet.flink;

import io.couplet.schemas.Topics;
import io.couplet.schemas.avro.Evaluation;
import io.couplet.schemas.avro.RunEvent;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.state.MapState;
import org.apache.flink.api.common.state.MapStateDescriptor;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.Histogram;
import org.apache.flink.runtime.metrics.DescriptiveStatisticsHistogram;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.util.Collector;

/**
 * Keeps what is known of a study's runs. The scores of the rungs that changed leave {@value #SHORTEST_WAIT_MILLIS} ms after the first change, later while scoring
 * takes long: the wait is {@value #WAIT_PER_COST} times as long as what the last scores took, up to {@value #LONGEST_WAIT_MILLIS} ms, so that a large study whose
 * evaluations come in crowds is scored a few times a second.
 */
final class CouplingFunction extends KeyedProcessFunction<String, StudyInput, Upsert> {

    static final long SHORTEST_WAIT_MILLIS = 10;
    static final long LONGEST_WAIT_MILLIS = 200;
    private static final int WAIT_PER_COST = 3;
    private static final int LATENCIES = 1_000;

    @SuppressWarnings("NullAway.Init") // Flink calls open() before the first record.
    private transient ValueState<StudyGrid> grids;

    @SuppressWarnings("NullAway.Init") // Flink calls open() before the first record.
    private transient MapState<String, StudyRun> runs;

    /** The rungs that changed since they were scored; 0 stands for all. */
    @SuppressWarnings("NullAway.Init") // Flink calls open() before the first record.
    private transient MapState<Integer, Boolean> changed;

    @SuppressWarnings("NullAway.Init") // Flink calls open() before the first record.
    private transient Counter ignored;

    @SuppressWarnings("NullAway.Init") // Flink calls open() before the first record.
    private transient Histogram scoreLatency;

    /** The time of the newest record of each study that waits to be scored, milliseconds since the epoch. */
    private transient Map<String, Long> newestMillis = new HashMap<>();

    private transient long waitMillis = SHORTEST_WAIT_MILLIS;

    @Override
    public void open(OpenContext context) {
        newestMillis = new HashMap<>();
        waitMillis = SHORTEST_WAIT_MILLIS;
        scoreLatency = getRuntimeContext()
                .getMetricGroup()
                .histogram("scoreLatencyMillis", new DescriptiveStatisticsHistogram(LATENCIES));
        grids = getRuntimeContext().getState(new ValueStateDescriptor<>("grid", TypeInformation.of(StudyGrid.class)));
        runs = getRuntimeContext()
                .getMapState(new MapStateDescriptor<>("runs", Types.STRING, TypeInformation.of(StudyRun.class)));
        changed = getRuntimeContext().getMapState(new MapStateDescriptor<>("changed", Types.INT, Types.BOOLEAN));
        ignored = getRuntimeContext().getMetricGroup().counter("evaluationsIgnored");
    }

    @Override
    public void processElement(StudyInput input, Context context, Collector<Upsert> out) throws Exception {
        StudyGrid grid = grids.value() == null ? StudyGrid.EMPTY : grids.value();
        boolean waits = !changed.isEmpty();
        if (input.topic().equals(Topics.RUN_REQUESTS.name())) {
            grids.update(grid.plus(Topics.RUN_REQUESTS.wire().decode(input.value())));
            changed.put(0, true);
        } else if (input.topic().equals(Topics.RUN_EVENTS.name())) {
            RunEvent event = Topics.RUN_EVENTS.wire().decode(input.value());
            grids.update(grid.plus(event));
            put(event);
            newestMillis.merge(input.studyId(), event.getTimeMillis(), Math::max);
        } else {
            Evaluation evaluation = Topics.EVALUATIONS.wire().decode(input.value());
            grids.update(grid.plus(evaluation));
            put(evaluation);
            newestMillis.merge(input.studyId(), evaluation.getTimeMillis(), Math::max);
        }
        if (!waits) {
            context.timerService()
                    .registerProcessingTimeTimer(context.timerService().currentProcessingTime() + waitMillis);
        }
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
        // Points that a pairing has tried count at every rung.
        boolean newest = next.resumedAt().length == evaluation.getAttempt()
                && next.resumedAt().length == run.resumedAt().length
                && Double.compare(next.learningRate(), run.learningRate()) == 0
                && Double.compare(next.weightDecay(), run.weightDecay()) == 0;
        changed.put(newest ? evaluation.getRung() : 0, true);
    }

    @Override
    public void onTimer(long time, OnTimerContext context, Collector<Upsert> out) throws Exception {
        StudyGrid grid = grids.value();
        if (grid == null) {
            return;
        }
        boolean all = changed.contains(0);
        long begin = System.nanoTime();
        List<StudyRun> known = new ArrayList<>();
        runs.values().forEach(known::add);
        for (int rung = 1; rung <= grid.rungs(); rung++) {
            if (all || changed.contains(rung)) {
                StudyScores.at(context.getCurrentKey(), rung, grid, known)
                        .ifPresent(scores -> scores.upserts().forEach(out::collect));
            }
        }
        changed.clear();
        long cost = Math.round((System.nanoTime() - begin) / 1e6);
        waitMillis = Math.max(SHORTEST_WAIT_MILLIS, Math.min(LONGEST_WAIT_MILLIS, WAIT_PER_COST * cost));
        Long newest = newestMillis.remove(context.getCurrentKey());
        if (newest != null) {
            scoreLatency.update(context.timerService().currentProcessingTime() - newest);
        }
    }
}
