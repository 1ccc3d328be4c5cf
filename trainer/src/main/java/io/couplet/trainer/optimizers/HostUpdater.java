package io.couplet.trainer.optimizers;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * Applies an optimizer on the CPU to buffers of floats that may lie outside the heap.
 *
 * <p>Works in chunks of 8,192 elements: copied out, computed, copied back. All vectors of a chunk share one index from zero, which is what lets the compiler
 * vectorise the loops, and a chunk stays in the cache between the operations of a formula. Not thread-safe.
 */
public final class HostUpdater {
    static final int CHUNK = 8_192;

    private final Optimizer optimizer;
    private final Tensors tensors;
    private final List<String> stateNames;
    private final float[][] state;
    private final float[] work;
    private final Chunk chunk;
    private long step;

    public HostUpdater(Optimizer optimizer, Tensors tensors) {
        this.optimizer = optimizer;
        this.tensors = tensors;
        this.stateNames = optimizer.state();
        this.state = new float[stateNames.size()][tensors.elements()];
        this.work = new float[tensors.elements()];
        this.chunk = new Chunk();
    }

    /**
     * One step.
     *
     * @param parameters changed in place
     * @param maxGradientNorm the gradient is scaled down to this global norm; infinity for never
     */
    public StepNorms step(FloatBuffer parameters, FloatBuffer gradient, double learningRate, double maxGradientNorm) {
        step++;
        HostUpdate update = new HostUpdate(parameters, gradient, learningRate);
        double gradientNorm = update.globalNorm(Update.Window::gradient);
        // As torch.nn.utils.clip_grad_norm_ has it.
        update.gradientScale = (float) Math.min(1, maxGradientNorm / (gradientNorm + 1e-6));
        double parameterNorm = update.globalNorm(Update.Window::parameters);
        optimizer.apply(update);
        return new StepNorms(gradientNorm, Math.sqrt(update.squaredChange), parameterNorm);
    }

    /** A copy. */
    public OptimizerState state() {
        Map<String, float[]> vectors = new LinkedHashMap<>();
        for (int i = 0; i < state.length; i++) {
            vectors.put(stateNames.get(i), state[i].clone());
        }
        return new OptimizerState(step, vectors, Map.of());
    }

    /** @throws IllegalArgumentException if the state belongs to another optimizer or other parameters */
    public void restore(OptimizerState saved) {
        saved.requireFor(stateNames, tensors.elements(), Map.of());
        for (int i = 0; i < state.length; i++) {
            System.arraycopy(saved.vectors().get(stateNames.get(i)), 0, state[i], 0, state[i].length);
        }
        step = saved.step();
    }

    private final class HostUpdate implements Update {
        private final FloatBuffer parameters;
        private final FloatBuffer gradient;
        private final double learningRate;
        private float gradientScale = 1;
        private double squaredChange;

        HostUpdate(FloatBuffer parameters, FloatBuffer gradient, double learningRate) {
            if (parameters.capacity() != tensors.elements() || gradient.capacity() != tensors.elements()) {
                throw new IllegalArgumentException("parameters and gradient must have " + tensors.elements()
                        + " elements, had " + parameters.capacity() + " and " + gradient.capacity());
            }
            this.parameters = parameters;
            this.gradient = gradient;
            this.learningRate = learningRate;
        }

        @Override
        public long step() {
            return step;
        }

        @Override
        public double learningRate() {
            return learningRate;
        }

        @Override
        public void elementwise(Consumer<Window> formula) {
            for (int start = 0; start < tensors.elements(); start += CHUNK) {
                chunk.open(this, start);
                formula.accept(chunk);
                squaredChange += chunk.store();
            }
        }

        @Override
        public PerTensor norm(Function<Window, Flat> vector) {
            double[] all = new double[tensors.count()];
            Arrays.fill(all, globalNorm(vector));
            return new HostPerTensor(all);
        }

        double globalNorm(Function<Window, Flat> vector) {
            double sum = 0;
            for (int start = 0; start < tensors.elements(); start += CHUNK) {
                chunk.open(this, start);
                sum += sumOfSquares(((Values) vector.apply(chunk)).values, 0, chunk.length);
            }
            return Math.sqrt(sum);
        }

        @Override
        public PerTensor normPerTensor(Function<Window, Flat> vector) {
            double[] sums = new double[tensors.count()];
            for (int start = 0; start < tensors.elements(); start += CHUNK) {
                chunk.open(this, start);
                float[] values = ((Values) vector.apply(chunk)).values;
                tensors.within(
                        start, chunk.length, (tensor, from, to) -> sums[tensor] += sumOfSquares(values, from, to));
            }
            for (int i = 0; i < sums.length; i++) {
                sums[i] = Math.sqrt(sums[i]);
            }
            return new HostPerTensor(sums);
        }
    }

    /** Four sums at once, because one alone waits for each addition. */
    private static double sumOfSquares(float[] a, int from, int to) {
        double s0 = 0;
        double s1 = 0;
        double s2 = 0;
        double s3 = 0;
        int i = from;
        for (; i < to - 3; i += 4) {
            s0 += (double) a[i] * a[i];
            s1 += (double) a[i + 1] * a[i + 1];
            s2 += (double) a[i + 2] * a[i + 2];
            s3 += (double) a[i + 3] * a[i + 3];
        }
        for (; i < to; i++) {
            s0 += (double) a[i] * a[i];
        }
        return s0 + s1 + s2 + s3;
    }

    /** The vectors that a formula has asked for, each read when it is asked for first. */
    private final class Chunk implements Update.Window {
        private final Values parameters = new Values(this);
        private final float[] before = new float[CHUNK];
        private final Values gradient = new Values(this);
        private final Values decays = new Values(this);
        private final Values workValues = new Values(this);
        private final Values[] states;
        private final List<Values> copies = new ArrayList<>();
        private FloatBuffer allParameters = FloatBuffer.allocate(0);
        private FloatBuffer wholeGradient = FloatBuffer.allocate(0);
        private float gradientScale = 1;
        private int copiesInUse;
        private int start;
        private int length;

        Chunk() {
            states = new Values[state.length];
            Arrays.setAll(states, i -> new Values(this));
        }

        void open(HostUpdate update, int start) {
            allParameters = update.parameters;
            wholeGradient = update.gradient;
            gradientScale = update.gradientScale;
            this.start = start;
            length = Math.min(CHUNK, tensors.elements() - start);
            copiesInUse = 0;
            parameters.loaded = false;
            gradient.loaded = false;
            decays.loaded = false;
            workValues.loaded = false;
            for (Values values : states) {
                values.loaded = false;
            }
        }

        /** Writes back what may have changed; returns the squared norm of the parameters' change. */
        double store() {
            double squaredChange = 0;
            if (parameters.loaded) {
                allParameters.put(start, parameters.values, 0, length);
                for (int i = 0; i < length; i++) {
                    before[i] -= parameters.values[i];
                }
                squaredChange = sumOfSquares(before, 0, length);
            }
            for (int i = 0; i < states.length; i++) {
                if (states[i].loaded) {
                    System.arraycopy(states[i].values, 0, state[i], start, length);
                }
            }
            if (workValues.loaded) {
                System.arraycopy(workValues.values, 0, work, start, length);
            }
            return squaredChange;
        }

        @Override
        public Flat parameters() {
            if (!parameters.loaded) {
                allParameters.get(start, parameters.values, 0, length);
                System.arraycopy(parameters.values, 0, before, 0, length);
                parameters.loaded = true;
            }
            return parameters;
        }

        @Override
        public Flat gradient() {
            if (!gradient.loaded) {
                wholeGradient.get(start, gradient.values, 0, length);
                if (gradientScale != 1) {
                    gradient.scale(gradientScale);
                }
                gradient.loaded = true;
            }
            return gradient;
        }

        @Override
        public Flat state(int index) {
            Values values = states[index];
            if (!values.loaded) {
                System.arraycopy(state[index], start, values.values, 0, length);
                values.loaded = true;
            }
            return values;
        }

        @Override
        public Flat work() {
            if (!workValues.loaded) {
                System.arraycopy(work, start, workValues.values, 0, length);
                workValues.loaded = true;
            }
            return workValues;
        }

        @Override
        public Flat decays() {
            if (!decays.loaded) {
                tensors.within(
                        start,
                        length,
                        (tensor, from, to) -> Arrays.fill(decays.values, from, to, tensors.decays(tensor) ? 1 : 0));
                decays.loaded = true;
            }
            return decays;
        }

        @Override
        public Flat copyOf(Flat x) {
            if (copiesInUse == copies.size()) {
                copies.add(new Values(this));
            }
            Values copy = copies.get(copiesInUse++);
            System.arraycopy(((Values) x).values, 0, copy.values, 0, length);
            return copy;
        }
    }

    private final class Values implements Flat {
        private final Chunk owner;
        private final float[] values = new float[CHUNK];
        private boolean loaded;

        Values(Chunk owner) {
            this.owner = owner;
        }

        private static float[] of(Flat x) {
            return ((Values) x).values;
        }

        @Override
        public Flat scale(double a) {
            scale(values, (float) a, 0, owner.length);
            return this;
        }

        @Override
        public Flat scale(PerTensor factors) {
            double[] perTensor = ((HostPerTensor) factors).values;
            tensors.within(
                    owner.start,
                    owner.length,
                    (tensor, from, to) -> scale(values, (float) perTensor[tensor], from, to));
            return this;
        }

        private static void scale(float[] a, float factor, int from, int to) {
            for (int i = from; i < to; i++) {
                a[i] *= factor;
            }
        }

        @Override
        public Flat add(double a) {
            add(values, (float) a, owner.length);
            return this;
        }

        private static void add(float[] a, float term, int n) {
            for (int i = 0; i < n; i++) {
                a[i] += term;
            }
        }

        @Override
        public Flat add(Flat x, double a) {
            add(values, of(x), (float) a, owner.length);
            return this;
        }

        private static void add(float[] a, float[] x, float factor, int n) {
            for (int i = 0; i < n; i++) {
                a[i] += factor * x[i];
            }
        }

        @Override
        public Flat addProduct(Flat x, Flat y, double a) {
            addProduct(values, of(x), of(y), (float) a, owner.length);
            return this;
        }

        private static void addProduct(float[] a, float[] x, float[] y, float factor, int n) {
            for (int i = 0; i < n; i++) {
                a[i] += factor * x[i] * y[i];
            }
        }

        @Override
        public Flat addQuotient(Flat x, Flat y, double a) {
            addQuotient(values, of(x), of(y), (float) a, owner.length);
            return this;
        }

        private static void addQuotient(float[] a, float[] x, float[] y, float factor, int n) {
            for (int i = 0; i < n; i++) {
                a[i] += factor * (x[i] / y[i]);
            }
        }

        @Override
        public Flat clear() {
            Arrays.fill(values, 0, owner.length, 0);
            return this;
        }

        @Override
        public Flat lerp(Flat x, double weight) {
            lerp(values, of(x), (float) weight, owner.length);
            return this;
        }

        private static void lerp(float[] a, float[] x, float weight, int n) {
            for (int i = 0; i < n; i++) {
                a[i] += weight * (x[i] - a[i]);
            }
        }

        @Override
        public Flat maximum(Flat x) {
            maximum(values, of(x), owner.length);
            return this;
        }

        private static void maximum(float[] a, float[] x, int n) {
            for (int i = 0; i < n; i++) {
                a[i] = Math.max(a[i], x[i]);
            }
        }

        @Override
        public Flat squareRoot() {
            squareRoot(values, owner.length);
            return this;
        }

        private static void squareRoot(float[] a, int n) {
            for (int i = 0; i < n; i++) {
                a[i] = (float) Math.sqrt(a[i]);
            }
        }

        @Override
        public Flat sign() {
            sign(values, owner.length);
            return this;
        }

        private static void sign(float[] a, int n) {
            for (int i = 0; i < n; i++) {
                a[i] = Math.signum(a[i]);
            }
        }
    }

    private final class HostPerTensor implements PerTensor {
        private final double[] values;

        HostPerTensor(double[] values) {
            this.values = values;
        }

        private HostPerTensor map(java.util.function.IntToDoubleFunction function) {
            double[] mapped = new double[values.length];
            Arrays.setAll(mapped, function);
            return new HostPerTensor(mapped);
        }

        @Override
        public PerTensor times(double a) {
            return map(i -> values[i] * a);
        }

        @Override
        public PerTensor atMost(double bound) {
            return map(i -> Math.min(values[i], bound));
        }

        @Override
        public PerTensor atLeast(double bound) {
            return map(i -> Math.max(values[i], bound));
        }

        @Override
        public PerTensor inverse() {
            return map(i -> 1 / values[i]);
        }

        @Override
        public PerTensor ratioOrOne(PerTensor other) {
            double[] divisors = ((HostPerTensor) other).values;
            return map(i -> values[i] == 0 || divisors[i] == 0 ? 1 : values[i] / divisors[i]);
        }

        @Override
        public PerTensor onlyDecaying() {
            return map(i -> tensors.decays(i) ? values[i] : 1);
        }
    }
}
