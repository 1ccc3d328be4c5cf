package io.couplet.trainer.backbones;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.zip.CRC32;

/**
 * Which tensors a backbone has, in timm's order and under timm's names, and where each lies in the flat buffers: one for what is trained, one for running
 * statistics.
 */
public final class ParameterLayout {

    /**
     * One trained tensor.
     *
     * @param offset where it begins in the flat buffer
     * @param decays whether weight decay applies when biases and norms are excluded
     */
    public record Parameter(int index, String name, Shape shape, int offset, Initializer initializer, boolean decays) {
        public int size() {
            return Math.toIntExact(shape.size());
        }
    }

    /** One tensor that is not trained but kept: a running mean or variance. */
    public record Buffer(int index, String name, Shape shape, int offset, float initial) {
        public int size() {
            return Math.toIntExact(shape.size());
        }
    }

    private final List<Parameter> parameters;
    private final List<Buffer> buffers;
    private final long[] parameterCuts;
    private final long[] bufferCuts;

    private ParameterLayout(List<Parameter> parameters, List<Buffer> buffers) {
        this.parameters = List.copyOf(parameters);
        this.buffers = List.copyOf(buffers);
        this.parameterCuts =
                parameters.stream().skip(1).mapToLong(Parameter::offset).toArray();
        this.bufferCuts = buffers.stream().skip(1).mapToLong(Buffer::offset).toArray();
    }

    /** One view per parameter of a flat vector of them, in its shape and in order; they belong to the vector's manager. */
    public NDList parameters(NDArray flat) {
        NDList shaped = new NDList();
        for (NDArray view : flat.split(parameterCuts, 0)) {
            Shape shape = parameters.get(shaped.size()).shape();
            if (shape.dimension() == 1) {
                shaped.add(view);
            } else {
                shaped.add(view.reshape(shape));
                if (view != flat) { // as it is where there is nothing to split
                    view.close();
                }
            }
        }
        return shaped;
    }

    /** One view per buffer of a flat vector of them, in order. */
    public NDList buffers(NDArray flat) {
        return flat.split(bufferCuts, 0);
    }

    public List<Parameter> parameters() {
        return parameters;
    }

    public List<Buffer> buffers() {
        return buffers;
    }

    /** Elements in the flat parameter buffer. */
    public int parameterCount() {
        return parameters.stream().mapToInt(Parameter::size).sum();
    }

    /** Elements in the flat buffer of running statistics. */
    public int bufferCount() {
        return buffers.stream().mapToInt(Buffer::size).sum();
    }

    /**
     * The values before the first step. Each tensor draws from a stream of its own, made from the seed and the tensor's name, so that adding a layer leaves
     * the others as they were.
     */
    public float[] initialParameters(long seed) {
        float[] values = new float[parameterCount()];
        for (Parameter parameter : parameters) {
            CRC32 hash = new CRC32();
            hash.update(parameter.name().getBytes(StandardCharsets.UTF_8));
            SplittableRandom random = new SplittableRandom(seed * 0x9E3779B97F4A7C15L + hash.getValue());
            for (int i = 0; i < parameter.size(); i++) {
                values[parameter.offset() + i] = parameter.initializer().next(random);
            }
        }
        return values;
    }

    public float[] initialBuffers() {
        float[] values = new float[bufferCount()];
        for (Buffer buffer : buffers) {
            java.util.Arrays.fill(values, buffer.offset(), buffer.offset() + buffer.size(), buffer.initial());
        }
        return values;
    }

    static Builder builder() {
        return new Builder();
    }

    /** Collects tensors while the layers of a backbone are constructed. */
    static final class Builder {
        private final List<Parameter> parameters = new ArrayList<>();
        private final List<Buffer> buffers = new ArrayList<>();
        private final Set<String> names = new HashSet<>();
        private int parameterOffset;
        private int bufferOffset;

        /** The scope with no prefix. */
        Scope root() {
            return new Scope(this, "");
        }

        ParameterLayout build() {
            return new ParameterLayout(parameters, buffers);
        }

        private String claim(String name) {
            if (!names.add(name)) {
                throw new IllegalStateException("two tensors are named " + name);
            }
            return name;
        }

        int parameter(String name, Initializer initializer, boolean decays, Shape shape) {
            int index = parameters.size();
            parameters.add(new Parameter(index, claim(name), shape, parameterOffset, initializer, decays));
            parameterOffset = Math.addExact(parameterOffset, Math.toIntExact(shape.size()));
            return index;
        }

        int buffer(String name, float initial, Shape shape) {
            int index = buffers.size();
            buffers.add(new Buffer(index, claim(name), shape, bufferOffset, initial));
            bufferOffset = Math.addExact(bufferOffset, Math.toIntExact(shape.size()));
            return index;
        }
    }

    /** A place in the tree of names, e.g. {@code layer1.0.conv1}. */
    static final class Scope {
        private final Builder builder;
        private final String prefix;

        private Scope(Builder builder, String prefix) {
            this.builder = builder;
            this.prefix = prefix;
        }

        Scope in(String child) {
            return new Scope(builder, prefix + child + ".");
        }

        Scope in(int child) {
            return in(Integer.toString(child));
        }

        /** A trained tensor; matrices and kernels decay, vectors (biases, norms, scales) do not. Returns its index. */
        int parameter(String leaf, Initializer initializer, long... shape) {
            return builder.parameter(prefix + leaf, initializer, shape.length > 1, new Shape(shape));
        }

        /** A trained tensor that never decays whatever its shape: position embeddings and class tokens. Returns its index. */
        int undecayed(String leaf, Initializer initializer, long... shape) {
            return builder.parameter(prefix + leaf, initializer, false, new Shape(shape));
        }

        /** A kept tensor. Returns its index. */
        int buffer(String leaf, double initial, long size) {
            return builder.buffer(prefix + leaf, (float) initial, new Shape(size));
        }
    }
}
