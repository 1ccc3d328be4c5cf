package io.couplet.trainer.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.couplet.schemas.avro.RunRequest;
import io.couplet.schemas.study.InvalidStudyException;
import io.couplet.schemas.study.KnownNames;
import io.couplet.schemas.study.StudySpecification;
import io.couplet.trainer.optimizers.Optimizers;
import io.couplet.trainer.recipes.Loss;
import io.couplet.trainer.recipes.Recipe;
import io.couplet.trainer.recipes.Recipes;
import io.couplet.trainer.training.BackboneOrigin;
import io.couplet.trainer.training.TrainingPlan;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class RunPlansTest {

    private static RunRequest request(String backbone, String optimizer) {
        return StudySpecification.defaults()
                .withGrid(List.of(backbone), List.of(optimizer), List.of(0L))
                .requests(0)
                .get(0);
    }

    private static TrainingPlan plan(RunRequest request) {
        return RunPlans.plan(request, "cpu", new RequestFiles(null));
    }

    private static Recipe recipe(RunRequest request) {
        return plan(request).recipe();
    }

    @Test
    void aRequestThatSaysNothingIsTrainedByTheRecipeAsItIs() {
        assertThat(recipe(request("resnet", "sgd"))).isEqualTo(Recipes.named("torch-style"));
    }

    @Test
    void eachSettingOfARecipeCanBeOverriddenAlone() {
        RunRequest request = request("resnet", "sgd");
        request.setRecipe("deit");
        Recipe deit = Recipes.named("deit");
        request.setMixup(0.2);
        assertThat(recipe(request)).isEqualTo(deit.withMixing(0.2, 1));
        request.setCutmix(0.0);
        assertThat(recipe(request)).isEqualTo(deit.withMixing(0.2, 0));
        request.setMixup(null);
        assertThat(recipe(request)).isEqualTo(deit.withMixing(0.8, 0));
        request.setCutmix(null);
        request.setRandomErasing(0.5);
        assertThat(recipe(request)).isEqualTo(deit.withRandomErasing(0.5));
        request.setRandomErasing(null);
        request.setDropPath(0.3);
        assertThat(recipe(request)).isEqualTo(deit.withDropPath(0.3));
        request.setDropPath(null);
        request.setEmaDecay(0.99);
        assertThat(recipe(request)).isEqualTo(deit.withEmaDecay(0.99));
        request.setEmaDecay(null);
        request.setLoss("bce");
        assertThat(recipe(request)).isEqualTo(deit.withLoss(Loss.BINARY_CROSS_ENTROPY));
        request.setLoss(null);
        request.setLabelSmoothing(0.0);
        request.setClipGradientNorm(1.0);
        request.setAugmentation("none");
        assertThat(recipe(request))
                .isEqualTo(deit.withLabelSmoothing(0).withClipGradientNorm(1).withAugmentation("none"));
    }

    @ParameterizedTest
    @MethodSource("io.couplet.trainer.optimizers.Optimizers#names")
    void biasesAndNormsDecayWhereTheStudySaysSo(String optimizer) throws InvalidStudyException {
        Optimizers.Entry entry = Optimizers.entry(optimizer);
        KnownNames known = new KnownNames(
                List.of("mlp-mixer"),
                List.of("nano"),
                Map.of(optimizer, List.copyOf(entry.options().keySet())),
                Recipes.choices(),
                List.of(),
                List.of(),
                Map.of("divergence", List.of()));
        String study = "{backbones: [mlp-mixer], optimizers: [" + optimizer + "], seeds: [0]%s}";
        RunRequest usual = request(study.formatted(""), known);
        RunRequest all = request(
                study.formatted(", optimizer-options: {" + optimizer + ": {filter_bias_and_bn: false}}"), known);
        assertThat(all.getRunId()).isNotEqualTo(usual.getRunId());
        assertThat(plan(usual).settings()).containsEntry("excludeBiasesAndNorms", "true");
        assertThat(plan(all).settings()).containsEntry("excludeBiasesAndNorms", "false");
        assertThat(recipe(all)).isEqualTo(recipe(usual).withExcludeBiasesAndNorms(false));
        assertThat(plan(all).options().asMap()).isEqualTo(plan(usual).options().asMap());
    }

    private static RunRequest request(String study, KnownNames known) throws InvalidStudyException {
        return StudySpecification.parse(study, "study.yaml", known).requests(0).get(0);
    }

    @Test
    void everySettingIsAmongThoseThatTheStartTells() {
        RunRequest request = request("resnet", "sgd");
        request.setRecipe("convnext");
        assertThat(plan(request).settings())
                .containsEntry("loss", "cross-entropy")
                .containsEntry("labelSmoothing", "0.1")
                .containsEntry("emaDecay", "0.9999")
                .containsEntry("dropPath", "0.1")
                .containsEntry("augmentation", "crop-flip-rand-m9")
                .containsEntry("mixup", "0.8")
                .containsEntry("cutmix", "1.0")
                .containsEntry("randomErasing", "0.25");
    }

    @Test
    void autoBecomesTheBackbonesRecipeUnderItsOwnName() {
        RunRequest resnet = request("resnet", "sgd");
        resnet.setRecipe("auto");
        assertThat(recipe(resnet).name()).isEqualTo("torch-style");
        RunRequest deit = request("deit", "sgd");
        deit.setRecipe("auto");
        deit.setMixup(0.0);
        assertThat(recipe(deit)).isEqualTo(Recipes.named("deit").withMixing(0, 1));
        resnet.setBackboneSize("paper");
        assertThat(recipe(resnet)).isEqualTo(Recipes.named("rsb-a2").forLargeImages());
    }

    @Test
    void aGridAroundTheDefaultsIsInStepsOfTheOptimizersOwn() {
        RunRequest request = request("resnet", "adamw");
        double usual = plan(request).learningRate();
        double usualDecay = plan(request).options().get("weight_decay");
        assertThat(usualDecay).isPositive();
        List<Double> rates = IntStream.rangeClosed(-2, 2)
                .mapToObj(step -> {
                    request.setLearningRateGridStep(step);
                    return plan(request).learningRate() / usual;
                })
                .toList();
        assertThat(rates).containsExactly(0.25, 0.5, 1.0, 2.0, 4.0);
        double[] shares = {0.1, 0.316228, 1, 3.16228, 10};
        for (int step = -2; step <= 2; step++) {
            request.setWeightDecayGridStep(step);
            assertThat(plan(request).options().get("weight_decay") / usualDecay)
                    .isCloseTo(shares[step + 2], within(1e-4));
        }
        request.setWeightDecay(0.3);
        request.setLearningRate(0.7);
        assertThat(plan(request).options().get("weight_decay")).isEqualTo(0.3);
        assertThat(plan(request).learningRate()).isEqualTo(0.7);
    }

    @ParameterizedTest
    @MethodSource("io.couplet.trainer.optimizers.Optimizers#names")
    void everyOptimizerHasFiveDifferentValuesOnEitherAxis(String optimizer) {
        RunRequest request = request("deit", optimizer);
        Set<Double> rates = new TreeSet<>();
        Set<Double> decays = new TreeSet<>();
        for (int step = -2; step <= 2; step++) {
            request.setLearningRateGridStep(step);
            request.setWeightDecayGridStep(step);
            rates.add(plan(request).learningRate());
            decays.add(plan(request).options().get("weight_decay"));
        }
        request.setLearningRateGridStep(null);
        request.setWeightDecayGridStep(null);
        assertThat(rates).hasSize(5).contains(plan(request).learningRate());
        assertThat(decays).hasSize(5).contains(plan(request).options().get("weight_decay"));
    }

    @Test
    void whereTheDefaultIsNoDecayItComesFirstAndTheRestIsAroundWhatIsUsual() {
        RunRequest lion = request("deit", "lion");
        double[] decays = {0, 0.0316228, 0.1, 0.316228, 1};
        for (int step = -2; step <= 2; step++) {
            lion.setWeightDecayGridStep(step);
            assertThat(plan(lion).options().get("weight_decay")).isCloseTo(decays[step + 2], within(1e-6));
        }
    }

    @ParameterizedTest
    @MethodSource("io.couplet.trainer.optimizers.Optimizers#entries")
    void aGridOfWeightDecaysLiesAroundTheDefaultWhereThereIsOne(Optimizers.Entry optimizer) {
        double usual = optimizer.defaults().get("weight_decay");
        assertThat(optimizer.weightDecayCentre()).isPositive();
        if (usual > 0) {
            assertThat(optimizer.weightDecayCentre()).isEqualTo(usual);
        }
    }

    @Test
    void aStepBeyondTheGridIsRefused() {
        assertThatThrownBy(() -> GridPlaces.learningRate(1, 3))
                .hasMessage("a step on the grid must be from -2 to 2, was 3");
    }

    @Test
    void aRequestsFilesSayWhereTheBackboneComesFrom() {
        RunRequest request = request("resnet", "sgd");
        request.setWeights("r50.safetensors");
        assertThat(plan(request).origin()).isEqualTo(new BackboneOrigin.Weights(Path.of("r50.safetensors")));
        assertThat(plan(request).settings()).containsEntry("weights", "r50.safetensors");
        request.setWeights(null);
        request.setBackbone("net-abc");
        request.setBackboneFile("net.pt");
        request.setLearningRate(0.1);
        assertThat(plan(request).origin()).isEqualTo(new BackboneOrigin.Script(Path.of("net.pt")));
        request.setLearningRate(null);
        assertThatThrownBy(() -> plan(request)).hasMessage("there is no TorchScript file net.pt on this trainer");
    }

    @ParameterizedTest
    @CsvSource({", gpu:1, gpu:1", "gpu, gpu:1, gpu:1", "gpu:1, gpu:1, gpu:1", "cpu, gpu:1, cpu", "cpu, cpu, cpu"})
    void aRunIsTrainedOnTheDeviceThatItAsksFor(@Nullable String requested, String held, String trainedOn) {
        RunRequest request = request("resnet", "sgd");
        request.setDevice(requested);
        assertThat(RunPlans.plan(request, held, new RequestFiles(null)).device())
                .isEqualTo(trainedOn);
    }

    @Test
    void theDeviceIsNoneOfTheSettingsByWhichARunIsKnownAgain() {
        RunRequest request = request("resnet", "sgd");
        TrainingPlan onGpu = RunPlans.plan(request, "gpu:0", new RequestFiles(null));
        assertThat(onGpu.settings()).isEqualTo(plan(request).settings());
        assertThat(onGpu.precision()).isEqualTo("float32 (cuDNN may convolve in TF32)");
        assertThat(plan(request).precision()).isEqualTo("float32");
    }

    @ParameterizedTest
    @CsvSource({"gpu:5, gpu:0", "gpu, cpu", "gpu:0, cpu"})
    void aDeviceThatTheTrainerDoesNotWorkOnIsRefused(String requested, String held) {
        RunRequest request = request("resnet", "sgd");
        request.setDevice(requested);
        assertThatThrownBy(() -> RunPlans.plan(request, held, new RequestFiles(null)))
                .hasMessage(
                        "the run asks for device " + requested
                                + ", on which this trainer does not work: name it in --devices, or let the study ask for gpu, which is any GPU, or for none");
    }

    @Test
    void aLearningRateThatIsNoNumberIsRefused() {
        RunRequest request = request("resnet", "sgd");
        request.setLearningRate(Double.NaN);
        assertThatThrownBy(() -> plan(request)).hasMessage("learningRate must be above 0, was NaN");
    }
}
