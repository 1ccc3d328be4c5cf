package io.couplet.trainer.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.couplet.trainer.backbones.Backbones;
import io.couplet.trainer.data.Batch;
import io.couplet.trainer.data.BatchSource;
import io.couplet.trainer.recipes.Recipes;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class TrainingTest {

    static List<String> backbones() {
        return Backbones.names();
    }

    @ParameterizedTest
    @MethodSource("backbones")
    void everyNanoBackboneLearnsToTellBrightFromDark(String backbone) throws InterruptedException {
        Recording recording = new Recording();
        Outcome outcome = Training.run(
                plan(backbone, "adamw", 60, TrainingPlan.defaultLearningRate(backbone, "adamw")),
                new BrightAndDark(),
                recording,
                StopSignal.never());
        assertThat(outcome).isInstanceOf(Outcome.Completed.class);
        assertThat(outcome.step()).isEqualTo(60);
        assertThat(recording.steps).extracting(StepResult::step).containsExactlyElementsOf(oneTo(60));
        assertThat(recording.evaluations.get(1).top1()).isGreaterThan(0.9);
        assertThat(recording.evaluations).extracting(EvaluationResult::step).containsExactly(30, 60);
        assertThat(recording.evaluations).allSatisfy(e -> {
            assertThat(e.top5()).isEqualTo(1);
            assertThat(e.samples()).isEqualTo(50);
        });
        assertThat(recording.steps).allSatisfy(s -> {
            assertThat(s.gradientNorm()).isPositive();
            assertThat(s.updateToWeightRatio()).isPositive().isLessThan(1);
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"sgd", "adam", "adamw", "lamb", "lion", "rmsprop"})
    void everyOptimizerBringsTheLossDown(String optimizer) throws InterruptedException {
        Recording recording = new Recording();
        double learningRate = TrainingPlan.defaultLearningRate("resnet", optimizer);
        Training.run(plan("resnet", optimizer, 40, learningRate), new BrightAndDark(), recording, StopSignal.never());
        assertThat(recording.steps.get(39).loss())
                .isLessThan(recording.steps.get(0).loss() / 2);
    }

    @Test
    void anOptimizerThatAveragesItsIteratesKeepsThePeakRateAndTheRunSaysSo() throws Exception {
        Recording free = new Recording();
        Training.run(plan("resnet", "schedule-free-adamw", 8, 1e-3), new BrightAndDark(), free, StopSignal.never());

        assertThat(free.steps.get(7).learningRate()).isEqualTo(1e-3);
        assertThat(plan("resnet", "schedule-free-adamw", 8, 1e-3).settings()).containsEntry("schedule", "constant");
        assertThat(plan("resnet", "adamw", 8, 1e-3).settings()).containsEntry("schedule", "cosine");
    }

    /** So that whoever has too little memory and chooses a smaller batch needs less of it for evaluations too. */
    @ParameterizedTest
    @CsvSource({"8, 8", "256, 256", "1000, 256"})
    void anEvaluationTakesNoMoreImagesAtOnceThanAStep(int batchSize, int expected) throws InterruptedException {
        List<Integer> asked = new ArrayList<>();
        TrainingPlan plan = new TrainingPlan(
                "mlp-mixer",
                Backbones.Size.NANO,
                "sgd",
                0.01,
                TrainingPlan.options("sgd", null, Map.of()),
                Recipes.named("plain"),
                0,
                1,
                batchSize,
                List.of(1.0),
                0,
                "cpu");
        Outcome outcome = Training.run(
                plan,
                new BrightAndDark() {
                    @Override
                    public Iterable<Batch> validation(int size) {
                        asked.add(size);
                        return super.validation(size);
                    }
                },
                new Recording(),
                StopSignal.never());
        assertThat(outcome).isInstanceOf(Outcome.Completed.class);
        assertThat(asked).containsExactly(expected);
    }

    @Test
    void theSamePlanTwiceGivesIdenticalNumbers() throws InterruptedException {
        Recording first = new Recording();
        Recording second = new Recording();
        Training.run(plan("mobilenetv2", "lamb", 12, 0.01), new BrightAndDark(), first, StopSignal.never());
        Training.run(plan("mobilenetv2", "lamb", 12, 0.01), new BrightAndDark(), second, StopSignal.never());
        assertThat(second.losses()).isEqualTo(first.losses());
        assertThat(second.evaluations.get(1).loss())
                .isEqualTo(first.evaluations.get(1).loss());
    }

    @Test
    void trainingsSideBySideAreTheSameAsOneByOne() throws Exception {
        Recording alone = new Recording();
        Training.run(plan("deit", "adamw", 12, 1e-3), new BrightAndDark(), alone, StopSignal.never());
        ExecutorService threads = Executors.newFixedThreadPool(3);
        try {
            List<Callable<List<Double>>> tasks = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                tasks.add(() -> {
                    Recording recording = new Recording();
                    Training.run(plan("deit", "adamw", 12, 1e-3), new BrightAndDark(), recording, StopSignal.never());
                    return recording.losses();
                });
            }
            for (Future<List<Double>> losses : threads.invokeAll(tasks)) {
                assertThat(losses.get()).isEqualTo(alone.losses());
            }
        } finally {
            threads.shutdown();
        }
    }

    /** What torch keeps for the way back must outlive a collection: every freed piece of memory is filled with NaN here. */
    @ParameterizedTest
    @MethodSource("backbones")
    void theNumbersDoNotDependOnTheGarbageCollector(String backbone) throws Exception {
        Recording quiet = new Recording();
        Training.run(plan(backbone, "sgd", 12, 1e-3), new BrightAndDark(), quiet, StopSignal.never());
        AtomicBoolean done = new AtomicBoolean();
        Thread collector = new Thread(() -> {
            while (!done.get()) {
                System.gc();
                for (int i = 0; i < 2_000; i++) {
                    ByteBuffer.allocateDirect(4).order(ByteOrder.nativeOrder()).putFloat(0, Float.NaN);
                }
            }
        });
        collector.start();
        Recording disturbed = new Recording();
        try {
            Training.run(plan(backbone, "sgd", 12, 1e-3), new BrightAndDark(), disturbed, StopSignal.never());
        } finally {
            done.set(true);
            collector.join();
        }
        assertThat(disturbed.losses()).isEqualTo(quiet.losses());
    }

    @Test
    void aLossThatIsNotFiniteEndsTheRunAfterItsStepWasTold() throws InterruptedException {
        Recording recording = new Recording();
        Outcome outcome =
                Training.run(plan("alexnet", "sgd", 40, 1e20), new BrightAndDark(), recording, StopSignal.never());
        assertThat(outcome).isInstanceOf(Outcome.Diverged.class);
        assertThat(recording.steps).hasSize(outcome.step());
        assertThat(recording.steps.get(outcome.step() - 1).loss()).isNotFinite();
        assertThat(((Outcome.Diverged) outcome).reason()).startsWith("The loss of step " + outcome.step() + " was ");
    }

    @Test
    void theSignalStopsBetweenSteps() throws InterruptedException {
        Recording recording = new Recording();
        Outcome outcome = Training.run(
                plan("mlp-mixer", "adam", 40, 1e-3),
                new BrightAndDark(),
                recording,
                () -> recording.steps.size() == 7 ? Optional.of("Enough.") : Optional.empty());
        assertThat(outcome).isInstanceOfSatisfying(Outcome.Stopped.class, stopped -> {
            assertThat(stopped.step()).isEqualTo(7);
            assertThat(stopped.reason()).isEqualTo("Enough.");
            assertThat(stopped.deviceSeconds()).isPositive();
        });
        assertThat(recording.steps).hasSize(7);
    }

    @Test
    void imagesOfASizeThatABackboneCannotTakeAreAFailureInOneSentence() throws InterruptedException {
        Outcome outcome =
                Training.run(plan("vgg", "sgd", 4, 0.1), new BrightAndDark(20), new Recording(), StopSignal.never());
        assertThat(outcome)
                .isInstanceOfSatisfying(
                        Outcome.Failed.class,
                        failed -> assertThat(failed.reason())
                                .isEqualTo("imageSize must be a multiple of 16 for nano backbones, was 20"));
    }

    @Test
    void wholeBufferUpdatesGiveTheSameStepsInGroups() throws InterruptedException {
        Torch.start();
        TrainingPlan plan = plan("resnet", "adamw", 20, 1e-3);
        Recording onHost = new Recording();
        Training.run(plan, new BrightAndDark(), onHost, StopSignal.never());
        List<Learner.Measured> measured = new ArrayList<>();
        TrainingData data = new BrightAndDark();
        try (Learner learner = new Learner(
                        Backbones.create("resnet", new Backbones.Task(Backbones.Size.NANO, 16, 10, 0)),
                        10,
                        io.couplet.trainer.optimizers.Optimizers.entry("adamw")
                                .constructor()
                                .apply(plan.options()),
                        plan.recipe(),
                        plan.seed(),
                        ai.djl.Device.cpu(),
                        true);
                BatchSource batches = data.training(plan.batchSize(), plan.seed(), 1)) {
            for (int step = 1; step <= 20; step++) {
                List<Learner.Measured> known = learner.train(
                        step,
                        batches.next(),
                        plan.learningRate() * plan.schedule().factor(step));
                assertThat(known).hasSize(step % 8 == 0 ? 8 : 0);
                measured.addAll(known);
            }
            measured.addAll(learner.flush());
        }
        assertThat(measured).hasSize(20);
        for (int i = 0; i < 20; i++) {
            StepResult step = onHost.steps.get(i);
            assertThat(measured.get(i).loss()).isCloseTo(step.loss(), within(2e-3));
            assertThat(measured.get(i).norms().gradient()).isCloseTo(step.gradientNorm(), within(2e-2));
        }
    }

    @Test
    void aPlanRefusesWhatCannotBeTrained() {
        assertThatThrownBy(() -> plan("resnt", "sgd", 4, 0.1)).hasMessageStartingWith("unknown backbone 'resnt'");
        assertThatThrownBy(() -> plan("resnet", "sgdm", 4, 0.1)).hasMessageStartingWith("unknown optimizer 'sgdm'");
        assertThatThrownBy(() -> plan("resnet", "sgd", 4, 0)).hasMessage("learningRate must be above 0, was 0.0");
        assertThatThrownBy(() -> plan("resnet", "sgd", 1, 0.1))
                .hasMessage("warmupSteps must be at least 0 and below budgetSteps 1, was 2");
    }

    private static TrainingPlan plan(String backbone, String optimizer, int steps, double learningRate) {
        return new TrainingPlan(
                backbone,
                Backbones.Size.NANO,
                optimizer,
                learningRate,
                TrainingPlan.options("sgdm".equals(optimizer) ? "sgd" : optimizer, null, Map.of()),
                Recipes.named("torch-style"),
                2,
                steps,
                16,
                List.of(0.5, 1.0),
                3,
                "cpu");
    }

    private static List<Integer> oneTo(int n) {
        List<Integer> numbers = new ArrayList<>();
        for (int i = 1; i <= n; i++) {
            numbers.add(i);
        }
        return numbers;
    }

    private static final class Recording implements TrainingListener {
        private final List<StepResult> steps = new ArrayList<>();
        private final List<EvaluationResult> evaluations = new ArrayList<>();

        @Override
        public void onStep(StepResult step) {
            steps.add(step);
        }

        @Override
        public void onEvaluation(EvaluationResult evaluation) {
            evaluations.add(evaluation);
        }

        private List<Double> losses() {
            return steps.stream().map(StepResult::loss).toList();
        }
    }
}
