package io.couplet.trainer.worker;

import io.couplet.schemas.avro.RunRequest;
import io.couplet.trainer.backbones.Backbones;
import io.couplet.trainer.optimizers.Optimizers;
import io.couplet.trainer.recipes.Loss;
import io.couplet.trainer.recipes.Recipe;
import io.couplet.trainer.recipes.Recipes;
import io.couplet.trainer.training.BackboneOrigin;
import io.couplet.trainer.training.Training;
import io.couplet.trainer.training.TrainingPlan;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** From a request to a plan, with every default filled in. */
final class RunPlans {
    private RunPlans() {}

    /**
     * @param workerDevice what the worker that took the request holds: the device asked for, if this trainer has it
     * @param files those that the request may name
     * @throws IllegalArgumentException in one sentence, when the request cannot be trained here
     */
    static TrainingPlan plan(RunRequest request, String workerDevice, RequestFiles files) {
        if (request.getBackboneFile() == null) {
            Backbones.entry(request.getBackbone());
        }
        Optimizers.entry(request.getOptimizer());
        Map<String, Double> options = new HashMap<>(request.getOptimizerOptions());
        options.remove(Optimizers.FILTER_BIAS_AND_BN); // which tensors decay is for the recipe to say
        return new TrainingPlan(
                request.getBackbone(),
                Backbones.Size.of(request.getBackboneSize()),
                request.getOptimizer(),
                learningRate(request, files),
                TrainingPlan.options(request.getOptimizer(), weightDecay(request), options),
                recipe(request),
                request.getWarmupSteps(),
                request.getBudgetSteps(),
                request.getBatchSize(),
                request.getRungs(),
                request.getSeed(),
                device(request.getDevice(), workerDevice),
                origin(request, files));
    }

    private static BackboneOrigin origin(RunRequest request, RequestFiles files) {
        if (request.getBackboneFile() != null) {
            return new BackboneOrigin.Script(files.resolve(request.getBackboneFile()));
        }
        return request.getWeights() == null
                ? new BackboneOrigin.Random()
                : new BackboneOrigin.Weights(files.resolve(request.getWeights()));
    }

    private static double learningRate(RunRequest request, RequestFiles files) {
        if (request.getLearningRate() != null) {
            return request.getLearningRate();
        }
        double usual = request.getBackboneFile() == null
                ? TrainingPlan.defaultLearningRate(request.getBackbone(), request.getOptimizer())
                : TrainingPlan.defaultLearningRate(
                        Training.temper(files.resolve(request.getBackboneFile())), request.getOptimizer());
        Integer step = request.getLearningRateGridStep();
        return step == null ? usual : GridPlaces.learningRate(usual, step);
    }

    private static @Nullable Double weightDecay(RunRequest request) {
        Integer step = request.getWeightDecayGridStep();
        if (step == null || request.getWeightDecay() != null) {
            return request.getWeightDecay();
        }
        return GridPlaces.weightDecay(Optimizers.entry(request.getOptimizer()), step);
    }

    /** The recipe that is asked for, or the one that belongs to the backbone, with what the request has of its own. */
    private static Recipe recipe(RunRequest request) {
        Backbones.Size size = Backbones.Size.of(request.getBackboneSize());
        Recipe recipe;
        if (!request.getRecipe().equals(Recipes.AUTO)) {
            recipe = Recipes.named(request.getRecipe());
        } else if (request.getBackboneFile() != null) {
            recipe = Recipes.forUnknownBackbone();
        } else {
            recipe = Recipes.forBackbone(Backbones.entry(request.getBackbone()), size);
        }
        if (size == Backbones.Size.PAPER) {
            recipe = recipe.forLargeImages();
        }
        return overridden(recipe, request);
    }

    private static Recipe overridden(Recipe named, RunRequest request) {
        Recipe recipe = named;
        if (request.getLabelSmoothing() != null) {
            recipe = recipe.withLabelSmoothing(request.getLabelSmoothing());
        }
        if (request.getClipGradientNorm() != null) {
            recipe = recipe.withClipGradientNorm(request.getClipGradientNorm());
        }
        Double filter = request.getOptimizerOptions().get(Optimizers.FILTER_BIAS_AND_BN);
        if (filter != null) {
            recipe = recipe.withExcludeBiasesAndNorms(filter != 0);
        }
        if (request.getAugmentation() != null) {
            recipe = recipe.withAugmentation(request.getAugmentation());
        }
        if (request.getMixup() != null) {
            recipe = recipe.withMixing(request.getMixup(), recipe.cutmix());
        }
        if (request.getCutmix() != null) {
            recipe = recipe.withMixing(recipe.mixup(), request.getCutmix());
        }
        if (request.getRandomErasing() != null) {
            recipe = recipe.withRandomErasing(request.getRandomErasing());
        }
        if (request.getDropPath() != null) {
            recipe = recipe.withDropPath(request.getDropPath());
        }
        if (request.getEmaDecay() != null) {
            recipe = recipe.withEmaDecay(request.getEmaDecay());
        }
        if (request.getLoss() != null) {
            recipe = recipe.withLoss(Loss.named(request.getLoss()));
        }
        return recipe;
    }

    private static String device(@Nullable String requested, String workerDevice) {
        if (requested == null
                || requested.equals(workerDevice)
                || requested.equals("gpu") && workerDevice.startsWith("gpu:")) {
            return workerDevice;
        }
        if (requested.equals("cpu")) {
            return requested;
        }
        throw new IllegalArgumentException(
                "the run asks for device " + requested
                        + ", on which this trainer does not work: name it in --devices, or let the study ask for gpu, which is any GPU, or for none");
    }
}
