package io.couplet.trainer.backbones;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import java.util.List;
import java.util.SplittableRandom;

/**
 * One way through a backbone: the views of its tensors for this step, whether it trains, and the random numbers it may use.
 *
 * <p>Everything in it belongs to the manager of the step and dies with it.
 */
public final class Pass {
    private final NDArray[] parameters;
    private final NDList buffers;
    private final boolean training;
    private final SplittableRandom random;

    private Pass(NDArray[] parameters, NDList buffers, boolean training, SplittableRandom random) {
        this.parameters = parameters;
        this.buffers = buffers;
        this.training = training;
        this.random = random;
    }

    /**
     * Opens a pass over views of the flat buffers.
     *
     * @param parameters one view per parameter of the layout, in its shape or one-dimensional, in order
     * @param buffers one view per buffer of the layout, in order; batch norm writes its running statistics through them
     * @param seed of dropout masks
     */
    public static Pass of(ParameterLayout layout, NDList parameters, NDList buffers, boolean training, long seed) {
        List<ParameterLayout.Parameter> specifications = layout.parameters();
        NDArray[] shaped = new NDArray[specifications.size()];
        for (int i = 0; i < shaped.length; i++) {
            NDArray view = parameters.get(i);
            Shape shape = specifications.get(i).shape();
            shaped[i] = shape.dimension() == view.getShape().dimension() ? view : view.reshape(shape);
        }
        return new Pass(shaped, buffers, training, new SplittableRandom(seed));
    }

    NDArray parameter(int index) {
        return parameters[index];
    }

    NDArray buffer(int index) {
        return buffers.get(index);
    }

    boolean training() {
        return training;
    }

    SplittableRandom random() {
        return random;
    }
}
