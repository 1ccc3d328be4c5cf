package io.couplet.trainer.worker;

import io.couplet.schemas.avro.RunRequest;
import io.couplet.trainer.backbones.Backbones;
import io.couplet.trainer.recipes.Recipe;
import io.couplet.trainer.recipes.Recipes;
import io.couplet.trainer.training.TrainingPlan;
import org.jspecify.annotations.Nullable;

/** What a request leaves open is decided here: defaults of the optimizer, the recipe, and the worker's device. */
final class RunPlans {

    private RunPlans() {}

    /**
     * The plan for a request.
     *
     * @param workerDevice cpu or gpu:N
     * @throws IllegalArgumentException in one sentence when it names what there is not, or something out of range
     */
    static TrainingPlan of(RunRequest request, String workerDevice) {
        Double learningRate = request.getLearningRate();
        return new TrainingPlan(
                request.getBackbone(),
                Backbones.Size.of(request.getBackboneSize()),
                request.getOptimizer(),
                learningRate != null
                        ? learningRate
                        : TrainingPlan.defaultLearningRate(request.getBackbone(), request.getOptimizer()),
                TrainingPlan.options(request.getOptimizer(), request.getWeightDecay(), request.getOptimizerOptions()),
                recipe(request),
                request.getWarmupSteps(),
                request.getBudgetSteps(),
                request.getBatchSize(),
                request.getRungs(),
                request.getSeed(),
                device(request.getDevice(), workerDevice));
    }

    private static Recipe recipe(RunRequest request) {
        Recipe recipe = Recipes.named(request.getRecipe());
        if (request.getLabelSmoothing() != null) {
            recipe = recipe.withLabelSmoothing(request.getLabelSmoothing());
        }
        if (request.getClipGradientNorm() != null) {
            recipe = recipe.withClipGradientNorm(request.getClipGradientNorm());
        }
        if (request.getAugmentation() != null) {
            recipe = recipe.withAugmentation(request.getAugmentation());
        }
        return recipe;
    }

    private static String device(@Nullable String wanted, String workerDevice) {
        if (wanted == null || wanted.equals("cpu")) {
            return wanted == null ? workerDevice : wanted;
        }
        boolean has = wanted.equals("gpu") ? workerDevice.startsWith("gpu") : wanted.equals(workerDevice);
        if (!has) {
            throw new IllegalArgumentException("the run wants device " + wanted + " and this trainer's worker has "
                    + workerDevice + ": start a trainer with --devices " + (wanted.equals("gpu") ? "gpu:0" : wanted)
                    + ", or leave the device out of the study");
        }
        return workerDevice;
    }

    /** The effective weight decay; null when the optimizer has none. */
    static @Nullable Double weightDecay(TrainingPlan plan) {
        return plan.options().asMap().get("weight_decay");
    }
}
