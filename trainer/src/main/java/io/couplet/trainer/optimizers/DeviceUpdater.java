package io.couplet.trainer.optimizers;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;

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
    private final NDArray decaysPerTensor;
    private final NDArray tensorOfElement;
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
        long[] index = new long[elements];
        float[] perTensor = new float[tensors.count()];
        tensors.within(0, elements, (tensor, from, to) -> {
            java.util.Arrays.fill(index, from, to, tensor);
            perTensor[tensor] = tensors.decays(tensor) ? 1 : 0;
            java.util.Arrays.fill(element, from, to, perTensor[tensor]);
        });
        decays = this.manager.create(element).toType(type, true);
        decaysPerTensor = this.manager.create(perTensor).toType(type, true);
        tensorOfElement = this.manager.create(index);
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
                scaled = gradient.mul(clip.minimum(1));
            }
            DeviceUpdate update = new DeviceUpdate(parameters, scaled, learningRate, scratch, numbers);
            optimizer.apply(update);
            return NDArrays.stack(
                    new NDList(gradientNorm, norm(parameters.sub(before), scratch), norm(before, scratch)));
        }
    }

    private static NDArray norm(NDArray x, NDManager scratch) {
        NDArray norm = x.norm(false);
        norm.attach(scratch);
        return norm;
    }

    /** A copy; waits for the device. In float32 it is exact. */
    public OptimizerState state() {
        Map<String, float[]> vectors = new LinkedHashMap<>();
        for (int i = 0; i < stateNames.size(); i++) {
            try (NDArray copy = state.get(i).toType(DataType.FLOAT32, true)) {
                vectors.put(stateNames.get(i), copy.toFloatArray());
            }
        }
        return new OptimizerState(step, vectors, Map.of());
    }

    /** @throws IllegalArgumentException if the state belongs to another optimizer or other parameters */
    public void restore(OptimizerState saved) {
        saved.requireFor(stateNames, tensors.elements(), Map.of());
        for (int i = 0; i < stateNames.size(); i++) {
            state.get(i).close();
            state.set(i, manager.create(saved.vectors().get(stateNames.get(i))).toType(type, false));
        }
        step = saved.step();
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
        private final NDArray work;

        DeviceUpdate(NDArray parameters, NDArray gradient, double learningRate, NDManager scratch, NDManager numbers) {
            this.parameters = parameters;
            this.gradient = gradient;
            this.learningRate = learningRate;
            this.scratch = scratch;
            this.numbers = numbers;
            this.work = scratch.zeros(parameters.getShape(), parameters.getDataType());
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
        public PerTensor norm(Function<Window, Flat> vector) {
            NDArray norm = DeviceUpdater.norm(((Values) vector.apply(new Whole())).array, scratch);
            return new DevicePerTensor(this, norm.reshape(1).broadcast(new Shape(tensors.count())));
        }

        @Override
        public PerTensor normPerTensor(Function<Window, Flat> vector) {
            NDList norms = new NDList();
            for (NDArray part : ((Values) vector.apply(new Whole())).array.split(tensors.cuts(), 0)) {
                part.attach(scratch);
                norms.add(DeviceUpdater.norm(part, scratch));
            }
            return new DevicePerTensor(this, NDArrays.stack(norms));
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
            public Flat work() {
                return new Values(DeviceUpdate.this, work, true);
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
        public Flat scale(PerTensor factors) {
            own().muli(temporary(((DevicePerTensor) factors).values.gather(tensorOfElement, 0)));
            return this;
        }

        @Override
        public Flat add(double a) {
            own().addi(number(a));
            return this;
        }

        @Override
        public Flat add(Flat x, double a) {
            NDArray term = temporary(of(x).mul(number(a)));
            own().addi(term);
            return this;
        }

        @Override
        public Flat addProduct(Flat x, Flat y, double a) {
            NDArray term = temporary(of(x).mul(of(y)));
            own().addi(term.muli(number(a)));
            return this;
        }

        @Override
        public Flat addQuotient(Flat x, Flat y, double a) {
            NDArray term = temporary(of(x).div(of(y)));
            own().addi(term.muli(number(a)));
            return this;
        }

        @Override
        public Flat clear() {
            own().muli(number(0));
            return this;
        }

        @Override
        public Flat lerp(Flat x, double weight) {
            NDArray term = temporary(of(x).sub(array));
            own().addi(term.muli(number(weight)));
            return this;
        }

        @Override
        public Flat maximum(Flat x) {
            // There is no maximum in place: max(a, x) = a + max(x − a, 0).
            NDArray term = temporary(of(x).sub(array));
            own().addi(temporary(ai.djl.nn.Activation.relu(term)));
            return this;
        }

        @Override
        public Flat squareRoot() {
            if (kept) {
                throw new IllegalStateException("the root of a kept vector is not taken in place: copy it first");
            }
            array = temporary(array.sqrt());
            borrowed = false;
            return this;
        }

        @Override
        public Flat sign() {
            own().signi();
            return this;
        }
    }

    private final class DevicePerTensor implements PerTensor {
        private final DeviceUpdate update;
        private final NDArray values;

        DevicePerTensor(DeviceUpdate update, NDArray values) {
            this.update = update;
            this.values = values;
            values.attach(update.scratch);
        }

        private PerTensor result(NDArray array) {
            return new DevicePerTensor(update, array);
        }

        private NDArray number(double a) {
            return update.scratch.create(a).toType(values.getDataType(), true);
        }

        @Override
        public PerTensor times(double a) {
            return result(values.mul(update.numbers.create(a)));
        }

        @Override
        public PerTensor atMost(double bound) {
            return result(values.minimum(number(bound)));
        }

        @Override
        public PerTensor atLeast(double bound) {
            return result(values.maximum(number(bound)));
        }

        @Override
        public PerTensor inverse() {
            return result(values.pow(update.numbers.create(-1.0)));
        }

        @Override
        public PerTensor ratioOrOne(PerTensor other) {
            NDArray divisors = ((DevicePerTensor) other).values;
            NDArray product = values.mul(divisors);
            NDArray ratio = values.div(divisors);
            return result(NDArrays.where(product.eq(0), product.onesLike(), ratio));
        }

        @Override
        public PerTensor onlyDecaying() {
            return result(NDArrays.where(decaysPerTensor.eq(1), values, values.onesLike()));
        }
    }
}
