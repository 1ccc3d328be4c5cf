package io.couplet.trainer.training;

import ai.djl.Device;
import io.couplet.trainer.backbones.Backbones;
import io.couplet.trainer.backbones.ParameterLayout;
import io.couplet.trainer.backbones.ScriptedModule;
import io.couplet.trainer.checkpoints.Checkpoint;
import io.couplet.trainer.data.Batch;
import io.couplet.trainer.data.BatchSource;
import io.couplet.trainer.optimizers.Optimizer;
import io.couplet.trainer.optimizers.Optimizers;
import io.couplet.trainer.recipes.Schedule;
import io.couplet.trainer.weights.StartingWeights;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** One run of a plan. */
public final class Training {
    /** More at once are no quicker. */
    private static final int LARGEST_EVALUATION_BATCH = 256;

    private final TrainingPlan plan;
    private final TrainingData data;
    private final TrainingListener listener;
    private final StopSignal stop;
    private final Checkpointing checkpointing;
    private final List<Integer> evaluationSteps;
    private final long startNanos = System.nanoTime();
    private int step;
    private int keptStep;

    private Training(
            TrainingPlan plan,
            TrainingData data,
            TrainingListener listener,
            StopSignal stop,
            Checkpointing checkpointing) {
        this.plan = plan;
        this.data = data;
        this.listener = listener;
        this.stop = stop;
        this.checkpointing = checkpointing;
        this.evaluationSteps = plan.evaluationSteps();
        this.step = checkpointing.resumedAtStep();
        this.keptStep = step;
    }

    /**
     * Trains on the calling thread until the budget is used, the signal says stop, or the loss is not finite. Whatever else goes wrong is an
     * {@link Outcome.Failed}, never an exception.
     *
     * @throws InterruptedException if the thread was interrupted while it waited for images
     */
    public static Outcome run(TrainingPlan plan, TrainingData data, TrainingListener listener, StopSignal stop)
            throws InterruptedException {
        return run(plan, data, listener, stop, Checkpointing.none());
    }

    /**
     * The same, going on from a checkpoint and handing out new ones. On a CPU the steps after a checkpoint are those of a training that was never stopped, to
     * the bit.
     */
    public static Outcome run(
            TrainingPlan plan,
            TrainingData data,
            TrainingListener listener,
            StopSignal stop,
            Checkpointing checkpointing)
            throws InterruptedException {
        Training training = new Training(plan, data, listener, stop, checkpointing);
        try {
            return training.run();
        } catch (RuntimeException | LinkageError | OutOfMemoryError e) {
            String reason =
                    DeviceMemory.sentence(e, plan.device(), plan.batchSize()).orElseGet(() -> sentence(e));
            return new Outcome.Failed(training.step, training.seconds(), reason);
        }
    }

    /**
     * What a plan's network begins as.
     *
     * @param layout of its tensors
     * @param fileSha256 of the file it comes from; empty where there is none
     * @param weights what a file of weights filled; null where there is none
     * @param settings what is to be told of its origin beside the plan's own settings
     */
    public record Beginning(
            ParameterLayout layout,
            String fileSha256,
            StartingWeights.@Nullable Report weights,
            Map<String, String> settings) {}

    /** @throws IllegalArgumentException in one sentence, if the plan's network cannot be built or its file is not what it should be */
    public static Beginning beginning(TrainingPlan plan, int imageSize, int classes) {
        Map<String, String> settings = new LinkedHashMap<>();
        Torch.start();
        // For a look at it, not for training.
        try (Net net = Nets.create(plan, imageSize, classes, Device.cpu())) {
            StartingWeights.Report report = null;
            String fileSha256 = Nets.fingerprint(plan.origin());
            if (plan.origin() instanceof BackboneOrigin.Script) {
                settings.put("backboneFile.sha256", fileSha256);
            } else if (net instanceof OwnNet own && own.weights() != null) {
                report = own.weights().report();
                settings.put("weights.sha256", fileSha256);
                settings.put("weights.loaded", Integer.toString(report.loaded()));
                settings.put(
                        "weights.missing", Integer.toString(report.missing().size()));
                settings.put(
                        "weights.unexpected",
                        Integer.toString(report.unexpected().size()));
                settings.put(
                        "weights.misshaped", Integer.toString(report.misshaped().size()));
                settings.put("weights.freshHead", Boolean.toString(report.freshHead()));
            }
            return new Beginning(net.layout(), fileSha256, report, settings);
        }
    }

    /**
     * What the numbers of a run depend on, as a SHA-256: a checkpoint belongs to the run whose identity it carries.
     *
     * @param beginning of that plan for these images
     * @param dataFingerprint of the images
     */
    public static String identity(
            String runId, TrainingPlan plan, Beginning beginning, TrainingData data, String dataFingerprint) {
        StringBuilder all = new StringBuilder();
        List.of(
                        runId,
                        plan.backbone(),
                        plan.optimizer(),
                        plan.recipe().name(),
                        plan.settings(),
                        beginning.fileSha256(),
                        plan.rungs(),
                        dataFingerprint,
                        data.imageSize(),
                        data.classes())
                .forEach(each -> all.append(each).append('\n'));
        beginning
                .layout()
                .parameters()
                .forEach(p -> all.append(p.name()).append(p.shape()).append('\n'));
        beginning
                .layout()
                .buffers()
                .forEach(b -> all.append(b.name()).append(b.shape()).append('\n'));
        try {
            return HexFormat.of()
                    .formatHex(MessageDigest.getInstance("SHA-256")
                            .digest(all.toString().getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    /** The kind of a TorchScript file, by which default learning rates go; guessed from the names of its tensors. */
    public static Backbones.Temper temper(Path torchScript) {
        Torch.start();
        try (ScriptedModule module = ScriptedModule.load(torchScript, Device.cpu())) {
            return module.temper();
        }
    }

    private Outcome run() throws InterruptedException {
        Torch.start();
        Optimizer optimizer = Optimizers.entry(plan.optimizer()).constructor().apply(plan.options());
        Schedule schedule = plan.schedule();
        Device device = Torch.device(plan.device());
        Net net = Nets.create(plan, data.imageSize(), data.classes(), device);
        try (Learner learner = new Learner(
                        net,
                        data.classes(),
                        optimizer,
                        plan.recipe(),
                        plan.seed(),
                        device,
                        device.isGpu(),
                        !(plan.origin() instanceof BackboneOrigin.Script) && channelsLast(plan.backbone()),
                        checkpointing.from());
                BatchSource batches = data.training(plan.batchSize(), plan.seed(), step + 1L)) {
            for (int next = step + 1; next <= plan.budgetSteps(); next++) {
                Optional<String> reason = stop.reason();
                if (reason.isPresent()) {
                    Optional<Outcome> diverged = tell(learner.flush());
                    if (diverged.isEmpty()) {
                        keep(learner);
                    }
                    return diverged.orElseGet(() -> new Outcome.Stopped(step, seconds(), reason.get()));
                }
                List<Learner.Measured> known =
                        learner.train(next, batches.next(), plan.learningRate() * schedule.factor(next));
                Optional<Outcome> diverged = tell(known);
                if (diverged.isEmpty() && (evaluationSteps.contains(next) || isToBeKept(next))) {
                    diverged = tell(learner.flush());
                    if (diverged.isEmpty()) {
                        pause(learner, net.layout());
                    }
                }
                if (diverged.isPresent()) {
                    return diverged.get();
                }
            }
            return new Outcome.Completed(step, seconds());
        }
    }

    /** Passes measured steps on, up to the first one whose loss is not finite. */
    private Optional<Outcome> tell(List<Learner.Measured> measured) {
        for (Learner.Measured m : measured) {
            step = m.step();
            double ratio = m.norms().update() / m.norms().parameters();
            listener.onStep(new StepResult(
                    step,
                    (double) step * plan.batchSize() / data.trainingImages(),
                    m.loss(),
                    m.learningRate(),
                    m.norms().gradient(),
                    ratio,
                    (double) m.correct() / plan.batchSize(),
                    plan.batchSize() * 1e9 / m.nanos(),
                    m.nanos()));
            if (!Double.isFinite(m.loss())) {
                return Optional.of(
                        new Outcome.Diverged(step, seconds(), "The loss of step " + step + " was " + m.loss() + "."));
            }
        }
        return Optional.empty();
    }

    /** Measured: networks of convolutions and batch norm gain a fifth to a third by it, those with layer norm nothing. */
    static boolean channelsLast(String backbone) {
        return Backbones.entry(backbone).temper() != Backbones.Temper.LAYER_NORM;
    }

    private boolean isToBeKept(int done) {
        return checkpointing.everySteps() > 0 && done % checkpointing.everySteps() == 0;
    }

    /** Between two steps: evaluates at a rung, and keeps the state unless the run is over anyway. */
    private void pause(Learner learner, ParameterLayout layout) {
        if (evaluationSteps.contains(step)) {
            evaluate(learner);
            listener.onWeights(step, layout, learner::parameters);
        }
        if (step < plan.budgetSteps()) {
            keep(learner);
        }
    }

    private void keep(Learner learner) {
        Consumer<Checkpoint> keeper = checkpointing.keeper();
        if (keeper != null && step > keptStep) {
            keeper.accept(learner.checkpoint(step));
            keptStep = step;
        }
    }

    private void evaluate(Learner learner) {
        int samples = 0;
        int best = 0;
        int bestFive = 0;
        double loss = 0;
        for (Batch batch : data.validation(Math.min(LARGEST_EVALUATION_BATCH, plan.batchSize()))) {
            Ranks ranks = Ranks.of(learner.logits(batch), data.classes(), batch.labels(), batch.size());
            samples += batch.size();
            best += ranks.withinBest(1);
            bestFive += ranks.withinBest(5);
            loss += ranks.lossSum();
        }
        for (int i = 0; i < evaluationSteps.size(); i++) {
            if (evaluationSteps.get(i) == step) {
                listener.onEvaluation(new EvaluationResult(
                        step,
                        i + 1,
                        plan.rungs().get(i),
                        loss / samples,
                        (double) best / samples,
                        (double) bestFive / samples,
                        samples,
                        seconds()));
            }
        }
    }

    private double seconds() {
        return (System.nanoTime() - startNanos) / 1e9;
    }

    private static String sentence(Throwable e) {
        String message = e.getMessage();
        return message == null
                ? e.getClass().getSimpleName()
                : message.lines().findFirst().orElse(message);
    }
}
