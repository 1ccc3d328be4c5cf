package io.couplet.trainer.training;

import io.couplet.trainer.backbones.Backbones;
import io.couplet.trainer.optimizers.Optimizers;
import io.couplet.trainer.optimizers.Options;
import io.couplet.trainer.recipes.Recipe;
import io.couplet.trainer.recipes.Schedule;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Everything a run needs but its images; nothing in it is left to a default.
 *
 * @param learningRate at the schedule's peak
 * @param options of the optimizer, weight decay among them
 * @param rungs fractions of the budget at which is evaluated, ascending, the last one 1
 * @param device {@code cpu}, {@code gpu} or {@code gpu:N}
 * @param origin whether the backbone is a registered one, and what it begins with
 */
public record TrainingPlan(
        String backbone,
        Backbones.Size size,
        String optimizer,
        double learningRate,
        Options options,
        Recipe recipe,
        int warmupSteps,
        int budgetSteps,
        int batchSize,
        List<Double> rungs,
        long seed,
        String device,
        BackboneOrigin origin) {

    public TrainingPlan {
        if (!(origin instanceof BackboneOrigin.Script)) {
            Backbones.entry(backbone);
        }
        Optimizers.entry(optimizer);
        if (!(learningRate > 0 && learningRate < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("learningRate must be above 0, was " + learningRate);
        }
        if (budgetSteps < 1) {
            throw new IllegalArgumentException("budgetSteps must be at least 1, was " + budgetSteps);
        }
        if (warmupSteps < 0 || warmupSteps >= budgetSteps) {
            throw new IllegalArgumentException(
                    "warmupSteps must be at least 0 and below budgetSteps " + budgetSteps + ", was " + warmupSteps);
        }
        if (batchSize < 2) {
            throw new IllegalArgumentException("batchSize must be at least 2, was " + batchSize);
        }
        rungs = List.copyOf(rungs);
        double previous = 0;
        for (double rung : rungs) {
            if (!(rung > previous && rung <= 1)) {
                throw new IllegalArgumentException("rungs must ascend within (0, 1], were " + rungs);
            }
            previous = rung;
        }
        if (previous != 1) {
            throw new IllegalArgumentException("the last rung must be 1, rungs were " + rungs);
        }
        if (!device.matches("cpu|gpu(:\\d+)?")) {
            throw new IllegalArgumentException("device must be cpu, gpu or gpu:N, was " + device);
        }
    }

    /** A registered backbone that begins at random. */
    public TrainingPlan(
            String backbone,
            Backbones.Size size,
            String optimizer,
            double learningRate,
            Options options,
            Recipe recipe,
            int warmupSteps,
            int budgetSteps,
            int batchSize,
            List<Double> rungs,
            long seed,
            String device) {
        this(
                backbone,
                size,
                optimizer,
                learningRate,
                options,
                recipe,
                warmupSteps,
                budgetSteps,
                batchSize,
                rungs,
                seed,
                device,
                new BackboneOrigin.Random());
    }

    /** The default learning rate of an optimizer for a backbone's kind. */
    public static double defaultLearningRate(String backbone, String optimizer) {
        return defaultLearningRate(Backbones.entry(backbone).temper(), optimizer);
    }

    /** The same for a backbone that is not registered. */
    public static double defaultLearningRate(Backbones.Temper temper, String optimizer) {
        Optimizers.LearningRates rates = Optimizers.entry(optimizer).learningRates();
        return switch (temper) {
            case PLAIN -> rates.plain();
            case BATCH_NORM -> rates.batchNorm();
            case LAYER_NORM -> rates.layerNorm();
        };
    }

    /** The optimizer's options with a run's own on top. */
    public static Options options(String optimizer, @Nullable Double weightDecay, Map<String, Double> overrides) {
        Map<String, Double> all = new HashMap<>(overrides);
        if (weightDecay != null) {
            all.put("weight_decay", weightDecay);
        }
        return Optimizers.entry(optimizer).defaults().with(all);
    }

    /** The learning rate's course: a cosine, as in all recipes so far, unless the optimizer wants none. */
    public Schedule schedule() {
        return scheduleFree()
                ? Schedule.constantWithWarmup(warmupSteps, budgetSteps)
                : Schedule.cosineWithWarmup(warmupSteps, budgetSteps);
    }

    private boolean scheduleFree() {
        return Optimizers.entry(optimizer).scheduleFree();
    }

    /** What the backbone is to be built for. */
    public Backbones.Task task(int imageSize, int classes) {
        return new Backbones.Task(size, imageSize, classes, recipe.dropPath());
    }

    /** The steps after which is evaluated, one per rung; two rungs of a small budget may share a step. */
    public List<Integer> evaluationSteps() {
        List<Integer> steps = new ArrayList<>();
        for (double rung : rungs) {
            steps.add((int) Math.max(1, Math.round(rung * budgetSteps)));
        }
        return steps;
    }

    /** What is computed in. It hangs on the device and so is not among the {@link #settings}, by which a run is known again when it goes on on another kind of device. */
    public String precision() {
        return device.equals("cpu") ? "float32" : "float32 (cuDNN may convolve in TF32)";
    }

    /** Every setting in effect, by name, for provenance. */
    public Map<String, String> settings() {
        Map<String, String> settings = new LinkedHashMap<>();
        settings.put("backboneSize", size.key());
        settings.putAll(origin.settings());
        settings.put("learningRate", Double.toString(learningRate));
        options.asMap().forEach((name, value) -> settings.put("optimizer." + name, value.toString()));
        settings.put("schedule", scheduleFree() ? "constant" : "cosine");
        settings.put("warmupSteps", Integer.toString(warmupSteps));
        settings.put("budgetSteps", Integer.toString(budgetSteps));
        settings.put("batchSize", Integer.toString(batchSize));
        settings.put("loss", recipe.loss().key());
        settings.put("labelSmoothing", Double.toString(recipe.labelSmoothing()));
        settings.put("clipGradientNorm", Double.toString(recipe.clipGradientNorm()));
        settings.put("excludeBiasesAndNorms", Boolean.toString(recipe.excludeBiasesAndNorms()));
        settings.put("dropPath", Double.toString(recipe.dropPath()));
        settings.put("emaDecay", Double.toString(recipe.emaDecay()));
        settings.put("augmentation", recipe.augmentation());
        settings.put("mixup", Double.toString(recipe.mixup()));
        settings.put("cutmix", Double.toString(recipe.cutmix()));
        settings.put("randomErasing", Double.toString(recipe.randomErasing()));
        settings.put("seed", Long.toString(seed));
        settings.put("precision", "float32");
        return settings;
    }
}
