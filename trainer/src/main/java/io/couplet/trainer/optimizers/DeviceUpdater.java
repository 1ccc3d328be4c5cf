package io.couplet.trainer.optimizers;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.couplet.trainer.torch.Transfer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.ToDoubleFunction;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Applies an optimizer where the buffers are, as operations on whole buffers; nothing in a step waits for the device. Gradient recording must be off.
 *
 * <p>Factors go in as scalars on the CPU: torch takes those as plain numbers, where a scalar on the device would be a copy to it. Not thread-safe.
 */
public final class DeviceUpdater implements AutoCloseable {
    private final Optimizer optimizer;
    private final Tensors tensors;
    private final List<String> stateNames;
    private final List<NDArray> state = new ArrayList<>();
    private final NDManager manager;
    private final DataType type;
    private final NDManager scalars;
    private final NDArray decays;
    private final Map<String, Grouping> numberGroupings;
    private final List<DevicePerGroup> numbers = new ArrayList<>();
    private final double[] scalarState;
    private final Map<Grouping, DeviceGroups> groups = new IdentityHashMap<>();
    private final Map<ToDoubleFunction<Tensors.Tensor>, NDArray> constants = new IdentityHashMap<>();
    private long step;

    /** @param manager of the run; the state lives as long as it, at most */
    public DeviceUpdater(Optimizer optimizer, Tensors tensors, NDManager manager, DataType type) {
        this.optimizer = optimizer;
        this.tensors = tensors;
        this.stateNames = optimizer.state();
        this.type = type;
        this.manager = manager.newSubManager();
        this.scalars = manager.newSubManager(Device.cpu());
        int elements = tensors.elements();
        for (int i = 0; i < stateNames.size(); i++) {
            state.add(this.manager.zeros(new Shape(elements), type));
        }
        float[] element = new float[elements];
        tensors.within(
                0, elements, (tensor, from, to) -> Arrays.fill(element, from, to, tensors.decays(tensor) ? 1 : 0));
        decays = made(this.manager.create(element));
        numberGroupings = new LinkedHashMap<>(optimizer.numbers());
        numberGroupings.values().forEach(g -> {
            DeviceGroups grouped = groups(g);
            numbers.add(new DevicePerGroup(null, grouped, this.manager.zeros(new Shape(grouped.all.count()), type)));
        });
        scalarState = new double[optimizer.scalars().size()];
    }

    /** In the type of the parameters, for as long as the state lives; what it was made of is freed. */
    private NDArray made(NDArray values) {
        if (values.getDataType() == type) {
            return values;
        }
        try (values) {
            return values.toType(type, true);
        }
    }

    private DeviceGroups groups(Grouping grouping) {
        return groups.computeIfAbsent(grouping, DeviceGroups::new);
    }

    /** A grouping with what the device needs to know of it. */
    private final class DeviceGroups {
        private final Groups all;
        /** The group of each element, eight bytes each; null until a vector is scaled by groups. */
        private @Nullable NDArray ofElement;
        /** The tensor of each group. */
        private final NDArray tensorOfGroup;
        /** How many elements each group has. */
        private final NDArray sizes;
        /** First groups of all tensors but the first. */
        private final long[] cuts;

        DeviceGroups(Grouping grouping) {
            all = new Groups(tensors, grouping);
            long[] tensor = new long[all.count()];
            for (int i = 0; i < tensors.count(); i++) {
                Arrays.fill(tensor, all.first(i), all.first(i + 1), i);
            }
            tensorOfGroup = manager.create(tensor);
            sizes = made(manager.create(all.sizes()));
            cuts = IntStream.range(1, tensors.count()).mapToLong(all::first).toArray();
        }

        NDArray ofElement() {
            if (ofElement == null) {
                long[] element = new long[tensors.elements()];
                Arrays.setAll(element, all::groupOf);
                ofElement = manager.create(element);
            }
            return ofElement;
        }

        /** Sums of a whole vector, group by group. */
        NDArray sums(NDArray vector, NDManager scratch) {
            NDList sums = new NDList();
            NDList parts = vector.split(tensors.cuts(), 0);
            for (int i = 0; i < parts.size(); i++) {
                NDArray part = parts.get(i);
                part.attach(scratch);
                List<Integer> shape = tensors.shape(i);
                int[] axes = all.grouping().reducedAxes(shape).stream()
                        .mapToInt(Integer::intValue)
                        .toArray();
                NDArray sum = axes.length == 0
                        ? part
                        : part.reshape(shape.stream()
                                        .mapToLong(Integer::longValue)
                                        .toArray())
                                .sum(axes)
                                .reshape(-1);
                sum.attach(scratch);
                sums.add(sum);
            }
            NDArray result = NDArrays.concat(sums);
            result.attach(scratch);
            return result;
        }
    }

    /**
     * One step.
     *
     * @param parameters changed in place
     * @param gradient read only
     * @param scratch manager of everything that this step makes
     * @return the norms of gradient, update and parameters, in that order, still on the device
     */
    public NDArray step(
            NDArray parameters, NDArray gradient, double learningRate, double maxGradientNorm, NDManager scratch) {
        step++;
        try (NDManager numbers = scalars.newSubManager()) {
            NDArray before = parameters.duplicate();
            before.attach(scratch);
            NDArray gradientNorm = norm(gradient, scratch);
            NDArray scaled = gradient;
            if (maxGradientNorm < Double.POSITIVE_INFINITY) {
                NDArray clip = numbers.create(maxGradientNorm).div(gradientNorm.add(numbers.create(1e-6)));
                clip.attach(scratch);
                // A result belongs to the manager of its first argument, which is the run's here.
                scaled = gradient.mul(clip.minimum(numbers.create(1.0)));
                scaled.attach(scratch);
            }
            DeviceUpdate update = new DeviceUpdate(parameters, scaled, learningRate, scratch, numbers);
            optimizer.apply(update);
            NDArray parameterNorm = norm(before, scratch);
            return NDArrays.stack(new NDList(gradientNorm, norm(before.subi(parameters), scratch), parameterNorm));
        }
    }

    private static NDArray norm(NDArray x, NDManager scratch) {
        NDArray norm = x.norm(false);
        norm.attach(scratch);
        return norm;
    }

    /** The parameters to evaluate with, where those are others than the trained ones, else the trained ones themselves. */
    public NDArray evaluationParameters(NDArray parameters, NDManager scratch) {
        Optional<Function<Update.Window, Flat>> formula = optimizer.evaluationParameters();
        if (step == 0 || formula.isEmpty()) {
            return parameters;
        }
        try (NDManager factors = scalars.newSubManager()) {
            DeviceUpdate update = new DeviceUpdate(parameters, parameters, 0, scratch, factors);
            return ((Values) formula.get().apply(update.new Whole())).array;
        }
    }

    /** A copy; waits for the device. In float32 it is exact. */
    public OptimizerState state() {
        Map<String, float[]> vectors = new LinkedHashMap<>();
        for (int i = 0; i < stateNames.size(); i++) {
            vectors.put(stateNames.get(i), Transfer.floats(state.get(i)));
        }
        Map<String, double[]> saved = new LinkedHashMap<>();
        for (int i = 0; i < scalarState.length; i++) {
            saved.put(optimizer.scalars().get(i), new double[] {scalarState[i]});
        }
        int at = 0;
        for (String name : numberGroupings.keySet()) {
            saved.put(name, Transfer.doubles(numbers.get(at++).values));
        }
        return new OptimizerState(step, vectors, saved);
    }

    /** @throws IllegalArgumentException if the state belongs to another optimizer or other parameters */
    public void restore(OptimizerState saved) {
        Map<String, Integer> sizes = new LinkedHashMap<>();
        optimizer.scalars().forEach(name -> sizes.put(name, 1));
        numberGroupings.forEach(
                (name, grouping) -> sizes.put(name, groups(grouping).all.count()));
        saved.requireFor(stateNames, tensors.elements(), sizes);
        for (int i = 0; i < stateNames.size(); i++) {
            state.get(i).close();
            state.set(i, made(manager.create(saved.vector(stateNames.get(i)))));
        }
        for (int i = 0; i < scalarState.length; i++) {
            scalarState[i] = saved.number(optimizer.scalars().get(i))[0];
        }
        int at = 0;
        for (String name : numberGroupings.keySet()) {
            keep(at++, made(manager.create(saved.number(name))));
        }
        step = saved.step();
    }

    private void keep(int index, NDArray values) {
        DevicePerGroup before = numbers.get(index);
        values.attach(manager);
        numbers.set(index, new DevicePerGroup(null, before.groups, values));
        before.values.close();
    }

    @Override
    public void close() {
        scalars.close();
        manager.close();
    }

    private final class DeviceUpdate implements Update {
        private final NDArray parameters;
        private final NDArray gradient;
        private final double learningRate;
        private final NDManager scratch;
        private final NDManager numbers;
        private final List<NDArray> work = new ArrayList<>();

        DeviceUpdate(NDArray parameters, NDArray gradient, double learningRate, NDManager scratch, NDManager numbers) {
            this.parameters = parameters;
            this.gradient = gradient;
            this.learningRate = learningRate;
            this.scratch = scratch;
            this.numbers = numbers;
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
            formula.accept(new Whole());
        }

        @Override
        public double machineEpsilon() {
            return type == DataType.FLOAT64 ? Math.ulp(1.0) : Math.ulp(1f);
        }

        private NDArray values(Function<Window, Flat> vector) {
            return ((Values) vector.apply(new Whole())).array;
        }

        private DevicePerGroup result(DeviceGroups grouped, NDArray values) {
            values.attach(scratch);
            return new DevicePerGroup(this, grouped, values);
        }

        @Override
        public PerGroup norm(Function<Window, Flat> vector) {
            NDArray norm = DeviceUpdater.norm(values(vector), scratch);
            return result(groups(Grouping.TENSOR), norm.reshape(1).broadcast(new Shape(tensors.count())));
        }

        @Override
        public PerGroup dot(Grouping grouping, Function<Window, Flat> x, Function<Window, Flat> y) {
            NDArray left = values(x);
            NDArray products = left.mul(x == y ? left : values(y));
            products.attach(scratch);
            DeviceGroups grouped = groups(grouping);
            return result(grouped, grouped.sums(products, scratch));
        }

        @Override
        public PerGroup mean(Grouping grouping, Function<Window, Flat> x) {
            DeviceGroups grouped = groups(grouping);
            return result(grouped, grouped.sums(values(x), scratch).div(grouped.sizes));
        }

        @Override
        public PerGroup constants(ToDoubleFunction<Tensors.Tensor> function) {
            NDArray values = constants.computeIfAbsent(function, f -> {
                double[] perTensor = new double[tensors.count()];
                Arrays.setAll(perTensor, i -> f.applyAsDouble(tensors.get(i)));
                return made(manager.create(perTensor));
            });
            return new DevicePerGroup(this, groups(Grouping.TENSOR), values);
        }

        @Override
        public PerGroup numbers(int index) {
            DevicePerGroup kept = DeviceUpdater.this.numbers.get(index);
            return new DevicePerGroup(this, kept.groups, kept.values);
        }

        @Override
        public void keep(int index, PerGroup kept) {
            DeviceUpdater.this.keep(index, ((DevicePerGroup) kept).values.duplicate());
        }

        @Override
        public double scalar(int index) {
            return scalarState[index];
        }

        @Override
        public void keep(int index, double scalar) {
            scalarState[index] = scalar;
        }

        @Override
        public void matrices(int index, Predicate<Tensors.Tensor> chosen, UnaryOperator<Matrix> formula) {
            NDArray whole = work(index);
            NDList parts = whole.split(tensors.cuts(), 0);
            NDList results = new NDList();
            for (int i = 0; i < parts.size(); i++) {
                NDArray part = parts.get(i);
                part.attach(scratch);
                Tensors.Tensor tensor = tensors.get(i);
                if (tensor.shape().size() >= 2 && chosen.test(tensor)) {
                    NDArray matrix = part.reshape(tensor.shape().get(0), tensor.columns());
                    part = formula.apply(new Matrix(matrix, scratch, numbers))
                            .array()
                            .reshape(-1);
                    part.attach(scratch);
                }
                results.add(part);
            }
            NDArray joined = NDArrays.concat(results);
            joined.attach(scratch);
            work.set(index, joined);
        }

        private NDArray work(int index) {
            while (work.size() <= index) {
                work.add(scratch.zeros(parameters.getShape(), parameters.getDataType()));
            }
            return work.get(index);
        }

        private final class Whole implements Window {
            private final Flat gradientValues = new Values(DeviceUpdate.this, gradient, false);

            @Override
            public Flat parameters() {
                return new Values(DeviceUpdate.this, parameters, true);
            }

            @Override
            public Flat gradient() {
                return gradientValues;
            }

            @Override
            public Flat state(int index) {
                return new Values(DeviceUpdate.this, state.get(index), true);
            }

            @Override
            public Flat work(int index) {
                return new Values(DeviceUpdate.this, DeviceUpdate.this.work(index), true);
            }

            @Override
            public Flat decays() {
                return new Values(DeviceUpdate.this, decays, false);
            }

            @Override
            public Flat copyOf(Flat x) {
                return new Values(DeviceUpdate.this, ((Values) x).array, false);
            }
        }
    }

    /** @see Flat */
    private final class Values implements Flat {
        private final DeviceUpdate update;
        private NDArray array;
        /** Changed in place, for whoever keeps it. */
        private final boolean kept;
        /** Copied before it is changed. */
        private boolean borrowed;

        Values(DeviceUpdate update, NDArray array, boolean kept) {
            this.update = update;
            this.array = array;
            this.kept = kept;
            this.borrowed = !kept;
        }

        private NDArray own() {
            if (borrowed) {
                array = array.duplicate();
                array.attach(update.scratch);
                borrowed = false;
            }
            return array;
        }

        private NDArray number(double a) {
            return update.numbers.create(a);
        }

        /** Takes a result for its new value. */
        private Flat become(NDArray result) {
            if (kept) {
                // The kept array gets the result's memory; only the parameters, which others look into, must not.
                if (array == update.parameters) {
                    throw new IllegalStateException("this is not done to the parameters in place: copy them first");
                }
                array.intern(result);
            } else {
                array = temporary(result);
                borrowed = false;
            }
            return this;
        }

        /** A result that lives as long as the step. */
        private NDArray temporary(NDArray result) {
            result.attach(update.scratch);
            return result;
        }

        private NDArray of(Flat x) {
            return ((Values) x).array;
        }

        @Override
        public Flat scale(double a) {
            own().muli(number(a));
            return this;
        }

        @Override
        public Flat set(Flat x) {
            return become(of(x).duplicate());
        }

        @Override
        public Flat scale(PerGroup factors) {
            DevicePerGroup f = (DevicePerGroup) factors;
            try (NDArray expanded = f.values.gather(f.groups.ofElement(), 0)) {
                own().muli(expanded);
            }
            return this;
        }

        @Override
        public Flat multiply(Flat x) {
            own().muli(of(x));
            return this;
        }

        @Override
        public Flat divide(Flat x) {
            own().divi(of(x));
            return this;
        }

        @Override
        public Flat atLeast(double bound) {
            return become(array.maximum(number(bound)));
        }

        @Override
        public Flat atMost(double bound) {
            return become(array.minimum(number(bound)));
        }

        @Override
        public Flat absolute() {
            return become(array.abs());
        }

        @Override
        public Flat add(double a) {
            own().addi(number(a));
            return this;
        }

        @Override
        public Flat add(Flat x, double a) {
            try (NDArray term = of(x).mul(number(a))) {
                own().addi(term);
            }
            return this;
        }

        @Override
        public Flat addProduct(Flat x, Flat y, double a) {
            try (NDArray term = of(x).mul(of(y))) {
                own().addi(term.muli(number(a)));
            }
            return this;
        }

        @Override
        public Flat addQuotient(Flat x, Flat y, double a) {
            try (NDArray term = of(x).div(of(y))) {
                own().addi(term.muli(number(a)));
            }
            return this;
        }

        @Override
        public Flat clear() {
            own().muli(number(0));
            return this;
        }

        @Override
        public Flat lerp(Flat x, double weight) {
            try (NDArray term = of(x).sub(array)) {
                own().addi(term.muli(number(weight)));
            }
            return this;
        }

        @Override
        public Flat maximum(Flat x) {
            return become(array.maximum(of(x)));
        }

        @Override
        public Flat squareRoot() {
            return become(array.sqrt());
        }

        @Override
        public Flat sign() {
            own().signi();
            return this;
        }
    }

    private final class DevicePerGroup implements PerGroup {
        /** Null for numbers that are kept: those are read through an update. */
        private final @Nullable DeviceUpdate update;

        private final DeviceGroups groups;
        private final NDArray values;

        DevicePerGroup(@Nullable DeviceUpdate update, DeviceGroups groups, NDArray values) {
            this.update = update;
            this.groups = groups;
            this.values = values;
        }

        private DeviceUpdate update() {
            return Objects.requireNonNull(update);
        }

        private DevicePerGroup result(NDArray array) {
            return update().result(groups, array);
        }

        private NDArray number(double a) {
            return update().numbers.create(a);
        }

        /** The numbers of another one, a tensor's repeated for each of its groups. */
        private NDArray aligned(PerGroup other) {
            DevicePerGroup from = (DevicePerGroup) other;
            if (from.groups == groups) {
                return from.values;
            }
            if (from.groups.all.grouping() != Grouping.TENSOR) {
                throw new IllegalArgumentException("the other numbers must be of the same grouping or per tensor");
            }
            NDArray spread = from.values.gather(groups.tensorOfGroup, 0);
            spread.attach(update().scratch);
            return spread;
        }

        @Override
        public PerGroup times(double a) {
            return result(values.mul(number(a)));
        }

        @Override
        public PerGroup times(PerGroup other) {
            return result(values.mul(aligned(other)));
        }

        @Override
        public PerGroup plus(double a) {
            return result(values.add(number(a)));
        }

        @Override
        public PerGroup plus(PerGroup other) {
            return result(values.add(aligned(other)));
        }

        @Override
        public PerGroup atMost(double bound) {
            return result(values.minimum(number(bound)));
        }

        @Override
        public PerGroup atLeast(double bound) {
            return result(values.maximum(number(bound)));
        }

        @Override
        public PerGroup inverse() {
            return result(values.pow(number(-1)));
        }

        @Override
        public PerGroup squareRoot() {
            return result(values.sqrt());
        }

        @Override
        public PerGroup absolute() {
            return result(values.abs());
        }

        @Override
        public PerGroup below(PerGroup other) {
            NDArray below = values.lt(aligned(other));
            below.attach(update().scratch);
            return result(below.toType(type, false));
        }

        @Override
        public PerGroup where(PerGroup mask, PerGroup otherwise) {
            NDArray zero = aligned(mask).eq(number(0));
            zero.attach(update().scratch);
            return result(NDArrays.where(zero, aligned(otherwise), values));
        }

        @Override
        public PerGroup largestPerTensor() {
            NDList largest = new NDList();
            for (NDArray part : values.split(groups.cuts, 0)) {
                part.attach(update().scratch);
                NDArray max = part.max();
                max.attach(update().scratch);
                largest.add(max);
            }
            return update().result(groups(Grouping.TENSOR), NDArrays.stack(largest));
        }
    }
}
