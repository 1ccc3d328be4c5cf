package io.couplet.flink;

import io.couplet.schemas.RunId;
import io.couplet.schemas.avro.Evaluation;
import io.couplet.schemas.avro.RunEvent;
import io.couplet.schemas.avro.RunEventKind;
import java.util.Arrays;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What is known of one run of a study; the same whatever order its records come in, and however often.
 *
 * <p>Arrays of rungs are indexed by rung − 1, arrays of attempts by attempt − 1; both grow as needed. A trainer that died leaves no ending: a later attempt
 * supersedes all that an earlier one did after the step it resumed at.
 *
 * @param runId the run
 * @param backbone its backbone
 * @param optimizer its optimizer
 * @param seed its seed
 * @param point its hyper-parameter point
 * @param learningRate peak learning rate; NaN while unknown
 * @param weightDecay weight decay; NaN while unknown
 * @param resumedAt step each attempt took up at; −1 while unknown
 * @param attemptSeconds device seconds of each attempt as far as known
 * @param evaluatedBy the latest attempt that evaluated each rung; 0 for none
 * @param evaluatedAt the step at which it did
 * @param accuracies top-1 of each rung, a fraction
 * @param finite whether the validation loss of each rung was finite
 * @param reached whether each rung's evaluation reached the study's target
 * @param seconds device seconds of that attempt up to each rung
 * @param times time of each rung's evaluation, milliseconds since the epoch
 * @param endAttempt the latest attempt that ended; 0 for none
 * @param endKind how it ended
 * @param endStep its last step
 * @param endMillis when, milliseconds since the epoch
 */
public record StudyRun(
        String runId,
        String backbone,
        String optimizer,
        long seed,
        int point,
        double learningRate,
        double weightDecay,
        int[] resumedAt,
        double[] attemptSeconds,
        int[] evaluatedBy,
        int[] evaluatedAt,
        double[] accuracies,
        boolean[] finite,
        boolean[] reached,
        double[] seconds,
        long[] times,
        int endAttempt,
        Ending endKind,
        int endStep,
        long endMillis) {

    private static final int MOST_ATTEMPTS = 100_000;
    private static final int MOST_RUNGS = 100_000;

    /** How an attempt ended. */
    public enum Ending {
        NONE,
        COMPLETED,
        STOPPED,
        DIVERGED,
        FAILED
    }

    /** A run with what it has at one rung. */
    record AtRung(StudyRun run, double accuracy, boolean diverged, double deviceSeconds, long timeMillis) {}

    static StudyRun start(String runId, String backbone, String optimizer, long seed, int point) {
        return new StudyRun(
                runId,
                backbone,
                optimizer,
                seed,
                point,
                Double.NaN,
                Double.NaN,
                new int[0],
                new double[0],
                new int[0],
                new int[0],
                new double[0],
                new boolean[0],
                new boolean[0],
                new double[0],
                new long[0],
                0,
                Ending.NONE,
                0,
                0);
    }

    /** Refuses with one sentence what could not be scored, or would take memory without end: arrays are as long as attempts and rungs are many. */
    static void check(Evaluation evaluation) {
        RunId.parse(evaluation.getRunId());
        check(evaluation.getAttempt());
        require(
                evaluation.getRungs() <= MOST_RUNGS,
                "rungs must be at most " + MOST_RUNGS + ", were " + evaluation.getRungs());
        require(evaluation.getStep() >= 1, "step must be at least 1, was " + evaluation.getStep());
        require(
                evaluation.getRung() >= 1 && evaluation.getRung() <= evaluation.getRungs(),
                "rung must lie in 1 to " + evaluation.getRungs() + ", was " + evaluation.getRung());
        require(
                evaluation.getFraction() > 0 && evaluation.getFraction() <= 1,
                "fraction must lie in (0, 1], was " + evaluation.getFraction());
        boolean usable = evaluation.getTop1() >= 0 && evaluation.getTop1() <= 1;
        require(
                usable || !Double.isFinite(evaluation.getLoss()),
                "top1 must be a fraction in [0, 1], was " + evaluation.getTop1());
    }

    /** The same, and with it what the convergence job takes out of an event, so that what one of the jobs refuses the other one does, too. */
    static void check(RunEvent event) {
        RunId.parse(event.getRunId());
        check(event.getAttempt());
        require(event.getStep() >= 0, "step must not be negative, was " + event.getStep());
        Told.Scheduled.of(event);
    }

    private static void check(int attempt) {
        require(
                attempt >= 1 && attempt <= MOST_ATTEMPTS,
                "attempt must lie in 1 to " + MOST_ATTEMPTS + ", was " + attempt);
    }

    private static void require(boolean holds, String message) {
        if (!holds) {
            throw new IllegalArgumentException(message);
        }
    }

    /** True when the rung was already evaluated by this attempt or a later one. */
    boolean ignores(Evaluation evaluation) {
        int rung = evaluation.getRung() - 1;
        return rung < evaluatedBy.length && evaluatedBy[rung] >= evaluation.getAttempt();
    }

    /** The run with one more evaluation; one that it {@link #ignores} only tells of its attempt and the seconds that took. */
    StudyRun plus(Evaluation evaluation) {
        int attempt = evaluation.getAttempt();
        StudyRun heard = hearing(
                attempt, -1, evaluation.getDeviceSeconds(), evaluation.getLearningRate(), evaluation.getWeightDecay());
        return ignores(evaluation) ? heard : heard.evaluated(evaluation);
    }

    private StudyRun evaluated(Evaluation evaluation) {
        int rung = evaluation.getRung() - 1;
        int rungs = Math.max(evaluatedBy.length, evaluation.getRungs());
        int[] by = Arrays.copyOf(evaluatedBy, rungs);
        int[] at = Arrays.copyOf(evaluatedAt, rungs);
        double[] accuracy = Arrays.copyOf(accuracies, rungs);
        boolean[] isFinite = Arrays.copyOf(finite, rungs);
        boolean[] atTarget = Arrays.copyOf(reached, rungs);
        double[] spent = Arrays.copyOf(seconds, rungs);
        long[] when = Arrays.copyOf(times, rungs);
        by[rung] = evaluation.getAttempt();
        at[rung] = evaluation.getStep();
        accuracy[rung] = evaluation.getTop1();
        isFinite[rung] = Double.isFinite(evaluation.getLoss());
        atTarget[rung] = Told.reaches(evaluation);
        spent[rung] = evaluation.getDeviceSeconds();
        when[rung] = evaluation.getTimeMillis();
        return new StudyRun(
                runId,
                backbone,
                optimizer,
                seed,
                point,
                learningRate,
                weightDecay,
                resumedAt,
                attemptSeconds,
                by,
                at,
                accuracy,
                isFinite,
                atTarget,
                spent,
                when,
                endAttempt,
                endKind,
                endStep,
                endMillis);
    }

    /** The run with one more event. */
    StudyRun plus(RunEvent event) {
        int attempt = Math.max(1, event.getAttempt());
        boolean begins = event.getKind() == RunEventKind.STARTED || event.getKind() == RunEventKind.RESUMED;
        StudyRun heard = hearing(
                attempt,
                begins ? event.getResumedAtStep() : -1,
                event.getDeviceSeconds(),
                event.getLearningRate(),
                event.getWeightDecay());
        Ending ending = ending(event.getKind());
        return ending == Ending.NONE || attempt <= endAttempt
                ? heard
                : heard.ended(attempt, ending, event.getStep(), event.getTimeMillis());
    }

    private StudyRun ended(int attempt, Ending kind, int step, long millis) {
        return new StudyRun(
                runId,
                backbone,
                optimizer,
                seed,
                point,
                learningRate,
                weightDecay,
                resumedAt,
                attemptSeconds,
                evaluatedBy,
                evaluatedAt,
                accuracies,
                finite,
                reached,
                seconds,
                times,
                attempt,
                kind,
                step,
                millis);
    }

    /** What every record tells: that the attempt exists, where it took up (−1 when it does not say), what it has spent, its hyper-parameters. */
    private StudyRun hearing(
            int attempt, int resumedAtStep, double spent, @Nullable Double rate, @Nullable Double decay) {
        return new StudyRun(
                runId,
                backbone,
                optimizer,
                seed,
                point,
                rate == null ? learningRate : rate,
                decay == null ? weightDecay : decay,
                withAttempt(attempt, resumedAtStep),
                withSeconds(attempt, spent),
                evaluatedBy,
                evaluatedAt,
                accuracies,
                finite,
                reached,
                seconds,
                times,
                endAttempt,
                endKind,
                endStep,
                endMillis);
    }

    private static Ending ending(RunEventKind kind) {
        return switch (kind) {
            case COMPLETED -> Ending.COMPLETED;
            case STOPPED -> Ending.STOPPED;
            case DIVERGED -> Ending.DIVERGED;
            case FAILED -> Ending.FAILED;
            case UNKNOWN, PREPARING, STARTED, RESUMED, CHECKPOINTED, RELEASED -> Ending.NONE;
        };
    }

    /**
     * What the run has at a rung: its accuracy, or that it diverged before it could have one; empty while it has neither. What a later attempt has
     * superseded stands until that attempt has something of its own there, so that no cell that was once published has to be taken back.
     */
    Optional<AtRung> at(int rung, long rungStep) {
        int index = rung - 1;
        boolean diverged = endKind == Ending.DIVERGED && hasEnded() && rungStep >= endStep;
        if (isEvaluatedAt(rung) && !(diverged && superseded(index))) {
            double spent = secondsBefore(evaluatedBy[index]) + seconds[index];
            return Optional.of(new AtRung(this, accuracies[index], !finite[index], spent, times[index]));
        }
        return diverged
                ? Optional.of(new AtRung(this, Double.NaN, true, secondsBefore(endAttempt + 1), endMillis))
                : Optional.empty();
    }

    /**
     * The first evaluation up to a rung that reached the study's target; empty when none did.
     *
     * @param steps its step
     * @param deviceSeconds seconds of all attempts up to it
     */
    record Reached(int steps, double deviceSeconds) {}

    /** When the run reached the study's target, as far as it was evaluated up to a rung. */
    Optional<Reached> targetReachedBy(int rung) {
        for (int i = 0; i < Math.min(rung, reached.length); i++) {
            if (reached[i]) {
                return Optional.of(new Reached(evaluatedAt[i], secondsBefore(evaluatedBy[i]) + seconds[i]));
            }
        }
        return Optional.empty();
    }

    private boolean superseded(int index) {
        for (int later = evaluatedBy[index]; later < resumedAt.length; later++) {
            if (resumedAt[later] >= 0 && resumedAt[later] < evaluatedAt[index] && !cameToNothing(later)) {
                return true;
            }
        }
        return false;
    }

    /** Whether an attempt is known to have ended before a step of its own: it took nothing over. */
    private boolean cameToNothing(int index) {
        return index + 1 == endAttempt && endStep <= resumedAt[index];
    }

    /** True when some attempt was evaluated at the rung. */
    boolean isEvaluatedAt(int rung) {
        return rung <= evaluatedBy.length && evaluatedBy[rung - 1] > 0;
    }

    /** True when the newest attempt ended. */
    boolean hasEnded() {
        return endAttempt > 0 && endAttempt == resumedAt.length;
    }

    private double secondsBefore(int attempt) {
        double sum = 0;
        for (int i = 0; i < Math.min(attempt - 1, attemptSeconds.length); i++) {
            sum += attemptSeconds[i];
        }
        return sum;
    }

    private int[] withAttempt(int attempt, int step) {
        if (attempt <= resumedAt.length && (step < 0 || resumedAt[attempt - 1] == step)) {
            return resumedAt;
        }
        int[] copy = Arrays.copyOf(resumedAt, Math.max(attempt, resumedAt.length));
        Arrays.fill(copy, resumedAt.length, copy.length, -1);
        copy[attempt - 1] = Math.max(copy[attempt - 1], step);
        return copy;
    }

    private double[] withSeconds(int attempt, double spent) {
        double[] copy = Arrays.copyOf(attemptSeconds, Math.max(attempt, attemptSeconds.length));
        copy[attempt - 1] = Math.max(copy[attempt - 1], spent);
        return copy;
    }
}
