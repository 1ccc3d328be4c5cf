package io.couplet.schemas.study;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.couplet.schemas.RunId;
import io.couplet.schemas.Topics;
import io.couplet.schemas.avro.RunRequest;
import io.couplet.schemas.avro.StoppingRule;
import io.couplet.schemas.study.HyperparameterGrid.Axis;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class StudySpecificationTest {

    static final KnownNames NAMES = new KnownNames(
            List.of("alexnet", "vgg", "resnet", "mobilenetv2", "deit", "mlp-mixer", "convnext", "poolformerv2"),
            List.of("nano", "paper"),
            optimizers(),
            List.of("torch-style", "plain"),
            List.of("none", "crop-flip"),
            List.of("cross-entropy", "bce"),
            Map.of("divergence", List.of("patience"), "median", List.of("min-peers", "grace")));

    private static final String WHOLE = """
            name: Flowers, second try
            data:
              path: /data/flowers "big".zip
              validation-path: /data/val
              validation-fraction: 0.1
              image-size: 64
              seed: 7
              limit: 5000
            backbones: [resnet, deit, "file:/models/my net.pt"]
            size: nano
            weights:
              resnet: /weights/resnet.safetensors
            optimizers: [sgd, adamw]
            seeds: [0, 1]
            budget:
              steps: 400
              batch-size: 32
            recipe:
              name: plain
              warmup-steps: 20
              label-smoothing: 0.1
              clip-gradient-norm: 1
              augmentation: crop-flip
              mixup: 0.8
              cutmix: 1
              random-erasing: 0.25
              drop-path: 0.1
              ema-decay: 0.999
              loss: bce
            hyperparameters:
              learning-rates: [1e-3, 0.00001]
              weight-decays: [0, 0.05]
            optimizer-options:
              sgd:
                learning-rate: [0.1, 0.2, 0.4]
                weight-decay: 1e-4
                momentum: 0.8
                nesterov: yes
            early-stopping:
              - divergence
              - rule: median
                min-peers: 3
            rungs: [0.25, 0.5, 1]
            target:
              accuracy: 0.9
            device: gpu:1
            """;

    private static Map<String, List<String>> optimizers() {
        Map<String, List<String>> optimizers = new LinkedHashMap<>();
        optimizers.put("sgd", List.of("momentum", "nesterov"));
        optimizers.put("adam", List.of("beta1", "beta2", "eps"));
        optimizers.put("adamw", List.of("beta1", "beta2", "eps"));
        optimizers.put("lamb", List.of());
        optimizers.put("lion", List.of());
        optimizers.put("rmsprop", List.of());
        return optimizers;
    }

    static StudySpecification parse(String yaml) throws InvalidStudyException {
        return StudySpecification.parse(yaml, "study.yaml", NAMES);
    }

    @Test
    void theTargetGoesToEveryRunAndChangesNoIdentity() throws Exception {
        StudySpecification without = parse("name: x");
        StudySpecification with = parse("name: x\ntarget: {loss: 0.5}");
        assertThat(with.requests(1)).allSatisfy(request -> {
            assertThat(request.getTargetLoss()).isEqualTo(0.5);
            assertThat(request.getTargetTop1()).isNull();
        });
        assertThat(with.requests(1).stream().map(RunRequest::getRunId).toList())
                .isEqualTo(
                        without.requests(1).stream().map(RunRequest::getRunId).toList());
        assertThatThrownBy(() -> parse("name: x\ntarget: {loss: 0.5, accuracy: 0.9}"))
                .hasMessageContaining("target has both accuracy and loss: keep one");
    }

    @Test
    void aFileThatSaysEverythingIsReadWhole() throws Exception {
        TreeMap<String, Double> sgd = new TreeMap<>(Map.of("momentum", 0.8, "nesterov", 1.0));
        assertThat(parse(WHOLE))
                .isEqualTo(new StudySpecification(
                        "Flowers, second try",
                        new DataSpecification("/data/flowers \"big\".zip", "/data/val", 0.1, 64, 7, 5_000),
                        List.of("resnet", "deit", "file:/models/my net.pt"),
                        "nano",
                        new TreeMap<>(Map.of("resnet", "/weights/resnet.safetensors")),
                        List.of("sgd", "adamw"),
                        List.of(0L, 1L),
                        new Budget(400, 32),
                        new RecipeSpecification(
                                "plain",
                                new Warmup.Steps(20),
                                0.1,
                                1.0,
                                "crop-flip",
                                0.8,
                                1.0,
                                0.25,
                                0.1,
                                0.999,
                                "bce"),
                        new HyperparameterGrid(Axis.of(List.of(1e-3, 1e-5)), Axis.of(List.of(0.0, 0.05))),
                        new TreeMap<>(Map.of("sgd", new OptimizerOptions(List.of(0.1, 0.2, 0.4), List.of(1e-4), sgd))),
                        List.of(
                                StoppingRuleSpecification.of("divergence"),
                                new StoppingRuleSpecification("median", new TreeMap<>(Map.of("min-peers", 3.0)))),
                        List.of(0.25, 0.5, 1.0),
                        new Target(0.9, null),
                        "gpu:1"));
    }

    @Test
    void anEmptyFileIsTheDefaultStudy() throws Exception {
        assertThat(parse("")).isEqualTo(StudySpecification.defaults());
        assertThat(parse("# nothing\n")).isEqualTo(StudySpecification.defaults());
        assertThat(parse("data:\nbudget: {}\nrecipe:\n")).isEqualTo(StudySpecification.defaults());
    }

    @Test
    void aRecipeMayBeJustItsName() throws Exception {
        assertThat(parse("recipe: plain").recipe().name()).isEqualTo("plain");
    }

    @Test
    void printingAndReadingGivesTheSameStudy() throws Exception {
        StudySpecification whole = parse(WHOLE);
        for (StudySpecification study : List.of(
                StudySpecification.defaults(),
                parse("hyperparameters: grid"),
                parse("hyperparameters: {weight-decays: grid, learning-rates: [0.1]}"),
                whole,
                whole.withName("null"),
                whole.withName("a: b # c, \"d\" \\ é ☃"),
                whole.withName("- 12"),
                whole.withDevice(null).withRungs(List.of(1.0)))) {
            assertThat(parse(study.toYaml())).isEqualTo(study);
            assertThat(parse(study.toYaml()).toYaml()).isEqualTo(study.toYaml());
        }
    }

    @Test
    void theDefaultStudyReadsWell() {
        assertThat(StudySpecification.defaults().withBudget(new Budget(320, 64)).toYaml())
                .isEqualTo("""
                        name: default
                        data:
                          validation-fraction: 0.2
                          image-size: 32
                          seed: 0
                        backbones: [vgg, resnet, mobilenetv2, mlp-mixer]
                        size: nano
                        optimizers: [sgd, adamw, lamb, lion]
                        seeds: [0]
                        budget:
                          steps: 320
                          batch-size: 64
                        recipe:
                          name: torch-style
                          warmup-fraction: 0.05
                        early-stopping:
                          - rule: divergence
                        rungs: [0.125, 0.25, 0.375, 0.5, 0.625, 0.75, 0.875, 1]
                        """);
    }

    @Test
    void runIdsNeverChange() throws Exception {
        StudySpecification study = parse("""
                name: golden
                backbones: [resnet, deit]
                optimizers: [sgd, adamw]
                seeds: [0, 1]
                budget: {steps: 100, batch-size: 64}
                recipe: {name: torch-style, warmup-steps: 5}
                rungs: [0.5, 1]
                optimizer-options: {adamw: {learning-rate: [0.001, 0.003]}}
                """);
        assertThat(study.studyId()).isEqualTo("golden-10cc06");
        assertThat(study.requests(0).stream().map(RunRequest::getRunId))
                .containsExactly(
                        "golden-10cc06.resnet.sgd.s0.6eeea5",
                        "golden-10cc06.resnet.adamw.s0.cbcdb6",
                        "golden-10cc06.deit.sgd.s0.3d5322",
                        "golden-10cc06.deit.adamw.s0.8387b8",
                        "golden-10cc06.resnet.adamw.s0.5cd94e",
                        "golden-10cc06.deit.adamw.s0.0b8569",
                        "golden-10cc06.resnet.sgd.s1.2f1a5e",
                        "golden-10cc06.resnet.adamw.s1.c683ff",
                        "golden-10cc06.deit.sgd.s1.5394e6",
                        "golden-10cc06.deit.adamw.s1.170085",
                        "golden-10cc06.resnet.adamw.s1.1c3ea2",
                        "golden-10cc06.deit.adamw.s1.34d94b");
        assertThat(study.requests(0))
                .allSatisfy(request -> assertThat(request.getGrid().getRuns()).isEqualTo(12));
    }

    @Test
    void rowsOfTheGridFillOneAfterTheOther() throws Exception {
        List<String> order = parse(WHOLE).requests(0).stream()
                .map(request -> request.getSeed() + " " + request.getHyperparameterPoint() + " " + request.getBackbone()
                        + " " + request.getOptimizer())
                .toList();
        assertThat(order)
                .startsWith(
                        "0 0 resnet sgd",
                        "0 0 resnet adamw",
                        "0 0 deit sgd",
                        "0 0 deit adamw",
                        "0 0 my-net-2ee096 sgd",
                        "0 0 my-net-2ee096 adamw",
                        "0 1 resnet sgd",
                        "0 1 resnet adamw")
                .endsWith("1 2 my-net-2ee096 adamw", "1 3 resnet adamw", "1 3 deit adamw", "1 3 my-net-2ee096 adamw")
                .hasSize(2 * 3 * (3 + 4))
                .doesNotHaveDuplicates();
        assertThat(parse(WHOLE).runs()).isEqualTo(42);
    }

    @Test
    void aRequestSaysAllThatATrainerNeeds() throws Exception {
        StudySpecification study = parse(WHOLE);
        RunRequest request = study.requests(1_234).get(0);
        assertThat(request.getStudyId()).isEqualTo(study.studyId()).startsWith("Flowers-second-try-");
        assertThat(RunId.parse(request.getRunId()).studyId()).isEqualTo(study.studyId());
        assertThat(request.getStudyName()).isEqualTo("Flowers, second try");
        assertThat(request.getLearningRate()).isEqualTo(0.1);
        assertThat(request.getWeightDecay()).isEqualTo(1e-4);
        assertThat(request.getOptimizerOptions()).isEqualTo(Map.of("momentum", 0.8, "nesterov", 1.0));
        assertThat(request.getWarmupSteps()).isEqualTo(20);
        assertThat(request.getBudgetSteps()).isEqualTo(400);
        assertThat(request.getWeights()).isEqualTo("/weights/resnet.safetensors");
        assertThat(request.getBackboneFile()).isNull();
        assertThat(request.getMixup()).isEqualTo(0.8);
        assertThat(request.getCutmix()).isEqualTo(1.0);
        assertThat(request.getRandomErasing()).isEqualTo(0.25);
        assertThat(request.getDropPath()).isEqualTo(0.1);
        assertThat(request.getEmaDecay()).isEqualTo(0.999);
        assertThat(request.getLoss()).isEqualTo("bce");
        assertThat(request.getRungs()).containsExactly(0.25, 0.5, 1.0);
        assertThat(request.getData().getPath()).isEqualTo("/data/flowers \"big\".zip");
        assertThat(request.getGrid().getHyperparameterPoints()).isEqualTo(4);
        assertThat(request.getStoppingRules())
                .containsExactly(
                        new StoppingRule("divergence", Map.of()), new StoppingRule("median", Map.of("min-peers", 3.0)));
        assertThat(request.getSubmittedMillis()).isEqualTo(1_234);
        assertThat(Topics.RUN_REQUESTS.wire().decode(Topics.RUN_REQUESTS.wire().encode(request)))
                .isEqualTo(request);
    }

    @Test
    void defaultsAreLeftToTheTrainer() {
        RunRequest request = StudySpecification.defaults().requests(0).get(0);
        assertThat(request.getLearningRate()).isNull();
        assertThat(request.getWeightDecay()).isNull();
        assertThat(request.getLearningRateGridStep()).isNull();
        assertThat(request.getWeightDecayGridStep()).isNull();
        assertThat(request.getLabelSmoothing()).isNull();
        assertThat(request.getMixup()).isNull();
        assertThat(request.getEmaDecay()).isNull();
        assertThat(request.getLoss()).isNull();
        assertThat(request.getWeights()).isNull();
        assertThat(request.getDevice()).isNull();
        assertThat(request.getData().getPath()).isNull();
        assertThat(request.getWarmupSteps()).isEqualTo(16);
    }

    @Test
    void aGridIsFiveByFiveStepsAroundTheDefaultsNearestFirst() throws Exception {
        StudySpecification study =
                parse("{backbones: [resnet], optimizers: [sgd, adamw], hyperparameters: grid, optimizer-options: "
                        + "{adamw: {learning-rate: 0.01}}}");
        List<RunRequest> requests = study.requests(0);
        assertThat(requests).hasSize(study.runs()).hasSize(25 + 5);
        List<String> sgd = requests.stream()
                .filter(request -> request.getOptimizer().equals("sgd"))
                .map(request -> request.getHyperparameterPoint() + ": " + request.getLearningRateGridStep() + ", "
                        + request.getWeightDecayGridStep())
                .toList();
        assertThat(sgd)
                .startsWith("0: 0, 0", "1: -1, 0", "2: 0, -1", "3: 0, 1", "4: 1, 0", "5: -2, 0")
                .endsWith("21: -2, -2", "22: -2, 2", "23: 2, -2", "24: 2, 2")
                .hasSize(25)
                .doesNotHaveDuplicates();
        assertThat(requests)
                .filteredOn(request -> request.getOptimizer().equals("adamw"))
                .allSatisfy(request -> {
                    assertThat(request.getLearningRate()).isEqualTo(0.01);
                    assertThat(request.getLearningRateGridStep()).isNull();
                    assertThat(request.getWeightDecayGridStep()).isBetween(-2, 2);
                });
        assertThat(requests).allSatisfy(request -> {
            assertThat(request.getWeightDecay()).isNull();
            assertThat(request.getGrid().getHyperparameterPoints()).isEqualTo(25);
        });
        assertThat(requests.stream().map(RunRequest::getRunId)).doesNotHaveDuplicates();
    }

    @Test
    void oneAxisMayBeAGridAlone() throws Exception {
        List<RunRequest> requests = parse(
                        "{backbones: [resnet], optimizers: [sgd], hyperparameters: {learning-rates: grid}}")
                .requests(0);
        assertThat(requests.stream().map(RunRequest::getLearningRateGridStep)).containsExactly(0, -1, 1, -2, 2);
        assertThat(requests)
                .allSatisfy(
                        request -> assertThat(request.getWeightDecayGridStep()).isNull());
    }

    @Test
    void aTorchScriptFileIsABackboneUnderANameThatARunIdCanHold() throws Exception {
        StudySpecification study = parse("backbones: ['file:/models/my net.v2.pt', resnet]");
        RunRequest request = study.requests(0).get(0);
        assertThat(request.getBackbone()).startsWith("my-net-v2-").hasSize("my-net-v2-".length() + 6);
        assertThat(request.getBackboneFile()).isEqualTo("/models/my net.v2.pt");
        assertThat(RunId.parse(request.getRunId()).backbone()).isEqualTo(request.getBackbone());
        assertThat(request.getGrid().getBackbones()).containsExactly(request.getBackbone(), "resnet");
        assertThat(study.backboneNames()).containsExactly(request.getBackbone(), "resnet");
        assertThat(parse("backbones: ['file:/elsewhere/my net.v2.pt']")
                        .requests(0)
                        .get(0)
                        .getBackbone())
                .isNotEqualTo(request.getBackbone());
        assertThat(parse("backbones: ['file:" + "é".repeat(300) + ".pt']")
                        .requests(0)
                        .get(0)
                        .getRunId())
                .satisfies(RunId::parse)
                .hasSizeLessThan(80);
    }

    @Test
    void weightsOfTheOnlyBackboneNeedNotSayWhose() throws Exception {
        StudySpecification study = parse("{backbones: [resnet], weights: r50.safetensors}");
        assertThat(study.weights()).isEqualTo(Map.of("resnet", "r50.safetensors"));
        assertThat(study.requests(0).get(0).getWeights()).isEqualTo("r50.safetensors");
    }

    @Test
    void filesCanBeMovedTogether() throws Exception {
        StudySpecification study = parse("{backbones: [resnet, 'file:net.pt'], weights: {resnet: r50.safetensors}}");
        assertThat(study.withFiles(path -> "/there/" + path))
                .isEqualTo(parse(
                        "{backbones: [resnet, 'file:/there/net.pt'], weights: {resnet: /there/r50.safetensors}}"));
        assertThat(study.withGrid(List.of("deit"), List.of("sgd"), List.of(0L)).weights())
                .isEmpty();
    }

    @Test
    void aWiderGridKeepsTheRunsItHad() {
        StudySpecification narrow = StudySpecification.defaults();
        StudySpecification wide = narrow.withGrid(
                List.of("vgg", "deit", "resnet", "mobilenetv2", "mlp-mixer"),
                List.of("lion", "sgd", "adamw", "lamb"),
                List.of(1L, 0L));
        assertThat(wide.studyId()).isEqualTo(narrow.studyId());
        assertThat(wide.requests(0).stream().map(RunRequest::getRunId).toList())
                .containsAll(
                        narrow.requests(9).stream().map(RunRequest::getRunId).toList());
    }

    @Test
    void theDeviceAndTheRulesAreNoPartOfTheIdentity() {
        StudySpecification study = StudySpecification.defaults();
        assertThat(study.withDevice("gpu:0").requests(0).get(3).getRunId())
                .isEqualTo(study.requests(0).get(3).getRunId());
    }

    @Test
    void whateverChangesTheResultChangesTheIdentity() throws Exception {
        StudySpecification study = StudySpecification.defaults();
        assertThat(List.of(
                                study,
                                study.withName("other"),
                                study.withData(study.data().withPaths("/data", null)),
                                study.withData(study.data().withImageSize(64)),
                                study.withData(study.data().withLimit(100)),
                                study.withBudget(new Budget(321, 64)),
                                study.withBudget(new Budget(320, 63)),
                                study.withRungs(List.of(1.0)),
                                parse("recipe: plain"),
                                parse("recipe: {warmup-steps: 16}"),
                                parse("recipe: {label-smoothing: 0}"),
                                parse("recipe: {mixup: 0.2}"),
                                parse("recipe: {cutmix: 0.2}"),
                                parse("recipe: {random-erasing: 0.2}"),
                                parse("recipe: {drop-path: 0.2}"),
                                parse("recipe: {ema-decay: 0.2}"),
                                parse("recipe: {loss: bce}"),
                                parse("size: paper"),
                                parse("weights: {resnet: r50.safetensors}"),
                                parse("weights: {vgg: r50.safetensors}"),
                                parse("optimizer-options: {sgd: {momentum: 0.8}}"),
                                parse("optimizer-options: {sgd: {momentum: 0.7}}"))
                        .stream()
                        .map(StudySpecification::studyId))
                .doesNotHaveDuplicates();
    }

    @Test
    void theUsualRungsAreEighthsOfAnyBudget() throws Exception {
        StudySpecification study = StudySpecification.defaults();
        assertThat(study.withBudget(new Budget(4, 8)).rungs()).containsExactly(0.25, 0.5, 0.75, 1.0);
        assertThat(study.withBudget(new Budget(1, 8)).rungs()).containsExactly(1.0);
        assertThat(parse("budget: {steps: 4}").rungs()).containsExactly(0.25, 0.5, 0.75, 1.0);
        assertThat(study.withRungs(List.of(0.5, 1.0))
                        .withBudget(new Budget(4, 8))
                        .rungs())
                .containsExactly(0.5, 1.0);
        assertThatThrownBy(() -> study.withRungs(List.of(0.1, 1.0)).withBudget(new Budget(4, 8)))
                .hasMessageStartingWith("rung 0.1 of 4 steps is before the first one");
    }

    @Test
    void constructorsRefuseWhatMakesNoSenseAndSayTheValue() {
        StudySpecification study = StudySpecification.defaults();
        assertThatThrownBy(() -> new Budget(0, 64))
                .hasMessage("budget.steps must be a whole number from 1 to 10000000, was 0");
        assertThatThrownBy(() -> new Budget(10, 1))
                .hasMessage("budget.batch-size must be a whole number from 2 to 65536, was 1");
        assertThatThrownBy(() -> study.withRungs(List.of(0.5, 0.501, 1.0)))
                .hasMessage("rungs 0.5 and 0.501 are the same step 160 of 320: take fewer rungs or more budget.steps");
        assertThatThrownBy(() -> study.withGrid(List.of(), List.of("sgd"), List.of(0L)))
                .hasMessage("backbones is empty: name one at least, or leave it out for the default");
        assertThatThrownBy(() -> study.withDevice("cuda")).hasMessage("device must be cpu, gpu or gpu:N, was 'cuda'");
        assertThatThrownBy(() -> study.withSize("cifar", 48))
                .hasMessage(
                        "data.image-size must be a multiple of 32 for backbones of size cifar, was 48: take 32 or 64");
        assertThat(study.withSize("nano", 48).data().imageSize()).isEqualTo(48);
        assertThat(study.withGrid(List.of("file:n.pt"), List.of("sgd"), List.of(0L))
                        .withSize("nano", 28)
                        .data()
                        .imageSize())
                .as("a TorchScript file says itself what images it takes")
                .isEqualTo(28);
        assertThatThrownBy(() -> study.data().withImageSize(4))
                .hasMessage("data.image-size must be a whole number from 8 to 1024, was 4");
    }
}
