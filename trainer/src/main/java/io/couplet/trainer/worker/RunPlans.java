package io.couplet.trainer.worker;

import io.couplet.schemas.avro.RunRequest;
import io.couplet.trainer.backbones.Backbones;
import io.couplet.trainer.optimizers.Optimizers;
import io.couplet.trainer.recipes.Recipe;
import io.couplet.trainer.recipes.Recipes;
import io.couplet.trainer.training.TrainingPlan;

/** From a request to a plan, with every default filled in. */
final class RunPlans {
    private RunPlans() {}

    /**
     * @param workerDevice the device of the worker that took the request
     * @throws IllegalArgumentException in one sentence, when the request cannot be trained here
     */
    static TrainingPlan plan(RunRequest request, String workerDevice) {
        Backbones.entry(request.getBackbone());
        Optimizers.entry(request.getOptimizer());
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

    private static String device(@org.jspecify.annotations.Nullable String requested, String workerDevice) {
        if (requested == null || requested.equals(workerDevice)) {
            return workerDevice;
        }
        if (requested.equals("cpu")) {
            return requested;
        }
        if (requested.startsWith("gpu") && workerDevice.startsWith("gpu")) {
            return requested.equals("gpu") ? workerDevice : requested;
        }
        throw new IllegalArgumentException(
                "the run asks for device " + requested + " and this trainer works on " + workerDevice);
    }
}
