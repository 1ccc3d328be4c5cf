package io.couplet.producers;

import io.couplet.producers.RecordedCurves.Column;
import io.couplet.producers.RecordedCurves.Row;
import io.couplet.producers.RecordedCurves.Run;
import io.couplet.schemas.RunId;
import io.couplet.schemas.Topic;
import io.couplet.schemas.Topics;
import io.couplet.schemas.avro.Evaluation;
import io.couplet.schemas.avro.RunEvent;
import io.couplet.schemas.avro.RunEventKind;
import io.couplet.schemas.avro.StepMetrics;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import org.apache.avro.specific.SpecificRecord;
import org.jspecify.annotations.Nullable;

/**
 * The records that the trainers of recorded curves would have sent, in the order in which they would: steps with a loss, evaluations, and a beginning and an end of each run. No run is
 * requested, so no trainer takes one up. Ids and records depend on the curves and settings only: the same file gives the same bytes.
 */
public final class CurvesReplay {

    /** More rungs than that are a mistake: each is scored on its own. */
    private static final int MOST_RUNGS = 2_000;
    /** The time between two steps of curves that have no seconds. */
    private static final double SECONDS_A_STEP = 1;

    /**
     * What the file does not say.
     *
     * @param study the study's name
     * @param startMillis when all runs began, milliseconds since the epoch
     * @param warmupSteps steps of learning-rate warm-up
     * @param schedule cosine, step or constant; null when unknown
     * @param drops with step: the first steps with a lower rate
     * @param classes number of classes; 0 when unknown
     * @param samples validation images; 0 when unknown
     * @param targetTop1 accuracy the study aims at; null for none
     * @param targetLoss validation loss it aims at; null for none
     */
    public record Settings(
            String study,
            long startMillis,
            int warmupSteps,
            @Nullable String schedule,
            List<Integer> drops,
            int classes,
            int samples,
            @Nullable Double targetTop1,
            @Nullable Double targetLoss) {

        public Settings {
            drops = List.copyOf(drops);
        }
    }

    /** Takes the records. */
    @FunctionalInterface
    public interface Recipient {
        /** @param seconds when it was recorded, since the beginning of its run */
        <T extends SpecificRecord> void take(Topic<T> topic, String runId, T record, double seconds)
                throws CurvesException, InterruptedException;
    }

    /**
     * What was handed over.
     *
     * @param rowsWithoutMetric rows of the file that made no record
     */
    public record Counts(int runs, long steps, long evaluations, long events, long rowsWithoutMetric) {}

    private final RecordedCurves curves;
    private final Settings settings;
    private final String studyId;
    private final List<Double> rungs;
    private final List<String> runIds = new ArrayList<>();

    /**
     * Prepares a replay.
     *
     * @throws CurvesException when the curves cannot be told apart in the topics, or have too many rungs
     */
    public CurvesReplay(RecordedCurves curves, Settings settings) throws CurvesException {
        this.curves = curves;
        this.settings = settings;
        this.rungs = curves.rungs();
        if (rungs.size() > MOST_RUNGS) {
            throw new CurvesException(curves.name() + " has results of validation at " + rungs.size()
                    + " fractions of the budget, more than " + MOST_RUNGS
                    + ": keep fewer of them, each is a rung that is scored on its own.");
        }
        StringBuilder identity = new StringBuilder(settings.study());
        curves.runs()
                .forEach(run ->
                        identity.append('\n').append(run.name()).append(' ').append(run.budgetSteps()));
        studyId = RunId.part(settings.study()) + '-' + digest(identity.toString());
        Map<String, String> taken = new HashMap<>();
        for (Run run : curves.runs()) {
            RunId id = new RunId(
                    studyId,
                    RunId.part(run.backbone()),
                    RunId.part(run.optimizer()),
                    run.seed(),
                    digest(studyId + '\n' + run.name()));
            String other = taken.put(id.toString(), run.name());
            if (other != null) {
                throw new CurvesException("The runs " + other + " and " + run.name()
                        + " would have the same id: call one of them differently.");
            }
            runIds.add(id.toString());
        }
    }

    /** The study the runs are of. */
    public String studyId() {
        return studyId;
    }

    /** Ids of the runs, in the order of {@link RecordedCurves#runs}. */
    public List<String> runIds() {
        return Collections.unmodifiableList(runIds);
    }

    /** The next row of a run. */
    private record Next(int run, int row, double seconds) {}

    /** Hands over everything, in the order of time. */
    public Counts replay(Recipient recipient) throws CurvesException, InterruptedException {
        PriorityQueue<Next> queue =
                new PriorityQueue<>(Comparator.comparingDouble(Next::seconds).thenComparingInt(Next::run));
        for (int run = 0; run < curves.runs().size(); run++) {
            recipient.take(
                    Topics.RUN_EVENTS,
                    runIds.get(run),
                    event(run, RunEventKind.STARTED, 0, 0)
                            .setSchedule(settings.schedule)
                            .setLearningRateDrops(settings.drops.isEmpty() ? null : settings.drops)
                            .build(),
                    0);
            queue.add(new Next(run, 0, seconds(run, 0)));
        }
        long steps = 0;
        long evaluations = 0;
        while (!queue.isEmpty()) {
            Next next = queue.remove();
            Run run = curves.runs().get(next.run);
            String runId = runIds.get(next.run);
            Row row = run.rows().get(next.row);
            if (row.given(Column.LOSS)) {
                recipient.take(Topics.STEP_METRICS, runId, step(runId, run, row, next.seconds), next.seconds);
                steps++;
            }
            if (row.isEvaluation()) {
                recipient.take(Topics.EVALUATIONS, runId, evaluation(runId, run, row, next.seconds), next.seconds);
                evaluations++;
            }
            if (next.row + 1 < run.rows().size()) {
                double after = Math.max(next.seconds, seconds(next.run, next.row + 1));
                queue.add(new Next(next.run, next.row + 1, after));
            } else {
                recipient.take(Topics.RUN_EVENTS, runId, ending(next.run, run, row.step(), next.seconds), next.seconds);
            }
        }
        int runs = curves.runs().size();
        return new Counts(runs, steps, evaluations, 2L * runs, curves.rowsWithoutMetric());
    }

    private double seconds(int run, int row) {
        Row at = curves.runs().get(run).rows().get(row);
        double given = at.get(Column.SECONDS);
        return given >= 0 && Double.isFinite(given) ? given : at.step() * SECONDS_A_STEP;
    }

    private long millis(double seconds) {
        return settings.startMillis + Math.round(1_000 * seconds);
    }

    private StepMetrics step(String runId, Run run, Row row, double seconds) {
        return StepMetrics.newBuilder()
                .setRunId(runId)
                .setAttempt(1)
                .setStep(row.step())
                .setBudgetSteps(run.budgetSteps())
                .setWarmupSteps(settings.warmupSteps)
                .setEpoch(0)
                .setLoss(row.get(Column.LOSS))
                .setLearningRate(row.get(Column.LEARNING_RATE))
                .setGradientNorm((float) row.get(Column.GRADIENT_NORM))
                .setUpdateRatio(Float.NaN)
                .setBatchAccuracy((float) row.get(Column.BATCH_ACCURACY))
                .setSamplesPerSecond(Float.NaN)
                .setTimeMillis(millis(seconds))
                .build();
    }

    private Evaluation evaluation(String runId, Run run, Row row, double seconds) {
        double fraction = RecordedCurves.fraction(row.step(), run.budgetSteps());
        return Evaluation.newBuilder()
                .setRunId(runId)
                .setStudyId(studyId)
                .setAttempt(1)
                .setBackbone(RunId.part(run.backbone()))
                .setOptimizer(RunId.part(run.optimizer()))
                .setSeed(run.seed())
                .setHyperparameterPoint(0)
                .setStep(row.step())
                .setBudgetSteps(run.budgetSteps())
                .setRung(Collections.binarySearch(rungs, fraction) + 1)
                .setRungs(rungs.size())
                .setFraction(fraction)
                .setLoss(row.given(Column.VALIDATION_LOSS) ? row.get(Column.VALIDATION_LOSS) : 0)
                .setTop1(row.get(Column.TOP1))
                .setTop5(row.get(Column.TOP5))
                .setSamples(settings.samples)
                .setClasses(settings.classes)
                .setTargetTop1(settings.targetTop1)
                .setTargetLoss(settings.targetLoss)
                .setDeviceSeconds(seconds)
                .setTimeMillis(millis(seconds))
                .build();
    }

    private RunEvent ending(int number, Run run, int step, double seconds) {
        return step >= run.budgetSteps()
                ? event(number, RunEventKind.COMPLETED, step, seconds).build()
                : event(number, RunEventKind.STOPPED, step, seconds)
                        .setReason("The recorded curve ends at step " + step + " of " + run.budgetSteps() + ".")
                        .build();
    }

    private RunEvent.Builder event(int number, RunEventKind kind, int step, double seconds) {
        Run run = curves.runs().get(number);
        return RunEvent.newBuilder()
                .setRunId(runIds.get(number))
                .setStudyId(studyId)
                .setAttempt(1)
                .setBackbone(RunId.part(run.backbone()))
                .setOptimizer(RunId.part(run.optimizer()))
                .setSeed(run.seed())
                .setHyperparameterPoint(0)
                .setKind(kind)
                .setStep(step)
                .setBudgetSteps(run.budgetSteps())
                .setWarmupSteps(settings.warmupSteps)
                .setResumedAtStep(0)
                .setStepsTrained(step)
                .setDeviceSeconds(seconds)
                .setTimeMillis(millis(seconds));
    }

    private static String digest(String text) {
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(hash, 0, 3);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("Every Java has SHA-256", e);
        }
    }
}
