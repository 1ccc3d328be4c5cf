package io.couplet.trainer.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.couplet.trainer.backbones.Backbones;
import io.couplet.trainer.backbones.ParameterLayout;
import io.couplet.trainer.checkpoints.Checkpoint;
import io.couplet.trainer.checkpoints.CheckpointDirectory;
import io.couplet.trainer.optimizers.Optimizers;
import io.couplet.trainer.recipes.Recipes;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class ResumedTrainingTest {
    private static final int HALF = 20;

    @TempDir
    Path directory;

    /** Every backbone with AdamW, every optimizer with a backbone that has running statistics. */
    static Stream<Arguments> pairings() {
        return Stream.concat(
                Backbones.names().stream().map(backbone -> Arguments.of(backbone, "adamw")),
                Optimizers.names().stream().map(optimizer -> Arguments.of("mobilenetv2", optimizer)));
    }

    @ParameterizedTest
    @MethodSource("pairings")
    void aResumedTrainingIsAnUninterruptedOneToTheBit(String backbone, String optimizer) throws Exception {
        TrainingPlan plan = plan(backbone, optimizer);
        Recording straight = new Recording();
        Training.run(plan, new BrightAndDark(), straight, StopSignal.never());

        CheckpointDirectory checkpoints = new CheckpointDirectory(directory);
        String identity = identity("run", plan, new BrightAndDark(), "data");
        Recording first = new Recording();
        Outcome stopped = Training.run(
                plan,
                new BrightAndDark(),
                first,
                () -> first.steps.size() == HALF ? Optional.of("Half.") : Optional.empty(),
                new Checkpointing(null, 0, write(checkpoints, identity)));
        assertThat(stopped.step()).isEqualTo(HALF);

        Checkpoint checkpoint = checkpoints.read("run", identity).orElseThrow();
        Recording second = new Recording();
        Outcome completed = Training.run(
                plan,
                new BrightAndDark(),
                second,
                StopSignal.never(),
                new Checkpointing(checkpoint, 0, write(checkpoints, identity)));

        assertThat(completed).isInstanceOf(Outcome.Completed.class);
        assertThat(completed.step()).isEqualTo(2 * HALF);
        assertThat(second.steps.get(0).step()).isEqualTo(HALF + 1);
        assertThat(first.losses()).isEqualTo(straight.losses().subList(0, HALF));
        assertThat(second.losses()).isEqualTo(straight.losses().subList(HALF, 2 * HALF));
        assertThat(second.steps.get(HALF - 1).gradientNorm())
                .isEqualTo(straight.steps.get(2 * HALF - 1).gradientNorm());
        assertThat(second.evaluations).hasSize(1);
        assertThat(second.evaluations.get(0).loss())
                .isEqualTo(straight.evaluations.get(1).loss());
        assertThat(second.evaluations.get(0).top1())
                .isEqualTo(straight.evaluations.get(1).top1());
        assertThat(second.weights.get(0)).isEqualTo(straight.weights.get(1));
    }

    @Test
    void theStateIsKeptAtRungsAndAtIntervalsButNotAtTheEnd() throws InterruptedException {
        List<Integer> kept = new ArrayList<>();
        Training.run(
                plan("resnet", "sgd"),
                new BrightAndDark(),
                new Recording(),
                StopSignal.never(),
                new Checkpointing(null, 8, checkpoint -> kept.add(checkpoint.step())));
        assertThat(kept).containsExactly(8, 16, 20, 24, 32);
    }

    @Test
    void aTrainingThatIsStoppedWhereItResumedKeepsNothing() throws InterruptedException {
        List<Checkpoint> kept = new ArrayList<>();
        Training.run(
                plan("resnet", "sgd"),
                new BrightAndDark(),
                new Recording(),
                StopSignal.never(),
                new Checkpointing(null, 0, kept::add));
        List<Checkpoint> again = new ArrayList<>();
        Outcome outcome = Training.run(
                plan("resnet", "sgd"),
                new BrightAndDark(),
                new Recording(),
                () -> Optional.of("At once."),
                new Checkpointing(kept.get(0), 0, again::add));
        assertThat(outcome.step()).isEqualTo(20);
        assertThat(again).isEmpty();
    }

    @Test
    void anotherBackbonesCheckpointFailsTheTrainingInOneSentence() throws InterruptedException {
        List<Checkpoint> kept = new ArrayList<>();
        Training.run(
                plan("resnet", "sgd"),
                new BrightAndDark(),
                new Recording(),
                StopSignal.never(),
                new Checkpointing(null, 0, kept::add));
        Outcome outcome = Training.run(
                plan("vgg", "sgd"),
                new BrightAndDark(),
                new Recording(),
                StopSignal.never(),
                new Checkpointing(kept.get(0), 0, checkpoint -> {}));
        assertThat(outcome)
                .isInstanceOfSatisfying(
                        Outcome.Failed.class,
                        failed -> assertThat(failed.reason()).startsWith("the checkpoint holds "));
    }

    @Test
    void theIdentityIsThatOfTheNumbersARunWillShow() {
        TrainingPlan plan = plan("resnet", "sgd");
        TrainingData data = new BrightAndDark();
        String identity = identity("run", plan, data, "data");
        assertThat(identity("run", plan("resnet", "sgd"), new BrightAndDark(), "data"))
                .isEqualTo(identity);
        assertThat(List.of(
                        identity("other", plan, data, "data"),
                        identity("run", plan, data, "other data"),
                        identity("run", plan("resnet", "adam"), data, "data"),
                        identity("run", plan("vgg", "sgd"), data, "data"),
                        identity("run", plan, new BrightAndDark(32), "data")))
                .doesNotContain(identity);
    }

    @Test
    void anIntervalBelowZeroIsRefused() {
        assertThatThrownBy(() -> new Checkpointing(null, -1, checkpoint -> {}))
                .hasMessage("everySteps must be at least 0, was -1");
    }

    private static java.util.function.Consumer<Checkpoint> write(CheckpointDirectory checkpoints, String identity) {
        return checkpoint -> {
            try {
                checkpoints.write("run", identity, "test", checkpoint);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        };
    }

    private static TrainingPlan plan(String backbone, String optimizer) {
        return new TrainingPlan(
                backbone,
                Backbones.Size.NANO,
                optimizer,
                TrainingPlan.defaultLearningRate(backbone, optimizer),
                TrainingPlan.options(optimizer, null, Map.of()),
                Recipes.named("torch-style"),
                2,
                2 * HALF,
                16,
                List.of(0.5, 1.0),
                3,
                "cpu");
    }

    private static final class Recording implements TrainingListener {
        private final List<StepResult> steps = new ArrayList<>();
        private final List<EvaluationResult> evaluations = new ArrayList<>();
        private final List<float[]> weights = new ArrayList<>();

        @Override
        public void onStep(StepResult step) {
            steps.add(step);
        }

        @Override
        public void onEvaluation(EvaluationResult evaluation) {
            evaluations.add(evaluation);
        }

        @Override
        public void onWeights(int step, ParameterLayout layout, Supplier<float[]> parameters) {
            weights.add(parameters.get());
        }

        private List<Double> losses() {
            return steps.stream().map(StepResult::loss).toList();
        }
    }

    static String identity(String runId, TrainingPlan plan, TrainingData data, String dataFingerprint) {
        Training.Beginning beginning = Training.beginning(plan, data.imageSize(), data.classes());
        return Training.identity(runId, plan, beginning, data, dataFingerprint);
    }
}
