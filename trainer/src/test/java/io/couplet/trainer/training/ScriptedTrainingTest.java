package io.couplet.trainer.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Device;
import io.couplet.trainer.backbones.Backbones;
import io.couplet.trainer.backbones.ScriptedModule;
import io.couplet.trainer.checkpoints.Checkpoint;
import io.couplet.trainer.data.Batch;
import io.couplet.trainer.optimizers.Optimizers;
import io.couplet.trainer.recipes.Recipe;
import io.couplet.trainer.recipes.Recipes;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The modules and the expected numbers come from {@code torchscript/tiny-cnn.py}, run with torch on a CPU. */
class ScriptedTrainingTest {
    private static final int STEPS = 12;

    @TempDir
    Path directory;

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void threeStepsGiveTheLossesAndRunningStatisticsOfTorch(boolean wholeBuffers) throws Exception {
        Torch.start();
        double[] losses = new double[3];
        float[] images = new float[8 * 3 * 16 * 16];
        for (int i = 0; i < images.length; i++) {
            images[i] = (float) Math.sin(i * 0.37);
        }
        Batch batch = new Batch(images, IntStream.range(0, 8).toArray(), 8);
        ScriptedModule module = ScriptedModule.load(fixture("tiny-cnn.pt"), Device.cpu());
        assertThat(module.temper()).isEqualTo(Backbones.Temper.BATCH_NORM);
        try (Learner learner = new Learner(
                new ScriptedNet(module),
                10,
                Optimizers.entry("sgd").constructor().apply(TrainingPlan.options("sgd", 0.0, Map.of("momentum", 0.9))),
                Recipes.named("plain"),
                0,
                Device.cpu(),
                wholeBuffers,
                false,
                null)) {
            List<Learner.Measured> measured = new ArrayList<>();
            for (int step = 1; step <= 3; step++) {
                measured.addAll(learner.train(step, batch, 0.1));
            }
            measured.addAll(learner.flush());
            for (int i = 0; i < 3; i++) {
                losses[i] = measured.get(i).loss();
            }
            assertThat(losses)
                    .containsExactly(
                            new double[] {2.3801381587982178, 2.348287582397461, 2.3126726150512695}, within(1e-4));
            Ranks ranks = Ranks.of(learner.logits(batch), 10, batch.labels(), 8);
            assertThat(ranks.lossSum() / 8).isCloseTo(2.281825304031372, within(1e-4));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"sgd", "adamw", "lamb", "schedule-free-adamw"})
    void aModuleLearnsAndResumesToTheBit(String optimizer) throws Exception {
        TrainingPlan plan = plan(
                fixture("tiny-cnn-dropout.pt"),
                optimizer,
                Recipes.named("plain").withEmaDecay(0.9));
        Recording straight = new Recording();
        List<Checkpoint> kept = new ArrayList<>();
        Outcome outcome = Training.run(
                plan, new BrightAndDark(), straight, StopSignal.never(), new Checkpointing(null, 7, kept::add));
        assertThat(outcome).isEqualTo(new Outcome.Completed(STEPS, outcome.deviceSeconds()));
        assertThat(straight.losses.get(STEPS - 1)).isLessThan(straight.losses.get(0));
        Recording resumed = new Recording();
        Training.run(
                plan,
                new BrightAndDark(),
                resumed,
                StopSignal.never(),
                new Checkpointing(
                        kept.stream().filter(c -> c.step() == 7).findFirst().orElseThrow(), 0, checkpoint -> {}));
        assertThat(resumed.losses).isEqualTo(straight.losses.subList(7, STEPS));
        assertThat(resumed.evaluations).isEqualTo(straight.evaluations.subList(1, 2));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            pair.pt | is no classifier: its forward returns 2 tensors; it must return one row of logits for each image
            pixels.pt | is no classifier: for images of shape (2, 3, 16, 16) it answers with shape (2, 10, 16, 16); its forward must return one row of logits for each image
            tiny-cnn.py | is no TorchScript file that can be loaded
            absent.pt | there is no TorchScript file
            """)
    void whatIsNoClassifierFailsInOneSentence(String name, String sentence) throws Exception {
        Path file = name.startsWith("absent") ? directory.resolve(name) : fixture(name);
        assertFails(plan(file, "sgd", Recipes.named("plain")), new BrightAndDark(), sentence);
    }

    @Test
    void bytesSurviveBeingFloats() {
        for (int length : new int[] {0, 1, 2, 3, 70_001}) {
            byte[] bytes = new byte[length];
            new java.util.Random(length).nextBytes(bytes);
            assertThat(ScriptedNet.unpacked(ScriptedNet.packed(bytes))).isEqualTo(bytes);
        }
    }

    @Test
    void aTornFileFailsInOneSentence() throws Exception {
        byte[] whole = Files.readAllBytes(fixture("tiny-cnn.pt"));
        Path torn = Files.write(directory.resolve("torn.pt"), Arrays.copyOf(whole, whole.length / 2));
        assertFails(
                plan(torn, "sgd", Recipes.named("plain")),
                new BrightAndDark(),
                "is no TorchScript file that can be loaded (");
    }

    @Test
    void anotherNumberOfClassesFailsInOneSentence() throws Exception {
        TrainingPlan plan = plan(fixture("tiny-cnn.pt"), "sgd", Recipes.named("plain"));
        assertThatThrownBy(() -> Training.beginning(plan, 16, 7))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageEndingWith(
                        "tiny-cnn.pt tells 10 classes apart where the images have 7: save the module with a last layer of 7");
    }

    @Test
    void theStartTellsTheFileAndTheIdentityKnowsItsContent() throws Exception {
        Path file = Files.copy(fixture("tiny-cnn.pt"), directory.resolve("net.pt"));
        TrainingPlan plan = plan(file, "sgd", Recipes.named("plain"));
        assertThat(plan.settings()).containsEntry("backboneFile", file.toString());
        assertThat(Training.beginning(plan, 16, 10).settings()).containsKey("backboneFile.sha256");
        assertThat(Training.beginning(plan, 16, 10).layout().parameterCount())
                .isEqualTo(3 * 9 * 8 + 16 + 8 * 9 * 12 + 24 + 130 + 1);
        String identity = ResumedTrainingTest.identity("run", plan, new BrightAndDark(), "data");
        Files.write(file, Files.readAllBytes(fixture("tiny-cnn-dropout.pt")));
        assertThat(ResumedTrainingTest.identity("run", plan, new BrightAndDark(), "data"))
                .isNotEqualTo(identity);
    }

    private static void assertFails(TrainingPlan plan, TrainingData data, String sentence) throws InterruptedException {
        assertThat(Training.run(plan, data, new Recording(), () -> Optional.empty()))
                .isInstanceOfSatisfying(
                        Outcome.Failed.class,
                        failed -> assertThat(failed.reason())
                                .contains(sentence)
                                .doesNotContain("\n")
                                .hasSizeLessThan(500));
    }

    private static Path fixture(String name) throws URISyntaxException, IOException {
        java.net.URL url = ScriptedTrainingTest.class.getResource("/torchscript/" + name);
        if (url == null) {
            throw new IOException("no fixture " + name);
        }
        return Path.of(url.toURI());
    }

    private static TrainingPlan plan(Path file, String optimizer, Recipe recipe) {
        return new TrainingPlan(
                "net-abc",
                Backbones.Size.NANO,
                optimizer,
                TrainingPlan.defaultLearningRate(Backbones.Temper.BATCH_NORM, optimizer),
                TrainingPlan.options(optimizer, null, Map.of()),
                recipe,
                2,
                STEPS,
                16,
                List.of(0.5, 1.0),
                3,
                "cpu",
                new BackboneOrigin.Script(file));
    }

    private static final class Recording implements TrainingListener {
        private final List<Double> losses = new ArrayList<>();
        private final List<Double> evaluations = new ArrayList<>();

        @Override
        public void onStep(StepResult step) {
            losses.add(step.loss());
        }

        @Override
        public void onEvaluation(EvaluationResult evaluation) {
            evaluations.add(evaluation.loss());
        }
    }
}
