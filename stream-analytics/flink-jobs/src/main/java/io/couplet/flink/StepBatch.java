package io.couplet.flink;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Steps of one run in the order of its topic: what the convergence score needs of them, the rest stays in the source. A batch crosses the network once where its
 * steps would cross it each.
 *
 * <p>Mutable, so that one object serves for many batches: nobody may keep one beyond the call that handed it over.
 */
public final class StepBatch {

    /** A batch leaves when it is as long as that. */
    static final int FULL = 32;

    String runId = "";
    byte[] utf8 = {};
    int budgetSteps;
    int warmupSteps;
    int size;
    int[] attempts = new int[4];
    int[] steps = new int[4];
    double[] losses = new double[4];
    double[] learningRates = new double[4];
    float[] gradientNorms = new float[4];
    float[] batchAccuracies = new float[4];
    long[] timesMillis = new long[4];
    /** What else was told of the run, alone and without steps; null mostly. */
    @Nullable
    Told told;

    /** The run all its steps are of. */
    public String runId() {
        return runId;
    }

    /** Empties it for steps of a run. */
    void begin(RunIds.Known run, int ofBudgetSteps, int ofWarmupSteps) {
        runId = run.id;
        utf8 = run.utf8;
        budgetSteps = ofBudgetSteps;
        warmupSteps = ofWarmupSteps;
        size = 0;
        told = null;
    }

    /** Makes room for so many steps. */
    void reserve(int capacity) {
        if (capacity > attempts.length) {
            int length = Math.max(capacity, Math.min(FULL, 2 * attempts.length));
            attempts = Arrays.copyOf(attempts, length);
            steps = Arrays.copyOf(steps, length);
            losses = Arrays.copyOf(losses, length);
            learningRates = Arrays.copyOf(learningRates, length);
            gradientNorms = Arrays.copyOf(gradientNorms, length);
            batchAccuracies = Arrays.copyOf(batchAccuracies, length);
            timesMillis = Arrays.copyOf(timesMillis, length);
        }
    }

    void add(
            int attempt,
            int step,
            double loss,
            double learningRate,
            float gradientNorm,
            float batchAccuracy,
            long timeMillis) {
        reserve(size + 1);
        attempts[size] = attempt;
        steps[size] = step;
        losses[size] = loss;
        learningRates[size] = learningRate;
        gradientNorms[size] = gradientNorm;
        batchAccuracies[size] = batchAccuracy;
        timesMillis[size] = timeMillis;
        size++;
    }

    /** Becomes equal to another one. */
    StepBatch set(StepBatch other) {
        runId = other.runId;
        utf8 = other.utf8;
        budgetSteps = other.budgetSteps;
        warmupSteps = other.warmupSteps;
        size = 0;
        told = other.told;
        reserve(other.size);
        for (int i = 0; i < other.size; i++) {
            add(
                    other.attempts[i],
                    other.steps[i],
                    other.losses[i],
                    other.learningRates[i],
                    other.gradientNorms[i],
                    other.batchAccuracies[i],
                    other.timesMillis[i]);
        }
        return this;
    }
}
