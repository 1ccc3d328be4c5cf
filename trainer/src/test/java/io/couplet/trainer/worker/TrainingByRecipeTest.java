package io.couplet.trainer.worker;

import static org.assertj.core.api.Assertions.assertThat;

import io.couplet.trainer.backbones.Backbones;
import io.couplet.trainer.checkpoints.Checkpoint;
import io.couplet.trainer.data.DataException;
import io.couplet.trainer.data.DataOptions;
import io.couplet.trainer.data.DataSets;
import io.couplet.trainer.recipes.Recipe;
import io.couplet.trainer.recipes.Recipes;
import io.couplet.trainer.training.Checkpointing;
import io.couplet.trainer.training.EvaluationResult;
import io.couplet.trainer.training.Outcome;
import io.couplet.trainer.training.StepResult;
import io.couplet.trainer.training.StopSignal;
import io.couplet.trainer.training.Training;
import io.couplet.trainer.training.TrainingData;
import io.couplet.trainer.training.TrainingListener;
import io.couplet.trainer.training.TrainingPlan;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Whole trainings on the built-in images. */
class TrainingByRecipeTest {
    private static final int STEPS = 24;

    static List<String> recipes() {
        return Recipes.names();
    }

    private static TrainingPlan plan(Recipe recipe) {
        return new TrainingPlan(
                "mobilenetv2",
                Backbones.Size.NANO,
                "lamb",
                0.02,
                TrainingPlan.options("lamb", null, Map.of()),
                recipe,
                2,
                STEPS,
                16,
                List.of(0.5, 1.0),
                3,
                "cpu");
    }

    private static TrainingData data(Recipe recipe) throws DataException, InterruptedException {
        return TrainingImages.trainingData(
                DataSets.open(DataOptions.defaults().withImageSize(16).withLimit(400)), recipe);
    }

    @ParameterizedTest
    @MethodSource("recipes")
    void aRunOfAnyRecipeResumesToTheBit(String name) throws Exception {
        for (Recipe recipe : List.of(Recipes.named(name), Recipes.named(name).forLargeImages())) {
            Recording straight = new Recording();
            List<Checkpoint> kept = new ArrayList<>();
            Training.run(
                    plan(recipe), data(recipe), straight, StopSignal.never(), new Checkpointing(null, 9, kept::add));
            Recording resumed = new Recording();
            Outcome outcome = Training.run(
                    plan(recipe),
                    data(recipe),
                    resumed,
                    StopSignal.never(),
                    new Checkpointing(kept.get(0), 0, checkpoint -> {}));
            assertThat(outcome).isInstanceOf(Outcome.Completed.class);
            assertThat(straight.losses)
                    .hasSize(STEPS)
                    .allSatisfy(loss -> assertThat(loss).isFinite());
            assertThat(resumed.losses).isEqualTo(straight.losses.subList(9, STEPS));
            assertThat(resumed.validationLosses).isEqualTo(straight.validationLosses);
        }
    }

    @Test
    void theAverageOfTheWeightsIsWhatIsEvaluatedAndLeavesTheStepsAsTheyAre() throws Exception {
        Recipe recipe = Recipes.named("torch-style");
        Recording without = new Recording();
        Training.run(plan(recipe), data(recipe), without, StopSignal.never());
        Recording with = new Recording();
        Training.run(plan(recipe.withEmaDecay(0.9)), data(recipe), with, StopSignal.never());
        assertThat(with.losses).isEqualTo(without.losses);
        assertThat(with.validationLosses).doesNotContainAnyElementsOf(without.validationLosses);
    }

    private static final class Recording implements TrainingListener {
        private final List<Double> losses = new ArrayList<>();
        private final List<Double> validationLosses = new ArrayList<>();

        @Override
        public void onStep(StepResult step) {
            losses.add(step.loss());
        }

        @Override
        public void onEvaluation(EvaluationResult evaluation) {
            validationLosses.add(evaluation.loss());
        }
    }
}
