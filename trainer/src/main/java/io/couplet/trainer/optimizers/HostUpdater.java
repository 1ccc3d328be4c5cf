package io.couplet.trainer.optimizers;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.IntToDoubleFunction;
import java.util.function.Predicate;
import java.util.function.ToDoubleFunction;
import java.util.function.UnaryOperator;

/**
 * Applies an optimizer on the CPU to buffers of floats that may lie outside the heap.
 *
 * <p>Works in chunks of 8,192 elements: copied out, computed, copied back. All vectors of a chunk share one index from zero, which is what lets the compiler
 * vectorise the loops, and a chunk stays in the cache between the operations of a formula. Not thread-safe.
 */
final class HostUpdater {
    static final int CHUNK = 8_192;

    private final Optimizer optimizer;
    private final Tensors tensors;
    private final List<String> stateNames;
    /** By index, chunk by chunk, so that a formula works on it in place. */
    private final float[][][] state;

    private final List<float[]> work = new ArrayList<>();
    private final Map<String, Grouping> numberGroupings;
    private final HostPerGroup[] numbers;
    private final double[] scalars;
    private final Map<Grouping, Groups> groups = new IdentityHashMap<>();
    private final Map<ToDoubleFunction<Tensors.Tensor>, PerGroup> constants = new IdentityHashMap<>();
    /** Of each chunk: 1 where weight decay applies. */
    private final float[][] decays;

    private final SquareSum gradientSquares = new SquareSum();
    private final SquareSum parameterSquares = new SquareSum();
    private final SquareSum changeSquares = new SquareSum();
    private final Chunk chunk;
    private long step;

    HostUpdater(Optimizer optimizer, Tensors tensors) {
        this.optimizer = optimizer;
        this.tensors = tensors;
        this.stateNames = optimizer.state();
        this.state = new float[stateNames.size()][chunks()][];
        for (float[][] vector : state) {
            Arrays.setAll(vector, c -> new float[CHUNK]);
        }
        this.numberGroupings = new LinkedHashMap<>(optimizer.numbers());
        this.numbers = numberGroupings.values().stream()
                .map(this::groups)
                .map(g -> new HostPerGroup(g, new double[g.count()]))
                .toArray(HostPerGroup[]::new);
        this.scalars = new double[optimizer.scalars().size()];
        this.decays = decays();
        this.chunk = new Chunk();
    }

    private int chunks() {
        return (tensors.elements() + CHUNK - 1) / CHUNK;
    }

    private int length(int chunk) {
        return Math.min(CHUNK, tensors.elements() - chunk * CHUNK);
    }

    /** Chunks in which all elements decay, or none, share their vector. */
    private float[][] decays() {
        float[] all = new float[CHUNK];
        Arrays.fill(all, 1);
        float[] none = new float[CHUNK];
        float[][] vectors = new float[chunks()][];
        for (int c = 0; c < vectors.length; c++) {
            float[] mask = new float[CHUNK];
            tensors.within(
                    c * CHUNK,
                    length(c),
                    (tensor, from, to) -> Arrays.fill(mask, from, to, tensors.decays(tensor) ? 1 : 0));
            int n = length(c);
            vectors[c] =
                    Arrays.equals(mask, 0, n, all, 0, n) ? all : Arrays.equals(mask, 0, n, none, 0, n) ? none : mask;
        }
        return vectors;
    }

    private Groups groups(Grouping grouping) {
        return groups.computeIfAbsent(grouping, g -> new Groups(tensors, g));
    }

    /** The same for two arrays, whose memory it reads and writes. */
    Updater over(NDArray parameters, NDArray gradient) {
        FloatBuffer values = floats(parameters);
        FloatBuffer slopes = floats(gradient);
        return new Updater() {
            @Override
            public StepNorms step(double learningRate, double maxGradientNorm) {
                return HostUpdater.this.step(values, slopes, learningRate, maxGradientNorm);
            }

            @Override
            public NDArray evaluationParameters(NDManager scratch) {
                float[] others = new float[tensors.elements()];
                return HostUpdater.this.evaluationParameters(values, FloatBuffer.wrap(others))
                        ? scratch.create(others)
                        : parameters;
            }

            @Override
            public OptimizerState state() {
                return HostUpdater.this.state();
            }

            @Override
            public void restore(OptimizerState saved) {
                HostUpdater.this.restore(saved);
            }

            @Override
            public void close() {
                // it holds no native memory
            }
        };
    }

    /** The array's own memory. */
    private static FloatBuffer floats(NDArray array) {
        return array.toByteBuffer(true).order(ByteOrder.nativeOrder()).asFloatBuffer();
    }

    /**
     * One step.
     *
     * @param parameters changed in place
     * @param maxGradientNorm the gradient is scaled down to this global norm; infinity for never
     */
    StepNorms step(FloatBuffer parameters, FloatBuffer gradient, double learningRate, double maxGradientNorm) {
        if (parameters.capacity() != tensors.elements() || gradient.capacity() != tensors.elements()) {
            throw new IllegalArgumentException("parameters and gradient must have " + tensors.elements()
                    + " elements, had " + parameters.capacity() + " and " + gradient.capacity());
        }
        step++;
        gradientSquares.reset();
        parameterSquares.reset();
        changeSquares.reset();
        HostUpdate update = new HostUpdate(parameters, gradient, learningRate);
        if (maxGradientNorm < Double.POSITIVE_INFINITY) {
            update.gradientNorm();
            // As torch.nn.utils.clip_grad_norm_ has it.
            update.gradientScale = (float) Math.min(1, maxGradientNorm / (update.gradientNorm() + 1e-6));
        }
        optimizer.apply(update);
        return new StepNorms(update.gradientNorm(), changeSquares.root(), update.parameterNorm());
    }

    /**
     * Writes the parameters to evaluate with where they are others than the trained ones.
     *
     * @return false where they are the same, and nothing was written
     */
    boolean evaluationParameters(FloatBuffer parameters, FloatBuffer into) {
        Optional<Function<Update.Window, Flat>> formula = optimizer.evaluationParameters();
        if (step == 0 || formula.isEmpty()) {
            return false;
        }
        HostUpdate update = new HostUpdate(parameters, FloatBuffer.allocate(0), 0);
        for (int c = 0; c < chunks(); c++) {
            chunk.open(update, c);
            into.put(c * CHUNK, ((Values) formula.get().apply(chunk)).values, 0, chunk.length);
        }
        return true;
    }

    /** A copy. */
    OptimizerState state() {
        Map<String, float[]> vectors = new LinkedHashMap<>();
        for (int i = 0; i < state.length; i++) {
            float[] vector = new float[tensors.elements()];
            for (int c = 0; c < chunks(); c++) {
                System.arraycopy(state[i][c], 0, vector, c * CHUNK, length(c));
            }
            vectors.put(stateNames.get(i), vector);
        }
        Map<String, double[]> saved = new LinkedHashMap<>();
        for (int i = 0; i < scalars.length; i++) {
            saved.put(optimizer.scalars().get(i), new double[] {scalars[i]});
        }
        int at = 0;
        for (String name : numberGroupings.keySet()) {
            saved.put(name, numbers[at++].values.clone());
        }
        return new OptimizerState(step, vectors, saved);
    }

    /** @throws IllegalArgumentException if the state belongs to another optimizer or other parameters */
    void restore(OptimizerState saved) {
        Map<String, Integer> sizes = new LinkedHashMap<>();
        optimizer.scalars().forEach(name -> sizes.put(name, 1));
        numberGroupings.forEach(
                (name, grouping) -> sizes.put(name, groups(grouping).count()));
        saved.requireFor(stateNames, tensors.elements(), sizes);
        for (int i = 0; i < state.length; i++) {
            float[] vector = saved.vector(stateNames.get(i));
            for (int c = 0; c < chunks(); c++) {
                System.arraycopy(vector, c * CHUNK, state[i][c], 0, length(c));
            }
        }
        for (int i = 0; i < scalars.length; i++) {
            scalars[i] = saved.number(optimizer.scalars().get(i))[0];
        }
        int at = 0;
        for (String name : numberGroupings.keySet()) {
            numbers[at] =
                    new HostPerGroup(numbers[at].groups, saved.number(name).clone());
            at++;
        }
        step = saved.step();
    }

    private final class HostUpdate implements Update {
        private final FloatBuffer parameters;
        private final FloatBuffer gradient;
        private final double learningRate;
        /** Whose squares are in the sums already. */
        private final boolean[] gradientCounted = new boolean[chunks()];

        private final boolean[] parametersCounted = new boolean[chunks()];
        private float gradientScale = 1;

        HostUpdate(FloatBuffer parameters, FloatBuffer gradient, double learningRate) {
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
            for (int c = 0; c < chunks(); c++) {
                chunk.open(this, c);
                formula.accept(chunk);
                chunk.store();
            }
        }

        /** Before any clipping. */
        double gradientNorm() {
            for (int c = 0; c < chunks(); c++) {
                if (!gradientCounted[c]) {
                    chunk.open(this, c);
                    chunk.gradient();
                }
            }
            return gradientSquares.root();
        }

        /** Before the step. */
        double parameterNorm() {
            for (int c = 0; c < chunks(); c++) {
                if (!parametersCounted[c]) {
                    chunk.open(this, c);
                    chunk.parameters();
                }
            }
            return parameterSquares.root();
        }

        @Override
        public double machineEpsilon() {
            return Math.ulp(1f);
        }

        @Override
        public PerGroup norm(Function<Window, Flat> vector) {
            double[] all = new double[tensors.count()];
            Arrays.fill(all, globalNorm(vector));
            return new HostPerGroup(groups(Grouping.TENSOR), all);
        }

        private double globalNorm(Function<Window, Flat> vector) {
            SquareSum squares = new SquareSum();
            for (int c = 0; c < chunks(); c++) {
                chunk.open(this, c);
                squares.add(((Values) vector.apply(chunk)).values, chunk.length);
            }
            return squares.root();
        }

        @Override
        public PerGroup dot(Grouping grouping, Function<Window, Flat> x, Function<Window, Flat> y) {
            Groups grouped = groups(grouping);
            double[] sums = new double[grouped.count()];
            for (int c = 0; c < chunks(); c++) {
                chunk.open(this, c);
                float[] left = ((Values) x.apply(chunk)).values;
                float[] right = x == y ? left : ((Values) y.apply(chunk)).values;
                grouped.addProducts(sums, left, right, chunk.start, chunk.length);
            }
            return new HostPerGroup(grouped, sums);
        }

        @Override
        public PerGroup mean(Grouping grouping, Function<Window, Flat> x) {
            Groups grouped = groups(grouping);
            float[] ones = new float[CHUNK];
            Arrays.fill(ones, 1);
            double[] sums = new double[grouped.count()];
            for (int c = 0; c < chunks(); c++) {
                chunk.open(this, c);
                grouped.addProducts(sums, ((Values) x.apply(chunk)).values, ones, chunk.start, chunk.length);
            }
            int[] sizes = grouped.sizes();
            for (int i = 0; i < sums.length; i++) {
                sums[i] /= sizes[i];
            }
            return new HostPerGroup(grouped, sums);
        }

        @Override
        public PerGroup constants(ToDoubleFunction<Tensors.Tensor> function) {
            return constants.computeIfAbsent(function, f -> {
                double[] values = new double[tensors.count()];
                Arrays.setAll(values, i -> f.applyAsDouble(tensors.get(i)));
                return new HostPerGroup(groups(Grouping.TENSOR), values);
            });
        }

        @Override
        public PerGroup numbers(int index) {
            return numbers[index];
        }

        @Override
        public void keep(int index, PerGroup kept) {
            numbers[index] = (HostPerGroup) kept;
        }

        @Override
        public double scalar(int index) {
            return scalars[index];
        }

        @Override
        public void keep(int index, double scalar) {
            scalars[index] = scalar;
        }

        @Override
        public void matrices(int index, Predicate<Tensors.Tensor> chosen, UnaryOperator<Matrix> formula) {
            float[] values = work(index);
            for (int i = 0; i < tensors.count(); i++) {
                Tensors.Tensor tensor = tensors.get(i);
                if (tensor.shape().size() < 2 || !chosen.test(tensor)) {
                    continue;
                }
                try (NDManager scratch = NDManager.newBaseManager(Device.cpu(), "PyTorch")) {
                    float[] part = Arrays.copyOfRange(values, tensors.offset(i), tensors.offset(i + 1));
                    NDArray array =
                            scratch.create(part, new Shape(tensor.shape().get(0), tensor.columns()));
                    float[] result = formula.apply(new Matrix(array, scratch, scratch))
                            .array()
                            .toFloatArray();
                    System.arraycopy(result, 0, values, tensors.offset(i), result.length);
                }
            }
        }
    }

    private float[] work(int index) {
        while (work.size() <= index) {
            work.add(new float[tensors.elements()]);
        }
        return work.get(index);
    }

    /** Four sums at once, because one alone waits for each addition. */
    static double sumOfProducts(float[] a, float[] b, int from, int to) {
        double s0 = 0;
        double s1 = 0;
        double s2 = 0;
        double s3 = 0;
        int i = from;
        for (; i < to - 3; i += 4) {
            s0 += (double) a[i] * b[i];
            s1 += (double) a[i + 1] * b[i + 1];
            s2 += (double) a[i + 2] * b[i + 2];
            s3 += (double) a[i + 3] * b[i + 3];
        }
        for (; i < to; i++) {
            s0 += (double) a[i] * b[i];
        }
        return s0 + s1 + s2 + s3;
    }

    /**
     * A sum of squares, gathered per index of the chunks: a loop over one index is what the compiler vectorises. Each cell takes a few squares in float before
     * they go into the total, so the error stays near that of one rounding.
     */
    private static final class SquareSum {
        private static final int CHUNKS_PER_CELL = 32;

        private final float[] cells = new float[CHUNK];
        private double total;
        private int chunks;
        /** Cells behind this one are zero. */
        private int used;

        void reset() {
            flush();
            total = 0;
        }

        void add(float[] x, int n) {
            addSquares(cells, x, n);
            used = Math.max(used, n);
            if (++chunks == CHUNKS_PER_CELL) {
                flush();
            }
        }

        private static void addSquares(float[] cells, float[] x, int n) {
            for (int i = 0; i < n; i++) {
                cells[i] += x[i] * x[i];
            }
        }

        private void flush() {
            double sum = 0;
            for (int i = 0; i < used; i++) {
                sum += cells[i];
            }
            total += sum;
            Arrays.fill(cells, 0, used, 0);
            chunks = 0;
            used = 0;
        }

        double root() {
            flush();
            return Math.sqrt(total);
        }
    }

    /** The vectors that a formula has asked for, each read when it is asked for first. */
    private final class Chunk implements Update.Window {
        private final Values parameters = new Values(this);
        private final float[] before = new float[CHUNK];
        private final Values gradient = new Values(this);
        private final Values decaying = new Values(this, new float[0]);
        private final List<Values> works = new ArrayList<>();
        private final float[] expanded = new float[CHUNK];
        private final Values[] states;
        private final List<Values> copies = new ArrayList<>();
        private HostUpdate update = new HostUpdate(FloatBuffer.allocate(0), FloatBuffer.allocate(0), 0);
        private int copiesInUse;
        private int index;
        private int start;
        private int length;

        Chunk() {
            states = new Values[state.length];
            Arrays.setAll(states, i -> new Values(this, new float[0]));
        }

        void open(HostUpdate update, int index) {
            this.update = update;
            this.index = index;
            start = index * CHUNK;
            length = length(index);
            copiesInUse = 0;
            parameters.loaded = false;
            gradient.loaded = false;
            decaying.values = decays[index];
            works.forEach(values -> values.loaded = false);
            for (int i = 0; i < states.length; i++) {
                states[i].values = state[i][index];
            }
        }

        /** Writes back what may have changed. */
        void store() {
            if (parameters.loaded) {
                update.parameters.put(start, parameters.values, 0, length);
                subtract(before, parameters.values, length);
                changeSquares.add(before, length);
            }
            for (int i = 0; i < works.size(); i++) {
                if (works.get(i).loaded) {
                    System.arraycopy(works.get(i).values, 0, HostUpdater.this.work.get(i), start, length);
                }
            }
        }

        private static void subtract(float[] a, float[] x, int n) {
            for (int i = 0; i < n; i++) {
                a[i] -= x[i];
            }
        }

        @Override
        public Flat parameters() {
            if (!parameters.loaded) {
                update.parameters.get(start, parameters.values, 0, length);
                System.arraycopy(parameters.values, 0, before, 0, length);
                if (!update.parametersCounted[index]) {
                    parameterSquares.add(parameters.values, length);
                    update.parametersCounted[index] = true;
                }
                parameters.loaded = true;
            }
            return parameters;
        }

        @Override
        public Flat gradient() {
            if (!gradient.loaded) {
                update.gradient.get(start, gradient.values, 0, length);
                if (!update.gradientCounted[index]) {
                    gradientSquares.add(gradient.values, length);
                    update.gradientCounted[index] = true;
                }
                if (update.gradientScale != 1) {
                    gradient.scale(update.gradientScale);
                }
                gradient.loaded = true;
            }
            return gradient;
        }

        @Override
        public Flat state(int index) {
            return states[index];
        }

        @Override
        public Flat work(int index) {
            while (works.size() <= index) {
                works.add(new Values(this));
            }
            Values values = works.get(index);
            if (!values.loaded) {
                System.arraycopy(HostUpdater.this.work(index), start, values.values, 0, length);
                values.loaded = true;
            }
            return values;
        }

        @Override
        public Flat decays() {
            return decaying;
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
        private float[] values;
        private boolean loaded;

        Values(Chunk owner) {
            this(owner, new float[CHUNK]);
        }

        Values(Chunk owner, float[] values) {
            this.owner = owner;
            this.values = values;
        }

        private static float[] of(Flat x) {
            return ((Values) x).values;
        }

        @Override
        public Flat scale(double a) {
            scale(values, (float) a, owner.length);
            return this;
        }

        @Override
        public Flat set(Flat x) {
            System.arraycopy(of(x), 0, values, 0, owner.length);
            return this;
        }

        @Override
        public Flat scale(PerGroup factors) {
            HostPerGroup numbers = (HostPerGroup) factors;
            numbers.groups.expand(numbers.values, owner.start, owner.length, owner.expanded);
            multiply(values, owner.expanded, owner.length);
            return this;
        }

        @Override
        public Flat multiply(Flat x) {
            multiply(values, of(x), owner.length);
            return this;
        }

        private static void multiply(float[] a, float[] x, int n) {
            for (int i = 0; i < n; i++) {
                a[i] *= x[i];
            }
        }

        @Override
        public Flat divide(Flat x) {
            divide(values, of(x), owner.length);
            return this;
        }

        private static void divide(float[] a, float[] x, int n) {
            for (int i = 0; i < n; i++) {
                a[i] /= x[i];
            }
        }

        @Override
        public Flat atLeast(double bound) {
            atLeast(values, (float) bound, owner.length);
            return this;
        }

        private static void atLeast(float[] a, float bound, int n) {
            for (int i = 0; i < n; i++) {
                a[i] = Math.max(a[i], bound);
            }
        }

        @Override
        public Flat atMost(double bound) {
            atMost(values, (float) bound, owner.length);
            return this;
        }

        private static void atMost(float[] a, float bound, int n) {
            for (int i = 0; i < n; i++) {
                a[i] = Math.min(a[i], bound);
            }
        }

        @Override
        public Flat absolute() {
            absolute(values, owner.length);
            return this;
        }

        private static void absolute(float[] a, int n) {
            for (int i = 0; i < n; i++) {
                a[i] = Math.abs(a[i]);
            }
        }

        private static void scale(float[] a, float factor, int n) {
            for (int i = 0; i < n; i++) {
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

    private final class HostPerGroup implements PerGroup {
        private final Groups groups;
        private final double[] values;

        HostPerGroup(Groups groups, double[] values) {
            this.groups = groups;
            this.values = values;
        }

        private HostPerGroup map(IntToDoubleFunction function) {
            double[] mapped = new double[values.length];
            Arrays.setAll(mapped, function);
            return new HostPerGroup(groups, mapped);
        }

        /** The numbers of another one, a tensor's repeated for each of its groups. */
        private double[] aligned(PerGroup other) {
            HostPerGroup from = (HostPerGroup) other;
            if (from.groups == groups) {
                return from.values;
            }
            if (from.groups.grouping() != Grouping.TENSOR) {
                throw new IllegalArgumentException("the other numbers must be of the same grouping or per tensor");
            }
            double[] spread = new double[values.length];
            for (int i = 0; i < tensors.count(); i++) {
                Arrays.fill(spread, groups.first(i), groups.first(i + 1), from.values[i]);
            }
            return spread;
        }

        @Override
        public PerGroup times(double a) {
            return map(i -> values[i] * a);
        }

        @Override
        public PerGroup times(PerGroup other) {
            double[] factors = aligned(other);
            return map(i -> values[i] * factors[i]);
        }

        @Override
        public PerGroup plus(double a) {
            return map(i -> values[i] + a);
        }

        @Override
        public PerGroup plus(PerGroup other) {
            double[] terms = aligned(other);
            return map(i -> values[i] + terms[i]);
        }

        @Override
        public PerGroup atMost(double bound) {
            return map(i -> Math.min(values[i], bound));
        }

        @Override
        public PerGroup atLeast(double bound) {
            return map(i -> Math.max(values[i], bound));
        }

        @Override
        public PerGroup inverse() {
            return map(i -> 1 / values[i]);
        }

        @Override
        public PerGroup squareRoot() {
            return map(i -> Math.sqrt(values[i]));
        }

        @Override
        public PerGroup absolute() {
            return map(i -> Math.abs(values[i]));
        }

        @Override
        public PerGroup below(PerGroup other) {
            double[] bounds = aligned(other);
            return map(i -> values[i] < bounds[i] ? 1 : 0);
        }

        @Override
        public PerGroup where(PerGroup mask, PerGroup otherwise) {
            double[] masked = aligned(mask);
            double[] others = aligned(otherwise);
            return map(i -> masked[i] != 0 ? values[i] : others[i]);
        }

        @Override
        public PerGroup largestPerTensor() {
            double[] largest = new double[tensors.count()];
            Arrays.setAll(
                    largest,
                    i -> Arrays.stream(values, groups.first(i), groups.first(i + 1))
                            .max()
                            .orElseThrow());
            return new HostPerGroup(groups(Grouping.TENSOR), largest);
        }
    }
}
