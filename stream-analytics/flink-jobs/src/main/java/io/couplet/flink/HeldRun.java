package io.couplet.flink;

import io.couplet.schemas.RunId;
import io.couplet.scores.convergence.ConvergenceFold;
import io.couplet.scores.convergence.ConvergenceSettings;
import io.couplet.scores.convergence.ConvergenceState;
import java.util.Arrays;

/**
 * A run in the convergence job's memory: its state, and up to {@value #MOST_WAITING} steps that are not yet folded into it. Folding many at once brings the state
 * into the processor's caches once.
 */
final class HeldRun {

    static final int MOST_WAITING = 16;
    private static final int FEWEST_WAITING = 2;

    final String id;
    final String studyId;
    final byte[] utf8;
    final long hash;

    private final ConvergenceFold fold;
    private byte[] waiting = {};
    private int waitingBytes;

    /** Whether it waits for its score to be published. */
    boolean scoreIsDue;
    /** Whether it changed since the last checkpoint. */
    boolean changed;

    HeldRun(String id, byte[] utf8, ConvergenceState state) {
        this.id = id;
        studyId = RunId.parse(id).studyId();
        this.utf8 = utf8;
        fold = new ConvergenceFold(state);
        hash = RunIds.hash(utf8, 0, utf8.length);
    }

    /** What a run is judged by is known from its first step on, but something may be told of it before. */
    void judgedBy(ConvergenceSettings settings) {
        if (waitingBytes == 0) {
            fold.set(fold.state().judgedBy(settings));
        }
    }

    /** Takes what is told of the run beside its steps; in which order with them makes no difference. */
    void tell(Told told) {
        fold.set(told.in(fold.state()));
    }

    /** Whether a step of it was seen, without which there is no score. */
    boolean hasSteps() {
        return waitingBytes > 0 || fold.hasSteps();
    }

    /** Takes a step as {@link StepBatch} lays it out; true when as many wait as may, so that they must be folded before the next. */
    boolean add(byte[] steps, int at) {
        if (waitingBytes == waiting.length) {
            waiting = Arrays.copyOf(waiting, Math.max(FEWEST_WAITING * StepBatch.STEP_BYTES, 2 * waiting.length));
        }
        System.arraycopy(steps, at, waiting, waitingBytes, StepBatch.STEP_BYTES);
        waitingBytes += StepBatch.STEP_BYTES;
        return waitingBytes == MOST_WAITING * StepBatch.STEP_BYTES;
    }

    /** Steps that wait. */
    int waiting() {
        return waitingBytes / StepBatch.STEP_BYTES;
    }

    /** Takes the steps that wait. */
    void fold() {
        for (int at = 0; at < waitingBytes; at += StepBatch.STEP_BYTES) {
            fold.plus(
                    StepBatch.attempt(waiting, at),
                    StepBatch.step(waiting, at),
                    StepBatch.loss(waiting, at),
                    StepBatch.learningRate(waiting, at),
                    StepBatch.gradientNorm(waiting, at),
                    StepBatch.batchAccuracy(waiting, at),
                    StepBatch.timeMillis(waiting, at));
        }
        waitingBytes = 0;
    }

    /** The state without steps that wait. */
    ConvergenceState state() {
        return fold.state();
    }

    /** How many of its steps counted in the score, now or once. */
    long counted() {
        return fold.counted();
    }
}
