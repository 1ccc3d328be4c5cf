package io.couplet.trainer.optimizers;

import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.ToDoubleFunction;
import java.util.function.UnaryOperator;

/** One step as a formula sees it. */
public interface Update {

    /** 1 at the first step. */
    long step();

    double learningRate();

    /** The distance from 1 to the next number of the buffers' precision. */
    double machineEpsilon();

    /**
     * Runs a piece of the formula over every element. It may be called once with whole vectors or many times with corresponding parts of them, so it must
     * treat each element by itself.
     */
    void elementwise(Consumer<Window> formula);

    /** The Euclidean norm of a vector over all tensors together, for each tensor. */
    PerGroup norm(Function<Window, Flat> vector);

    /** The sums of x · y, group by group. */
    PerGroup dot(Grouping grouping, Function<Window, Flat> x, Function<Window, Flat> y);

    /** The means of a vector, group by group. */
    PerGroup mean(Grouping grouping, Function<Window, Flat> x);

    /** The Euclidean norm of a vector, group by group. */
    default PerGroup norm(Grouping grouping, Function<Window, Flat> vector) {
        return dot(grouping, vector, vector).squareRoot();
    }

    /** A number per tensor that never changes. Worked out once per function object: keep the function in a field. */
    PerGroup constants(ToDoubleFunction<Tensors.Tensor> function);

    /** Numbers per group, kept between steps, zero before the first; numbered as in {@link Optimizer#numbers()}. */
    PerGroup numbers(int index);

    /** Replaces kept numbers. */
    void keep(int index, PerGroup numbers);

    /** Kept between steps, zero before the first; numbered as in {@link Optimizer#scalars()}. */
    double scalar(int index);

    void keep(int index, double scalar);

    /** Replaces, in a work vector, the chosen tensors of at least two dimensions, seen as matrices of the first dimension by all others. */
    void matrices(int work, Predicate<Tensors.Tensor> chosen, UnaryOperator<Matrix> formula);

    /** The same part of every vector. */
    interface Window {
        Flat parameters();

        /** A copy: what a formula does to it is forgotten when the piece ends. */
        Flat gradient();

        /** Kept between steps, zero before the first; numbered as in {@link Optimizer#state()}. */
        Flat state(int index);

        /** Kept between the pieces of one step; what is in it at the beginning of a step is not defined. */
        Flat work(int index);

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
