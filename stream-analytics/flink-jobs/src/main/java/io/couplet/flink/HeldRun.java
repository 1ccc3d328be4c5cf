package io.couplet.flink;

import io.couplet.schemas.RunId;
import io.couplet.scores.convergence.ConvergenceSettings;
import io.couplet.scores.convergence.ConvergenceState;
import java.util.Arrays;

/**
 * A run in the convergence job's memory: its state, and up to {@value #MOST_WAITING} steps that are not yet folded into it. A state is a handful of small objects
 * that a step replaces; folding many at once touches and replaces them once.
 */
final class HeldRun {

    static final int MOST_WAITING = 16;
    private static final int FEWEST_WAITING = 2;

    final String id;
    final String studyId;
    final byte[] utf8;
    final long hash;

    private ConvergenceState state;
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
        this.state = state;
        hash = RunIds.hash(utf8, 0, utf8.length);
    }

    /** What a run is judged by is known from its first step on, but something may be told of it before. */
    void judgedBy(ConvergenceSettings settings) {
        if (waitingBytes == 0) {
            state = state.judgedBy(settings);
        }
    }

    /** Takes what is told of the run beside its steps; in which order with them makes no difference. */
    void tell(Told told) {
        state = told.in(state);
    }

    /** Whether a step of it was seen, without which there is no score. */
    boolean hasSteps() {
        return waitingBytes > 0 || state.tally().attempt() > 0;
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

    /** The state after all steps, those that waited included. */
    ConvergenceState fold() {
        ConvergenceState folded = state;
        for (int at = 0; at < waitingBytes; at += StepBatch.STEP_BYTES) {
            folded = folded.plus(
                    StepBatch.attempt(waiting, at),
                    StepBatch.step(waiting, at),
                    StepBatch.loss(waiting, at),
                    StepBatch.learningRate(waiting, at),
                    StepBatch.gradientNorm(waiting, at),
                    StepBatch.batchAccuracy(waiting, at),
                    StepBatch.timeMillis(waiting, at));
        }
        waitingBytes = 0;
        state = folded;
        return folded;
    }

    /** How many of its steps counted in the score, now or once. */
    long counted() {
        return state.tally().steps() + state.tally().superseded();
    }
}
