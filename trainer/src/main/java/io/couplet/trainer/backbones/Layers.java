package io.couplet.trainer.backbones;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Activation;
import ai.djl.nn.pooling.Pool;
import io.couplet.trainer.backbones.ParameterLayout.Scope;
import io.couplet.trainer.torch.Transfer;

/** The layers that backbones are made of. Images are (batch, channels, height, width), tokens (batch, tokens, width). */
final class Layers {
    private Layers() {}

    static final Layer RELU = (pass, x) -> Activation.relu(x);
    /** ReLU cut off at six. */
    static final Layer RELU6 = (pass, x) -> TorchFunctions.reluUpToSix(x);
    /** The exact form with the error function, not the tanh approximation. */
    static final Layer GELU = (pass, x) -> Activation.gelu(x);

    static final Layer SIGMOID = (pass, x) -> Activation.sigmoid(x);
    /** x · σ(x), also called swish. DJL's own multiplies by a number whose memory it frees too early, see {@link TorchFunctions#scalar}. */
    static final Layer SILU = (pass, x) -> x.mul(Activation.sigmoid(x));

    static final Layer IDENTITY = (pass, x) -> x;
    /**
     * The same values, channel by channel. Images come pixel by pixel, and convolutions keep to how their input lies: oneDNN is quicker this way with wide, dense
     * convolutions (VGG-13 at 64 pixels by 2.4 times), with narrow and depthwise ones the other.
     */
    static final Layer BY_CHANNEL = (pass, x) -> TorchFunctions.contiguous(x);

    /** (batch, channels, height, width) → (batch, channels). */
    static final Layer GLOBAL_AVERAGE_POOL = (pass, x) -> Pool.globalAvgPool2d(x);

    /** (batch, channels, height, width) → (batch, channels, 1, 1). */
    static final Layer CHANNEL_MEANS = (pass, x) -> {
        NDArray means = Pool.globalAvgPool2d(x);
        return means.reshape(means.getShape().get(0), means.getShape().get(1), 1, 1);
    };

    static final Layer FLATTEN = (pass, x) ->
            x.reshape(x.getShape().get(0), x.getShape().size() / x.getShape().get(0));

    /** (batch, channels, height, width) → (batch, height, width, channels). */
    static NDArray channelsLast(NDArray x) {
        return x.transpose(0, 2, 3, 1);
    }

    /** (batch, height, width, channels) → (batch, channels, height, width). */
    static NDArray channelsFirst(NDArray x) {
        return x.transpose(0, 3, 1, 2);
    }

    /** Numbers of a two-dimensional convolution with a square kernel. */
    record Convolution(int in, int out, int kernel, int stride, int padding, int dilation, int groups, boolean bias) {
        /**
         * With fewer input channels than this, oneDNN's backward pass of a strided 1 × 1 convolution writes past its workspace (oneDNN issue 6035; libtorch 2.7.1
         * has it): the heap is damaged and the process dies. Taking every stride-th position first is the same sum without a stride.
         */
        private static final int ONEDNN_BLOCK = 16;

        Convolution(int in, int out, int kernel, int stride, int padding) {
            this(in, out, kernel, stride, padding, 1, 1, true);
        }

        Convolution withoutBias() {
            return new Convolution(in, out, kernel, stride, padding, dilation, groups, false);
        }

        /** One output per position of the input. */
        static Convolution pointwise(int in, int out) {
            return new Convolution(in, out, 1, 1, 0);
        }

        static Convolution depthwise(int channels, int kernel, int stride) {
            return new Convolution(channels, channels, kernel, stride, kernel / 2, 1, channels, true);
        }

        /** Depthwise with gaps between the kernel's taps; keeps the size. */
        static Convolution dilatedDepthwise(int channels, int kernel, int dilation) {
            int padding = (dilation * (kernel - 1) + 1) / 2;
            return new Convolution(channels, channels, kernel, 1, padding, dilation, channels, true);
        }

        long fanIn() {
            return (long) in / groups * kernel * kernel;
        }

        long fanOut() {
            return (long) out * kernel * kernel;
        }

        /** As TensorFlow counts it, and timm after it. */
        long fanOutPerGroup() {
            return fanOut() / groups;
        }

        /** @param bias ignored when there is none */
        Layer layer(Scope scope, Initializer weight, Initializer bias) {
            int w = scope.parameter("weight", weight, out, (long) in / groups, kernel, kernel);
            int b = this.bias ? scope.parameter("bias", bias, out) : -1;
            if (kernel == 1 && stride > 1 && in < ONEDNN_BLOCK) {
                Layer dense = layer(w, b, 1);
                String every = ":, :, ::" + stride + ", ::" + stride;
                return (pass, x) -> dense.forward(pass, x.get(every));
            }
            return layer(w, b, stride);
        }

        private Layer layer(int w, int b, int stride) {
            Shape strides = new Shape(stride, stride);
            Shape paddings = new Shape(padding, padding);
            Shape dilations = new Shape(dilation, dilation);
            return (pass, x) -> ai.djl.nn.convolutional.Conv2d.conv2d(
                            x,
                            pass.parameter(w),
                            b < 0 ? null : pass.parameter(b),
                            strides,
                            paddings,
                            dilations,
                            groups)
                    .head();
        }
    }

    /** Along the last dimension: (…, in) → (…, out). */
    static Layer linear(Scope scope, int in, int out, Initializer weight, Initializer bias) {
        int w = scope.parameter("weight", weight, out, in);
        int b = scope.parameter("bias", bias, out);
        return (pass, x) -> ai.djl.nn.core.Linear.linear(x, pass.parameter(w), pass.parameter(b))
                .head();
    }

    /** Along the last dimension: (…, in) → (…, out). */
    static Layer linearWithoutBias(Scope scope, int in, int out, Initializer weight) {
        int w = scope.parameter("weight", weight, out, in);
        return (pass, x) -> ai.djl.nn.core.Linear.linear(x, pass.parameter(w)).head();
    }

    /** Batch norm with epsilon 1e-5 and torch's momentum of 0.1. */
    static Layer batchNorm(Scope scope, int channels) {
        return batchNorm(scope, channels, 1);
    }

    /** @param gain the weight's first value; zero makes a residual branch start as nothing */
    static Layer batchNorm(Scope scope, int channels, double gain) {
        return batchNorm(scope, channels, Initializer.constant(gain), Initializer.constant(0));
    }

    static Layer batchNorm(Scope scope, int channels, Initializer gain, Initializer shift) {
        int weight = scope.parameter("weight", gain, channels);
        int bias = scope.parameter("bias", shift, channels);
        int mean = scope.buffer("running_mean", 0, channels);
        int variance = scope.buffer("running_var", 1, channels);
        // DJL states momentum as the share of the old value, torch as that of the new one.
        return (pass, x) -> ai.djl.nn.norm.BatchNorm.batchNorm(
                        x,
                        pass.buffer(mean),
                        pass.buffer(variance),
                        pass.parameter(weight),
                        pass.parameter(bias),
                        1,
                        0.9f,
                        1e-5f,
                        pass.training())
                .head();
    }

    /** Layer norm over the last dimension. */
    static Layer layerNorm(Scope scope, int width, double epsilon) {
        int weight = scope.parameter("weight", Initializer.constant(1), width);
        int bias = scope.parameter("bias", Initializer.constant(0), width);
        Shape normalised = new Shape(width);
        return (pass, x) -> ai.djl.nn.norm.LayerNorm.layerNorm(
                        x, normalised, pass.parameter(weight), pass.parameter(bias), (float) epsilon)
                .head();
    }

    /** Layer norm over the channels of an image. */
    static Layer layerNorm2d(Scope scope, int channels, double epsilon) {
        Layer norm = layerNorm(scope, channels, epsilon);
        return (pass, x) -> channelsFirst(norm.forward(pass, channelsLast(x)));
    }

    /**
     * Global response norm (Woo et al. 2023, arXiv:2301.00808) of (batch, height, width, channels): each channel's norm over the image, as a share of the mean over the channels, scales that
     * channel; added to what went in.
     *
     * @param gain begins at zero, and so does {@code shift}: at first nothing is changed
     */
    static NDArray globalResponseNorm(NDArray x, NDArray gain, NDArray shift) {
        // Quicker than torch's norm; the tiny addend keeps the root's slope finite where a channel is all zero.
        NDArray norms = x.square()
                .sum(new int[] {1, 2}, true)
                .add(TorchFunctions.scalar(1e-24))
                .sqrt();
        NDArray response = norms.div(norms.mean(new int[] {3}, true).add(TorchFunctions.scalar(1e-6)));
        return x.mul(response.mul(gain).add(TorchFunctions.scalar(1))).add(shift);
    }

    /** Scales each channel by what the means of all channels say (Hu et al. 2018, arXiv:1709.01507). */
    static Layer squeezeExcite(Layer reduce, Layer activation, Layer expand) {
        Layer gate = CHANNEL_MEANS.then(reduce).then(activation).then(expand).then(SIGMOID);
        return (pass, x) -> x.mul(gate.forward(pass, x));
    }

    /** What goes in plus the branch, which stochastic depth may leave out. */
    static Layer residual(Layer branch, double dropPath) {
        Layer whole = branch.then(dropPath(dropPath));
        return (pass, x) -> x.add(whole.forward(pass, x));
    }

    static Layer maxPool(int kernel, int stride, int padding) {
        return (pass, x) -> Pool.maxPool2d(
                x, new Shape(kernel, kernel), new Shape(stride, stride), new Shape(padding, padding), false);
    }

    /** Average pooling to a given height and width; an input that already has them goes through as it is. */
    static Layer averagePoolTo(int size) {
        return (pass, x) -> x.getShape().get(2) == size && x.getShape().get(3) == size
                ? x
                : TorchFunctions.adaptiveAverages(x, size);
    }

    /** Sets a share of the activations to zero while training and scales the others up; the mask comes from the pass's own random numbers. */
    static Layer dropout(double rate) {
        if (rate == 0) {
            return IDENTITY;
        }
        return (pass, x) -> {
            if (!pass.training()) {
                return x;
            }
            float[] mask = new float[Math.toIntExact(x.size())];
            float kept = (float) (1 / (1 - rate));
            for (int i = 0; i < mask.length; i++) {
                mask[i] = pass.random().nextDouble() < rate ? 0 : kept;
            }
            return x.mul(Transfer.upload(x, mask, x.getShape()));
        };
    }

    /**
     * Stochastic depth (Huang et al. 2016, arXiv:1603.09382) on a residual branch: while training, the branch of a share of the images is set to zero and that
     * of the others scaled up, as timm's DropPath.
     */
    static Layer dropPath(double rate) {
        if (rate == 0) {
            return IDENTITY;
        }
        return (pass, x) -> {
            if (!pass.training()) {
                return x;
            }
            long batch = x.getShape().get(0);
            long[] shape = new long[x.getShape().dimension()];
            java.util.Arrays.fill(shape, 1);
            shape[0] = batch;
            float[] mask = new float[Math.toIntExact(batch)];
            float kept = (float) (1 / (1 - rate));
            for (int i = 0; i < mask.length; i++) {
                mask[i] = pass.random().nextDouble() < rate ? 0 : kept;
            }
            return x.mul(Transfer.upload(x, mask, new Shape(shape)));
        };
    }

    /** The rate of a block's drop path: from zero at the first block linearly to {@code last} at the last one. */
    static double dropPathRate(double last, int block, int blocks) {
        return blocks == 1 ? 0 : last * block / (blocks - 1);
    }
}
