package io.couplet.flink;

import io.couplet.schemas.Topics;
import io.couplet.schemas.avro.Evaluation;
import io.couplet.schemas.avro.RunEvent;
import io.couplet.schemas.avro.RunEventKind;
import io.couplet.schemas.avro.RunRequest;
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
            RunRequest request = Topics.RUN_REQUESTS.wire().decode(input.value());
            grids.update(grid.plus(request));
            put(request);
        } else if (input.topic().equals(Topics.RUN_EVENTS.name())) {
            RunEvent event = Topics.RUN_EVENTS.wire().decode(input.value());
            grids.update(grid.plus(event));
            put(event);
            changedAt(input.studyId(), event.getTimeMillis());
        } else {
            Evaluation evaluation = Topics.EVALUATIONS.wire().decode(input.value());
            grids.update(grid.plus(evaluation));
            put(evaluation);
            changedAt(input.studyId(), evaluation.getTimeMillis());
        }
        if (!waits && !changed.isEmpty()) {
            context.timerService()
                    .registerProcessingTimeTimer(context.timerService().currentProcessingTime() + waitMillis);
        }
    }

    private void changedAt(String studyId, long millis) throws Exception {
        if (!changed.isEmpty()) {
            newestMillis.merge(studyId, millis, Math::max);
        }
    }

    /** A run that is asked for is known to be unended from then on. */
    private void put(RunRequest request) throws Exception {
        if (!runs.contains(request.getRunId())) {
            runs.put(
                    request.getRunId(),
                    StudyRun.start(
                            request.getRunId(),
                            request.getBackbone(),
                            request.getOptimizer(),
                            request.getSeed(),
                            request.getHyperparameterPoint()));
        }
        changed.put(0, true);
    }

    private void put(RunEvent event) throws Exception {
        if (event.getKind() == RunEventKind.PREPARING) {
            return; // between trainers
        }
        StudyRun run = runs.get(event.getRunId());
        if (run == null) {
            run = StudyRun.start(
                    event.getRunId(),
                    event.getBackbone(),
                    event.getOptimizer(),
                    event.getSeed(),
                    event.getHyperparameterPoint());
        }
        StudyRun next = run.plus(event);
        runs.put(event.getRunId(), next);
        if (event.getKind() != RunEventKind.CHECKPOINTED || countsEverywhere(event.getAttempt(), run, next)) {
            changed.put(0, true);
        }
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
        changed.put(countsEverywhere(evaluation.getAttempt(), run, next) ? 0 : evaluation.getRung(), true);
    }

    /**
     * Whether what a record told of an attempt counts at every rung: a new attempt can take back an ending, more seconds of an earlier one count for a later one, and so do points that a
     * pairing has tried.
     */
    private static boolean countsEverywhere(int attempt, StudyRun before, StudyRun after) {
        return after.resumedAt().length != attempt
                || after.resumedAt().length != before.resumedAt().length
                || Double.compare(after.learningRate(), before.learningRate()) != 0
                || Double.compare(after.weightDecay(), before.weightDecay()) != 0;
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
