package io.couplet.schemas.study;

import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The points at which pairings are trained: every learning rate with every weight decay.
 *
 * @param learningRates peak learning rates
 * @param weightDecays weight decays
 */
public record HyperparameterGrid(Axis learningRates, Axis weightDecays) {

    /** One point: each optimizer's defaults. */
    public static final HyperparameterGrid DEFAULTS = new HyperparameterGrid(Axis.DEFAULT, Axis.DEFAULT);

    /** Five learning rates by five weight decays around each optimizer's defaults. */
    public static final HyperparameterGrid AROUND_DEFAULTS = new HyperparameterGrid(Axis.GRID, Axis.GRID);

    public HyperparameterGrid {
        learningRates.require("hyperparameters.learning-rates", Bounds.LEARNING_RATE);
        weightDecays.require("hyperparameters.weight-decays", Bounds.WEIGHT_DECAY);
    }

    /** Number of points. */
    public int points() {
        return learningRates.places().size() * weightDecays.places().size();
    }

    /** What an optimizer's own options leave of it: their learning rates and weight decays in place of these. */
    HyperparameterGrid overriddenBy(OptimizerOptions own) {
        return new HyperparameterGrid(
                own.learningRates().isEmpty() ? learningRates : new Axis.Values(own.learningRates()),
                own.weightDecays().isEmpty() ? weightDecays : new Axis.Values(own.weightDecays()));
    }

    /** The values that one hyper-parameter takes in turn. */
    public sealed interface Axis {

        /** Each optimizer's default and nothing else. */
        Axis DEFAULT = new Default();

        /** The default and two values on either side of it. */
        Axis GRID = new Grid();

        /** These values; none for the default. */
        static Axis of(List<Double> values) {
            return values.isEmpty() ? DEFAULT : new Values(values);
        }

        List<Place> places();

        /** Values that are known here; empty when they hang on an optimizer's default. */
        default List<Double> values() {
            return List.of();
        }

        private void require(String name, Bounds bounds) {
            bounds.requireAll(name, values());
        }

        /** See {@link #DEFAULT}. */
        record Default() implements Axis {
            @Override
            public List<Place> places() {
                return List.of(new Place(null, null));
            }
        }

        /** Values as the study's author wrote them, at least one. */
        record Values(List<Double> values) implements Axis {
            public Values {
                values = List.copyOf(values);
                if (values.isEmpty()) {
                    throw new IllegalArgumentException("values must not be empty");
                }
            }

            @Override
            public List<Place> places() {
                return values.stream().map(value -> new Place(value, null)).toList();
            }
        }

        /**
         * See {@link #GRID}. How far a step goes is for the trainer to say, because the default is: nothing of it is known here.
         */
        record Grid() implements Axis {
            /** Steps on either side of the default. */
            static final int REACH = 2;

            @Override
            public List<Place> places() {
                return IntStream.rangeClosed(-REACH, REACH)
                        .mapToObj(step -> new Place(null, step))
                        .toList();
            }
        }
    }

    /**
     * One value of an axis, or none of both for the default.
     *
     * @param value as written
     * @param step away from the default
     */
    public record Place(@Nullable Double value, @Nullable Integer step) {

        /** How far from the default; zero where that is not known. */
        int distance() {
            return step == null ? 0 : Math.abs(step);
        }
    }
}
