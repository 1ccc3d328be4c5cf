package io.couplet.trainer.optimizers;

import java.util.function.Consumer;
import java.util.function.Function;

/** One step as a formula sees it. */
public interface Update {

    /** 1 at the first step. */
    long step();

    double learningRate();

    /**
     * Runs a piece of the formula over every element. It may be called once with whole vectors or many times with corresponding parts of them, so it must
     * treat each element by itself.
     */
    void elementwise(Consumer<Window> formula);

    /** The Euclidean norm of a vector over all tensors together. */
    PerTensor norm(Function<Window, Flat> vector);

    /** The Euclidean norm of a vector, tensor by tensor. */
    PerTensor normPerTensor(Function<Window, Flat> vector);

    /** The same part of every vector. */
    interface Window {
        Flat parameters();

        /** A copy: what a formula does to it is forgotten when the piece ends. */
        Flat gradient();

        /** Kept between steps, zero before the first; numbered as in {@link Optimizer#state()}. */
        Flat state(int index);

        /** Kept between the pieces of one step. */
        Flat work();

        /** 1 where weight decay applies, 0 elsewhere. */
        Flat decays();

        /** Scratch with the values of another vector. */
        Flat copyOf(Flat x);

        /** gradient + weightDecay · parameters, where decay applies: weight decay as an L2 penalty. */
        default Flat gradientWithPenalty(double weightDecay) {
            return weightDecay == 0 ? gradient() : gradient().addProduct(decays(), parameters(), weightDecay);
        }

        /** parameters − learningRate · weightDecay · parameters, where decay applies: weight decay decoupled from the gradient. */
        default Flat decayedParameters(double learningRate, double weightDecay) {
            Flat parameters = parameters();
            return weightDecay == 0
                    ? parameters
                    : parameters.addProduct(decays(), copyOf(parameters), -learningRate * weightDecay);
        }
    }
}
