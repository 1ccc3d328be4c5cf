package io.couplet.scores.coupling;

/**
 * One run's accuracy at a rung.
 *
 * @param backbone the backbone
 * @param optimizer the optimizer
 * @param point 0-based hyper-parameter point
 * @param seed the seed
 * @param accuracy top-1 accuracy, a fraction in [0, 1]; not read when the run diverged
 * @param diverged whether the run diverged at or before the rung, and so counts as chance level
 * @param deviceSeconds seconds the run kept its device busy up to the rung; NaN when unknown
 */
public record Observation(
        String backbone,
        String optimizer,
        int point,
        long seed,
        double accuracy,
        boolean diverged,
        double deviceSeconds) {

    public Observation {
        if (!diverged && !(accuracy >= 0 && accuracy <= 1)) {
            throw new IllegalArgumentException("accuracy must be a fraction in [0, 1], was " + accuracy);
        }
    }
}
