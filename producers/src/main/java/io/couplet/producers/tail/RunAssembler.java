package io.couplet.producers.tail;

import io.couplet.producers.RecordedCurves.Column;
import io.couplet.schemas.RunId;
import io.couplet.schemas.Topic;
import io.couplet.schemas.Topics;
import io.couplet.schemas.avro.Evaluation;
import io.couplet.schemas.avro.RunEvent;
import io.couplet.schemas.avro.RunEventKind;
import io.couplet.schemas.avro.StepMetrics;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.avro.specific.SpecificRecord;
import org.jspecify.annotations.Nullable;

/**
 * Makes the records of a run out of its log's entries: a step of training from one with a loss, an evaluation from one with a validation accuracy, a new attempt when training goes back,
 * a beginning and an end.
 *
 * <p>A log whose training begins with step 0 is shifted by one, since Couplet counts the updates made; an accuracy at step 0 before any training is none of a trained network, and left out. An
 * accuracy that stands at a lower step than training has reached was counted in epochs, as mmengine and many others do; it belongs to the newest step, or, when the steps of an epoch are given, to
 * the end of its epoch. Epochs that begin with 0 are shifted by one.
 */
final class RunAssembler {

    /** A record on its way. */
    record Message<T extends SpecificRecord>(Topic<T> topic, String key, T value) {}

    /** Why an entry, or a part of it, made no record. */
    enum LeftOut {
        /** Neither a loss nor a validation accuracy. */
        WITHOUT_METRIC,
        /** The step was sent before. */
        REPEATED,
        /** The evaluation lies between two rungs, or before the first step. */
        BETWEEN_RUNGS
    }

    /**
     * What became of an entry.
     *
     * @param run the run after it
     * @param rungs evaluations of a whole run, as known now
     * @param problem why it was not sent, when something is wrong with it; null mostly
     */
    record Outcome(
            RunState run,
            int rungs,
            List<Message<?>> messages,
            Set<LeftOut> leftOut,
            @Nullable String problem) {}

    private static final String EPOCH = "epoch";

    private final TailSettings settings;
    private final MetricNames names;

    RunAssembler(TailSettings settings) {
        this.settings = settings;
        this.names = new MetricNames(settings.columns());
    }

    /** Takes an entry; now is when it was read, for logs that do not say when they were written. */
    Outcome accept(RunState before, int rungs, LogEntry entry, long now) {
        Map<Column, Double> metrics = names.metrics(entry.values());
        boolean training = metrics.containsKey(Column.LOSS);
        boolean evaluation = metrics.containsKey(Column.TOP1);
        Long counted = entry.step() == null ? epoch(entry) : entry.step();
        if (!training && !evaluation || counted == null) {
            return new Outcome(before, rungs, List.of(), EnumSet.of(LeftOut.WITHOUT_METRIC), null);
        }
        Draft draft = new Draft(before, rungs, entry, metrics, now);
        long step = draft.step(counted, training);
        if (step == 0) {
            return new Outcome(before, rungs, List.of(), EnumSet.of(LeftOut.BETWEEN_RUNGS), null);
        }
        String problem = draft.scale(accuraciesInPercent(before, metrics));
        if (problem != null) {
            return new Outcome(before, rungs, List.of(), Set.of(), problem);
        }
        if (step > before.budgetSteps()) {
            return new Outcome(
                    before,
                    rungs,
                    List.of(),
                    Set.of(),
                    "step " + step + " is beyond the run's budget of " + before.budgetSteps()
                            + " steps, which stays what it was when the run began: send the log anew with a larger --budget and another --study");
        }
        if (training) {
            draft.train((int) step);
        }
        if (evaluation) {
            draft.evaluate((int) step);
        }
        return draft.outcome();
    }

    /**
     * The end of a run whose log has ended; nothing when it was sent before or nothing was sent at all.
     *
     * @param complete only when the whole budget is trained
     */
    Outcome end(RunState before, int rungs, long now, boolean complete) {
        // An evaluation beyond the newest logged step says that training got there; while a log may grow, that step
        // itself may still come.
        int reached = complete ? before.lastStep() : Math.max(before.lastStep(), before.evaluatedStep());
        boolean whole = reached >= before.budgetSteps();
        if (before.ended() || before.attempt() == 0 || complete && !whole) {
            return new Outcome(before, rungs, List.of(), Set.of(), null);
        }
        Draft draft = new Draft(before, rungs, new LogEntry(0, null, Map.of(), Map.of(), 0), Map.of(), now);
        draft.end(whole);
        return draft.outcome();
    }

    private static @Nullable Long epoch(LogEntry entry) {
        Double epoch = entry.values().get(EPOCH);
        return epoch == null || epoch < 0 || epoch != Math.rint(epoch) ? null : (Long) (long) (double) epoch;
    }

    private @Nullable Boolean accuraciesInPercent(RunState run, Map<Column, Double> metrics) {
        if (settings.accuraciesInPercent() != null || run.percent() != null) {
            return settings.accuraciesInPercent() == null ? run.percent() : settings.accuraciesInPercent();
        }
        Boolean percent = null;
        for (Column column : List.of(Column.BATCH_ACCURACY, Column.TOP1, Column.TOP5)) {
            Double value = metrics.get(column);
            if (value != null) {
                percent = (percent != null && percent) || value > 1;
            }
        }
        return percent;
    }

    /** One entry at work. */
    private final class Draft {
        private RunState run;
        private int rungs;
        private final LogEntry entry;
        private final Map<Column, Double> metrics;
        private final long now;
        private final long millis;
        private final List<Message<?>> messages = new ArrayList<>();
        private final Set<LeftOut> leftOut = EnumSet.noneOf(LeftOut.class);

        Draft(RunState run, int rungs, LogEntry entry, Map<Column, Double> metrics, long now) {
            this.run = run;
            this.rungs = rungs;
            this.entry = entry;
            this.metrics = metrics;
            this.now = now;
            this.millis = entry.millis() == 0 ? now : entry.millis();
        }

        Outcome outcome() {
            return new Outcome(run, rungs, List.copyOf(messages), leftOut, null);
        }

        /** Turns accuracies into fractions; a sentence when one is none. */
        @Nullable
        String scale(@Nullable Boolean percent) {
            if (percent == null) {
                return null;
            }
            for (Column column : List.of(Column.BATCH_ACCURACY, Column.TOP1, Column.TOP5)) {
                Double value = metrics.get(column);
                if (value == null) {
                    continue;
                }
                double fraction = value / (percent ? 100 : 1);
                if (fraction < 0 || fraction > 1) {
                    return column.heading() + " is " + value + ", no accuracy in "
                            + (percent ? "percent" : "fractions, as the run's first one was taken") + ": say --unit "
                            + (percent ? "fraction" : "percent") + ", or which number is meant with --column";
                }
                metrics.put(column, fraction);
            }
            run = run.withPercent(percent);
            return null;
        }

        /** The updates made; 0 for an evaluation before the first one. */
        long step(long counted, boolean training) {
            boolean byEpoch = entry.step() == null;
            int first = counted == 0 ? 1 : 0;
            if (!byEpoch) {
                int shift = run.shift() != null ? run.shift() : training ? first : 0;
                if (training) {
                    run = run.withShift(shift);
                }
                if (training || counted + shift >= run.lastStep()) {
                    return counted + shift;
                }
            }
            int shift = run.epochShift() != null ? run.epochShift() : first;
            run = run.withEpochShift(shift);
            long stepsOfEpochs = (counted + shift) * Math.max(1, settings.stepsPerEpoch());
            if (byEpoch) {
                return stepsOfEpochs;
            }
            return settings.stepsPerEpoch() > 0 ? Math.min(stepsOfEpochs, run.lastStep()) : run.lastStep();
        }

        void train(int step) {
            if (run.attempt() > 0 && step == run.lastStep()) {
                leftOut.add(LeftOut.REPEATED);
                return;
            }
            if (run.attempt() == 0 || run.ended() || step < run.lastStep()) {
                begin(run.attempt() == 0 ? 0 : Math.min(step - 1, run.lastStep()));
            }
            int before = run.lastStep();
            run = run.trained(step, seconds(step - before));
            send(
                    Topics.STEP_METRICS,
                    StepMetrics.newBuilder()
                            .setRunId(run.runId())
                            .setAttempt(run.attempt())
                            .setStep(step)
                            .setBudgetSteps(run.budgetSteps())
                            .setWarmupSteps(settings.warmupSteps())
                            .setEpoch((float) epochs())
                            .setLoss(number(Column.LOSS))
                            .setLearningRate(number(Column.LEARNING_RATE))
                            .setGradientNorm((float) number(Column.GRADIENT_NORM))
                            .setUpdateRatio(Float.NaN)
                            .setBatchAccuracy((float) number(Column.BATCH_ACCURACY))
                            .setSamplesPerSecond(Float.NaN)
                            .setTimeMillis(millis)
                            .build());
        }

        private double epochs() {
            double epoch = entry.values().getOrDefault(EPOCH, 0.0);
            return Double.isFinite(epoch) ? epoch : 0;
        }

        /** Seconds of the attempt: as logged, by the log's clock, by the seconds of an iteration as mmengine logs them, or by the reader's clock. */
        private double seconds(int steps) {
            Double logged = metrics.get(Column.SECONDS);
            if (logged != null && logged >= 0 && Double.isFinite(logged)) {
                return logged;
            }
            if (entry.millis() > 0) {
                return Math.max(run.deviceSeconds(), (entry.millis() - run.beginMillis()) / 1e3);
            }
            Double each = entry.values().containsKey("train/time")
                    ? entry.values().get("train/time")
                    : entry.values().get("time");
            if (each != null && each > 0 && Double.isFinite(each) && metrics.containsKey(Column.LOSS)) {
                return run.deviceSeconds() + each * steps;
            }
            return metrics.containsKey(Column.LOSS)
                    ? Math.max(run.deviceSeconds(), (now - run.beginMillis()) / 1e3)
                    : run.deviceSeconds();
        }

        private double number(Column column) {
            return metrics.getOrDefault(column, Double.NaN);
        }

        private void begin(int after) {
            int reached = rungs == 0 ? 0 : (int) ((long) rungs * after / run.budgetSteps());
            run = run.resumedAt(after, Math.min(run.lastRung(), reached), millis);
            RunEvent.Builder event = event(after == 0 ? RunEventKind.STARTED : RunEventKind.RESUMED)
                    .setResumedAtStep(after)
                    .setSchedule(settings.schedule())
                    .setLearningRateDrops(settings.drops().isEmpty() ? null : settings.drops());
            send(Topics.RUN_EVENTS, event.build());
        }

        void end(boolean whole) {
            run = run.over();
            RunEvent.Builder event = event(whole ? RunEventKind.COMPLETED : RunEventKind.STOPPED);
            if (!whole) {
                event.setReason("The log ends at step " + Math.max(run.lastStep(), run.evaluatedStep()) + " of "
                        + run.budgetSteps() + ".");
            }
            send(Topics.RUN_EVENTS, event.build());
        }

        void evaluate(int step) {
            if (rungs == 0) {
                rungs = settings.rungs() > 0
                        ? settings.rungs()
                        : (int) Math.max(
                                1, Math.min(TailSettings.MOST_RUNGS, Math.round((double) run.budgetSteps() / step)));
            }
            int rung = (int) Math.round((double) rungs * step / run.budgetSteps());
            if (rung <= run.lastRung()) {
                leftOut.add(LeftOut.BETWEEN_RUNGS);
                return;
            }
            if (run.attempt() == 0) {
                begin(0);
            }
            RunId id = RunId.parse(run.runId());
            run = run.evaluated(step, rung, seconds(0));
            send(
                    Topics.EVALUATIONS,
                    Evaluation.newBuilder()
                            .setRunId(run.runId())
                            .setStudyId(id.studyId())
                            .setAttempt(run.attempt())
                            .setBackbone(id.backbone())
                            .setOptimizer(id.optimizer())
                            .setSeed(id.seed())
                            .setHyperparameterPoint(0)
                            .setStep(step)
                            .setBudgetSteps(run.budgetSteps())
                            .setRung(rung)
                            .setRungs(rungs)
                            .setFraction((double) rung / rungs)
                            .setLoss(metrics.getOrDefault(Column.VALIDATION_LOSS, 0.0))
                            .setTop1(number(Column.TOP1))
                            .setTop5(number(Column.TOP5))
                            .setSamples(settings.samples())
                            .setClasses(settings.classes())
                            .setDeviceSeconds(run.deviceSeconds())
                            .setTimeMillis(millis)
                            .build());
        }

        private RunEvent.Builder event(RunEventKind kind) {
            RunId id = RunId.parse(run.runId());
            return RunEvent.newBuilder()
                    .setRunId(run.runId())
                    .setStudyId(id.studyId())
                    .setAttempt(run.attempt())
                    .setBackbone(id.backbone())
                    .setOptimizer(id.optimizer())
                    .setSeed(id.seed())
                    .setHyperparameterPoint(0)
                    .setKind(kind)
                    .setStep(run.lastStep())
                    .setBudgetSteps(run.budgetSteps())
                    .setWarmupSteps(settings.warmupSteps())
                    .setResumedAtStep(0)
                    .setStepsTrained(run.stepsTrained())
                    .setDeviceSeconds(run.deviceSeconds())
                    .setTimeMillis(millis);
        }

        private <T extends SpecificRecord> void send(Topic<T> topic, T record) {
            messages.add(new Message<>(topic, run.runId(), record));
        }
    }
}
