package io.couplet.trainer.training;

import java.util.ArrayList;
import java.util.List;

/**
 * Whether a pairing trains at all: its loss at the first and at the last steps of a short training.
 *
 * @param first mean loss of the first three steps
 * @param last mean loss of the last three steps
 * @param finite whether every loss and every gradient norm was
 * @param failure one sentence when it could not be trained; empty otherwise
 */
public record PairingTrial(double first, double last, boolean finite, String failure) {
    private static final int MEAN_OF = 3;

    /** Trained to the end, without a value that is not finite, and to a lower loss. */
    public boolean passed() {
        return failure.isEmpty() && finite && last < first;
    }

    /** @throws InterruptedException if the thread was interrupted while it waited for images */
    public static PairingTrial of(TrainingPlan plan, TrainingData data) throws InterruptedException {
        List<Double> losses = new ArrayList<>();
        List<Double> norms = new ArrayList<>();
        Outcome outcome = Training.run(
                plan,
                data,
                new TrainingListener() {
                    @Override
                    public void onStep(StepResult step) {
                        losses.add(step.loss());
                        norms.add(step.gradientNorm());
                    }

                    @Override
                    public void onEvaluation(EvaluationResult evaluation) {
                        // Its steps are what counts.
                    }
                },
                StopSignal.never());
        boolean finite = losses.stream().allMatch(Double::isFinite)
                && norms.stream().allMatch(Double::isFinite)
                && !(outcome instanceof Outcome.Diverged);
        int n = Math.min(MEAN_OF, losses.size());
        return new PairingTrial(
                mean(losses.subList(0, n)),
                mean(losses.subList(losses.size() - n, losses.size())),
                finite,
                outcome instanceof Outcome.Failed failed ? failed.reason() : "");
    }

    private static double mean(List<Double> values) {
        return values.stream().mapToDouble(Double::doubleValue).average().orElse(Double.NaN);
    }
}
