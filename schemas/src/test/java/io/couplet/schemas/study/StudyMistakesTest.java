package io.couplet.schemas.study;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.util.Collections;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a person is told about a study that cannot be run. */
class StudyMistakesTest {

    private static final String REPLACEMENTS = " :[]{}-#&*!|>'\"%@`,\t\n09az\u0000\u2028";

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            optimisers: [sgd]                   | line 1, column 1: unknown key 'optimisers': did you mean 'optimizers'?
            data: {pth: x}                      | line 1, column 8: unknown key of data 'pth': did you mean 'path'?
            banana: 1                           | line 1, column 1: unknown key 'banana': there are name, data, backbones, size, weights, optimizers, seeds, budget, recipe, hyperparameters, optimizer-options, early-stopping, rungs, target, device
            backbones: [resnet, resnt]          | line 1, column 21: unknown backbone 'resnt': did you mean 'resnet'?
            backbones: [lenet5000]              | line 1, column 13: unknown backbone 'lenet5000': there are alexnet, vgg, resnet, mobilenetv2, deit, mlp-mixer, convnext, poolformerv2
            backbones: resnet                   | line 1, column 12: backbones must be a list, e.g. [a, b], was 'resnet'
            backbones: [[resnet]]               | line 1, column 13: backbones must be a list of names, has a list
            backbones: []                       | line 1, column 1: backbones is empty: name one at least, or leave it out for the default
            backbones: [vgg, vgg]               | line 1, column 1: backbones has vgg twice: keep one
            optimizers: [adamww]                | line 1, column 14: unknown optimizer 'adamww': did you mean 'adamw'?
            optimizers: {sgd: 1}                | line 1, column 13: optimizers must be a list, e.g. [a, b], was a group of keys
            size: nanno                         | line 1, column 7: unknown size 'nanno': did you mean 'nano'?
            {size: papr, data: {image-size: 40}} | line 1, column 8: unknown size 'papr': did you mean 'paper'?
            size: [nano]                        | line 1, column 7: size must be a name, was a list
            seeds: [0, 0]                       | line 1, column 1: seeds has 0 twice: keep one
            seeds: [1.5]                        | line 1, column 9: seeds must be a whole number from -9007199254740991 to 9007199254740991, was '1.5'
            seeds: [99999999999999999999]       | line 1, column 9: seeds must be a whole number from -9007199254740991 to 9007199254740991, was '99999999999999999999'
            seeds: 3                            | line 1, column 8: seeds must be a list, e.g. [a, b], was '3'
            budget: {steps: many}               | line 1, column 17: budget.steps must be a whole number from 1 to 10000000, was 'many'
            budget: {steps: 0}                  | line 1, column 17: budget.steps must be a whole number from 1 to 10000000, was '0'
            budget: {batch-size: 1}             | line 1, column 22: budget.batch-size must be a whole number from 2 to 65536, was '1'
            budget: {epochs: 10}                | line 1, column 18: budget.epochs is not known, a budget is in steps: write budget.steps, epochs × images / batch-size
            budget: 300                         | line 1, column 9: budget must be a group of keys, was '300'
            {budget: {steps: 4}, rungs: [0.25, 0.3, 1]} | line 1, column 22: rungs 0.25 and 0.3 are the same step 1 of 4: take fewer rungs or more budget.steps
            recipe: plane                       | line 1, column 9: unknown recipe 'plane': did you mean 'plain'?
            recipe: {warmup-steps: 320}         | line 1, column 10: recipe.warmup-steps must be below budget.steps 320, was 320
            recipe: {warmup-fraction: 1}        | line 1, column 27: recipe.warmup-fraction must be a number from 0 and below 1, was '1'
            recipe: {warmup-steps: 1, warmup-fraction: 0.1} | line 1, column 27: recipe has both warmup-steps and warmup-fraction: keep one
            recipe: {label-smoothing: -0.1}     | line 1, column 27: recipe.label-smoothing must be a number from 0 and below 1, was '-0.1'
            recipe: {clip-gradient-norm: .inf}  | line 1, column 30: recipe.clip-gradient-norm must be a number from 0 to 1000000000, was '.inf'
            recipe: {mixup: -1}                 | line 1, column 17: recipe.mixup must be a number from 0 to 1000, was '-1'
            recipe: {cutmix: on}                | line 1, column 18: recipe.cutmix must be a number from 0 to 1000, was 'on'
            recipe: {random-erasing: 1.5}       | line 1, column 26: recipe.random-erasing must be a number from 0 to 1, was '1.5'
            recipe: {drop-path: 1}              | line 1, column 21: recipe.drop-path must be a number from 0 and below 1, was '1'
            recipe: {ema-decay: 1}              | line 1, column 21: recipe.ema-decay must be a number from 0 and below 1, was '1'
            recipe: {loss: bcee}                | line 1, column 16: unknown loss 'bcee': did you mean 'bce'?
            hyperparameters: gird               | line 1, column 18: unknown way to choose hyperparameters 'gird': did you mean 'grid'?
            hyperparameters: {weight-decays: gird} | line 1, column 34: hyperparameters.weight-decays must be a list, e.g. [a, b], was 'gird'
            {backbones: [resnet, vgg], weights: r.safetensors} | line 1, column 28: weights names one file for 2 backbones: write a group of keys, e.g. weights: {resnet: r.safetensors}
            {backbones: [resnet], weights: {vgg: v.safetensors}} | line 1, column 33: weights names 'vgg', which is not among the study's backbones: add it there or take it out here
            {backbones: [resnet], weights: r.pth} | line 1, column 23: weights of resnet must be a .safetensors file, was 'r.pth'
            {backbones: ['file:n.pt'], weights: {'file:n.pt': v.safetensors}} | line 1, column 38: weights names 'file:n.pt', which brings its own weights: take it out here
            backbones: ['file:net.onnx']        | line 1, column 1: backbone 'file:net.onnx' must name a TorchScript file that ends in .pt, e.g. file:models/net.pt
            backbones: ['file:.pt']             | line 1, column 1: backbone 'file:.pt' must name a TorchScript file that ends in .pt, e.g. file:models/net.pt
            recipe: {augmentation: flip}        | line 1, column 24: unknown augmentation 'flip': there are none, crop-flip
            hyperparameters: {learning-rates: [0]} | line 1, column 36: hyperparameters.learning-rates must be a number above 0 and at most 1000000, was '0'
            hyperparameters: {learning-rates: [0.1, 1e-1]} | line 1, column 19: hyperparameters.learning-rates has 0.1 twice: keep one
            hyperparameters: {learning-rate: [0.1]} | line 1, column 19: unknown key of hyperparameters 'learning-rate': did you mean 'learning-rates'?
            optimizer-options: {rmsprop: {}}    | line 1, column 21: optimizer-options names 'rmsprop', which is not among the study's optimizers: add it there or take it out here
            optimizer-options: {rmspop: {}}     | line 1, column 21: unknown optimizer 'rmspop': did you mean 'rmsprop'?
            optimizer-options: {adamw: {beta: 0.9}} | line 1, column 29: unknown key of optimizer-options.adamw 'beta': did you mean 'beta1'?
            optimizer-options: {adamw: {eps: small}} | line 1, column 34: optimizer-options.adamw.eps must be a number from -1000000000000 to 1000000000000, was 'small'
            optimizer-options: {adamw: {learning-rate: [0.1, 1e-1]}} | line 1, column 29: optimizer-options.adamw.learning-rate has 0.1 twice: keep one
            optimizer-options: {adamw: {weight-decay: [0, -0.0]}} | line 1, column 29: optimizer-options.adamw.weight-decay has 0 twice: keep one
            early-stopping: [medan]             | line 1, column 18: unknown early-stopping rule 'medan': did you mean 'median'?
            early-stopping: median              | line 1, column 17: early-stopping must be a list, e.g. [a, b], was 'median'
            early-stopping: [{min-peers: 3}]    | line 1, column 18: early-stopping has an entry without its rule: write 'rule: NAME' in it
            early-stopping: [{rule: median, min-peer: 3}] | line 1, column 33: unknown key of early-stopping 'min-peer': did you mean 'min-peers'?
            early-stopping: [median, median]    | line 1, column 1: early-stopping has median twice: keep one
            rungs: [0.5]                        | line 1, column 1: rungs must end with 1, the whole budget
            rungs: [0.5, 0.25, 1]               | line 1, column 1: rungs must ascend, 0.25 comes after 0.5
            rungs: [0.001, 1]                   | line 1, column 1: rung 0.001 of 320 steps is before the first one: leave it out or take more budget.steps
            rungs: [0.5, 2]                     | line 1, column 14: rungs must be a number above 0 and at most 1, was '2'
            device: tpu                         | line 1, column 1: device must be cpu, gpu or gpu:N, was 'tpu'
            device: [cpu]                       | line 1, column 9: device must be a text, was a list
            data: {validation-path: /val}       | line 1, column 8: data.validation-path needs data.path: the built-in images are split by themselves
            data: {image-size: 7}               | line 1, column 20: data.image-size must be a whole number from 8 to 1024, was '7'
            data: {image-size: 28}              | line 1, column 8: data.image-size must be a multiple of 16 for backbones of size nano, was 28: take 16 or 32
            data: {image-size: 8}               | line 1, column 8: data.image-size must be a multiple of 16 for backbones of size nano, was 8: take 16
            {size: paper, data: {image-size: 225}} | line 1, column 22: data.image-size must be a multiple of 32 for backbones of size paper, was 225: take 224 or 256
            data: {validation-fraction: 1}      | line 1, column 29: data.validation-fraction must be a number above 0 and below 1, was '1'
            data: /images                       | line 1, column 7: data must be a group of keys, was '/images'
            name: ""                            | line 1, column 1: name must be 1 to 80 printable characters, was ''
            [a, b]                              | line 1, column 1: a study must be a group of keys, was a list
            {[a]: 1}                            | line 1, column 2: a key must be a name, was a list
            """)
    void eachMistakeSaysWhereItIsAndTheFix(String yaml, String message) {
        assertThatThrownBy(() -> StudySpecificationTest.parse(yaml))
                .isInstanceOf(InvalidStudyException.class)
                .hasMessage("study.yaml, " + message);
    }

    @Test
    void aKeyThatStandsTwiceIsAMistake() {
        assertThatThrownBy(() -> StudySpecificationTest.parse("name: a\nname: b\n"))
                .hasMessage("study.yaml, line 2, column 1: 'name' stands here twice: keep one");
    }

    @Test
    void allMistakesAreToldAtOnceInTheOrderOfTheFile() {
        String yaml = """
                name: test
                data:
                  pathh: /images
                  image-size: big
                backbones: [resnet, resnt, dete]
                optimizers: [sdg, adamw]
                budget:
                  steps: -1
                recipe:
                  warmup-steps: 500
                rungs: [0.5, 0.4, 1]
                color: red
                """;
        InvalidStudyException refused =
                catchThrowableOfType(InvalidStudyException.class, () -> StudySpecificationTest.parse(yaml));
        assertThat(refused).hasMessage("""
                study.yaml has 8 mistakes:
                  line 3, column 3: unknown key of data 'pathh': did you mean 'path'?
                  line 4, column 15: data.image-size must be a whole number from 8 to 1024, was 'big'
                  line 5, column 21: unknown backbone 'resnt': did you mean 'resnet'?
                  line 5, column 28: unknown backbone 'dete': did you mean 'deit'?
                  line 6, column 14: unknown optimizer 'sdg': did you mean 'sgd'?
                  line 8, column 10: budget.steps must be a whole number from 1 to 10000000, was '-1'
                  line 11, column 1: rungs must ascend, 0.4 comes after 0.5
                  line 12, column 1: unknown key 'color': there are name, data, backbones, size, weights, optimizers, seeds, budget, recipe, hyperparameters, optimizer-options, early-stopping, rungs, target, device""");
        assertThat(refused.problems()).hasSize(8);
    }

    @Test
    void whatIsNoYamlIsSaidWithItsPlace() {
        assertThatThrownBy(() -> StudySpecificationTest.parse("name: [a\nbudget: 3\n"))
                .isInstanceOf(InvalidStudyException.class)
                .hasMessageStartingWith("study.yaml, line 2, column 7: this is no YAML: ");
        assertThatThrownBy(() -> StudySpecificationTest.parse("\tname: a"))
                .isInstanceOf(InvalidStudyException.class)
                .hasMessageStartingWith("study.yaml, line 1, column 1: this is no YAML: ");
        assertThatThrownBy(() -> StudySpecificationTest.parse("name: a\n---\nname: b\n"))
                .isInstanceOf(InvalidStudyException.class)
                .hasMessageContaining("this is no YAML: ");
        assertThatThrownBy(() -> StudySpecificationTest.parse("name: \u0000"))
                .isInstanceOf(InvalidStudyException.class)
                .hasMessageContaining("this is no YAML: ");
    }

    @Test
    void hugeDeepAndSelfContainingFilesAreRefused() {
        assertThatThrownBy(() -> StudySpecificationTest.parse("#".repeat((1 << 20) + 1)))
                .hasMessage("study.yaml, line 1, column 1: the file has more than a megabyte, this is no study");
        assertThatThrownBy(() -> StudySpecificationTest.parse("name: " + "[".repeat(5_000)))
                .isInstanceOf(InvalidStudyException.class);
        assertThatThrownBy(() -> StudySpecificationTest.parse("backbones: &a [*a]"))
                .hasMessage("study.yaml, line 1, column 12: backbones must be a list of names, has a list");
        assertThatThrownBy(() -> StudySpecificationTest.parse("data: &d\n  path: *d"))
                .hasMessage("study.yaml, line 1, column 7: data.path must be a text, was a group of keys");
    }

    /** Nine levels of nine aliases each would be 387 million names. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "backbones",
                "optimizers",
                "seeds",
                "rungs",
                "early-stopping",
                "data",
                "optimizer-options",
                "laughs"
            })
    void aliasesThatMultiplyAreRefusedWithoutBeingMultiplied(String key) {
        StringBuilder bomb = new StringBuilder("name: a\na0: &a0 [resnet, resnet]\n");
        for (int level = 1; level <= 9; level++) {
            bomb.append("a%d: &a%d [%s]\n"
                    .formatted(level, level, String.join(", ", Collections.nCopies(9, "*a" + (level - 1)))));
        }
        bomb.append(key).append(": *a9\n");
        assertThatThrownBy(() -> StudySpecificationTest.parse(bomb.toString()))
                .isInstanceOf(InvalidStudyException.class)
                .satisfies(e -> assertThat(e.getMessage()).hasSizeLessThan(10_000));
    }

    /** The same with groups of keys that merge one another. */
    @Test
    void groupsThatMergeOneAnotherAreRefusedWithoutBeingMultiplied() {
        StringBuilder bomb = new StringBuilder("a0: &a0 {steps: 1}\n");
        for (int level = 1; level <= 9; level++) {
            bomb.append("a%d: &a%d {<<: [%s]}\n"
                    .formatted(level, level, String.join(", ", Collections.nCopies(9, "*a" + (level - 1)))));
        }
        assertThatThrownBy(() -> StudySpecificationTest.parse(bomb + "budget: *a9\n"))
                .isInstanceOf(InvalidStudyException.class)
                .satisfies(e -> assertThat(e.getMessage()).hasSizeLessThan(10_000));
    }

    @Test
    void nothingInAFileMakesAnObject() {
        assertThatThrownBy(() -> StudySpecificationTest.parse("budget: !!java.net.URL [http://127.0.0.1]"))
                .hasMessage(
                        "study.yaml, line 1, column 9: this is no YAML: Global tag is not allowed: tag:yaml.org,2002:java.net.URL");
    }

    @Test
    void aFileWithOneByteChangedIsReadOrRefusedButNeverAnythingElse() {
        String yaml = StudySpecification.defaults().toYaml();
        Random random = new Random(1);
        for (int i = 0; i < 3_000; i++) {
            char[] changed = yaml.toCharArray();
            changed[random.nextInt(changed.length)] = REPLACEMENTS.charAt(random.nextInt(REPLACEMENTS.length()));
            String text = new String(changed);
            try {
                StudySpecification study = StudySpecificationTest.parse(text);
                assertThat(StudySpecificationTest.parse(study.toYaml())).isEqualTo(study);
            } catch (InvalidStudyException e) {
                assertThat(e.problems()).isNotEmpty();
            }
        }
    }

    @Test
    void theNearestNameIsFoundOnlyWhenItIsNear() {
        assertThat(Nearest.to("ADAMW", StudySpecificationTest.NAMES.optimizers().keySet()))
                .contains("adamw");
        assertThat(Nearest.to("transformer", StudySpecificationTest.NAMES.backbones()))
                .isEmpty();
        assertThat(Nearest.distance("kitten", "sitting")).isEqualTo(3);
        assertThat(Nearest.distance("", "abc")).isEqualTo(3);
    }
}
