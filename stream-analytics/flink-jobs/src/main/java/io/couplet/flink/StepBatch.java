package io.couplet.flink;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Steps of runs of one key group, those of each run in the order of its topic: what the convergence score needs of them, the rest stays in the source. A batch
 * crosses the network once where its steps would cross it each, and each run's id with it once.
 *
 * <p>Mutable, so that one object serves for many batches: nobody may keep one beyond the call that handed it over.
 */
public final class StepBatch {

    /** A batch leaves when it has so many steps. */
    static final int FULL = 256;
    /** What a step takes in {@link #steps}. */
    static final int STEP_BYTES = 40;

    private static final int STEP = 4;
    private static final int LOSS = 8;
    private static final int LEARNING_RATE = 16;
    private static final int GRADIENT_NORM = 24;
    private static final int BATCH_ACCURACY = 28;
    private static final int TIME_MILLIS = 32;

    private static final VarHandle INTS = view(int[].class);
    private static final VarHandle LONGS = view(long[].class);

    private static VarHandle view(Class<?> type) {
        return MethodHandles.byteArrayViewVarHandle(type, ByteOrder.LITTLE_ENDIAN);
    }

    /** Of each run: the hash of its id, where its id ends in {@link #ids}, its budget and warm-up. */
    int runs;

    long[] hashes = new long[4];
    int[] idEnds = new int[4];
    int[] budgetSteps = new int[4];
    int[] warmupSteps = new int[4];
    byte[] ids = new byte[256];

    /** Of each step: which run it is of, and the rest in {@value #STEP_BYTES} bytes. */
    int size;

    short[] runOf = new short[16];
    byte[] steps = new byte[16 * STEP_BYTES];

    /** What else is told of its first run, alone and without steps; null mostly. */
    @Nullable
    Told told;

    /** A batch that tells one thing of a run. */
    static StepBatch of(byte[] runId, Told told) {
        StepBatch batch = new StepBatch();
        batch.begin(RunIds.hash(runId, 0, runId.length), runId, 0, runId.length, 0, 0);
        batch.told = told;
        return batch;
    }

    /** The id of its first run, which stands for the key group of all. */
    public String firstRunId() {
        return runId(0);
    }

    String runId(int run) {
        return new String(ids, idFrom(run), idEnds[run] - idFrom(run), UTF_8);
    }

    int idFrom(int run) {
        return run == 0 ? 0 : idEnds[run - 1];
    }

    void clear() {
        runs = 0;
        size = 0;
        told = null;
    }

    /**
     * Adds the step that was read last.
     *
     * @throws IllegalArgumentException when its run's id is none; the batch is then as before
     */
    void add(StepReader reader) {
        int run = run(reader);
        reserveSteps(size + 1);
        runOf[size] = (short) run;
        int at = size * STEP_BYTES;
        INTS.set(steps, at, reader.attempt);
        INTS.set(steps, at + STEP, reader.step);
        LONGS.set(steps, at + LOSS, Double.doubleToRawLongBits(reader.loss));
        LONGS.set(steps, at + LEARNING_RATE, Double.doubleToRawLongBits(reader.learningRate));
        INTS.set(steps, at + GRADIENT_NORM, Float.floatToRawIntBits(reader.gradientNorm));
        INTS.set(steps, at + BATCH_ACCURACY, Float.floatToRawIntBits(reader.batchAccuracy));
        LONGS.set(steps, at + TIME_MILLIS, reader.timeMillis);
        size++;
    }

    static int attempt(byte[] steps, int at) {
        return (int) INTS.get(steps, at);
    }

    static int step(byte[] steps, int at) {
        return (int) INTS.get(steps, at + STEP);
    }

    static double loss(byte[] steps, int at) {
        return Double.longBitsToDouble((long) LONGS.get(steps, at + LOSS));
    }

    static double learningRate(byte[] steps, int at) {
        return Double.longBitsToDouble((long) LONGS.get(steps, at + LEARNING_RATE));
    }

    static float gradientNorm(byte[] steps, int at) {
        return Float.intBitsToFloat((int) INTS.get(steps, at + GRADIENT_NORM));
    }

    static float batchAccuracy(byte[] steps, int at) {
        return Float.intBitsToFloat((int) INTS.get(steps, at + BATCH_ACCURACY));
    }

    static long timeMillis(byte[] steps, int at) {
        return (long) LONGS.get(steps, at + TIME_MILLIS);
    }

    private int run(StepReader reader) {
        for (int run = runs - 1; run >= 0; run--) {
            if (hashes[run] == reader.idHash
                    && budgetSteps[run] == reader.budgetSteps
                    && warmupSteps[run] == reader.warmupSteps
                    && Arrays.equals(
                            ids, idFrom(run), idEnds[run], reader.id, reader.idFrom, reader.idFrom + reader.idLength)) {
                return run;
            }
        }
        RunIds.check(reader.id, reader.idFrom, reader.idLength);
        return begin(reader.idHash, reader.id, reader.idFrom, reader.idLength, reader.budgetSteps, reader.warmupSteps);
    }

    private int begin(long hash, byte[] id, int idFrom, int idLength, int ofBudgetSteps, int ofWarmupSteps) {
        int from = idFrom(runs);
        reserveRuns(runs + 1);
        reserveIds(from + idLength);
        System.arraycopy(id, idFrom, ids, from, idLength);
        hashes[runs] = hash;
        idEnds[runs] = from + idLength;
        budgetSteps[runs] = ofBudgetSteps;
        warmupSteps[runs] = ofWarmupSteps;
        return runs++;
    }

    void reserveRuns(int capacity) {
        if (capacity > hashes.length) {
            int length = Math.max(capacity, 2 * hashes.length);
            hashes = Arrays.copyOf(hashes, length);
            idEnds = Arrays.copyOf(idEnds, length);
            budgetSteps = Arrays.copyOf(budgetSteps, length);
            warmupSteps = Arrays.copyOf(warmupSteps, length);
        }
    }

    void reserveIds(int capacity) {
        if (capacity > ids.length) {
            ids = Arrays.copyOf(ids, Math.max(capacity, 2 * ids.length));
        }
    }

    void reserveSteps(int capacity) {
        if (capacity > runOf.length) {
            int length = Math.max(capacity, Math.min(FULL, 2 * runOf.length));
            runOf = Arrays.copyOf(runOf, length);
            steps = Arrays.copyOf(steps, length * STEP_BYTES);
        }
    }

    /** Becomes equal to another one. */
    StepBatch set(StepBatch other) {
        runs = other.runs;
        size = other.size;
        hashes = other.hashes.clone();
        idEnds = other.idEnds.clone();
        budgetSteps = other.budgetSteps.clone();
        warmupSteps = other.warmupSteps.clone();
        ids = other.ids.clone();
        runOf = other.runOf.clone();
        steps = other.steps.clone();
        told = other.told;
        return this;
    }
}
