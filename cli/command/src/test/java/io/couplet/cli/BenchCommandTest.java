package io.couplet.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class BenchCommandTest {

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it.
    Path directory;

    private static Ended couplet(String... arguments) {
        return Ended.couplet(List.of(arguments));
    }

    @Test
    void everyPartOfAStepIsAFigureAndSoIsItsRatioToWhatAnotherMeasuredByTheSameClock() throws IOException {
        Path other = Files.writeString(directory.resolve("other.json"), """
                {"what": "another engine", "figures": [
                  {"name": "resnet.forward", "value": 0.5, "unit": "ms/step", "ratioTo": null},
                  {"name": "resnet.backward", "value": 0.5, "unit": "ms/step of processor time", "ratioTo": null},
                  {"name": "resnet.total", "value": 0.5, "unit": "ms/step", "ratioTo": null},
                  {"name": "vgg.total", "value": 0.5, "unit": "ms/step", "ratioTo": null}]}
                """);
        Ended ended = couplet(
                "bench",
                "trainer",
                "--backbones",
                "resnet",
                "--batch-size",
                "2",
                "--steps",
                "1",
                "--parts",
                "steps",
                "--against",
                other.toString(),
                "--json");
        assertThat(ended.err()).isEmpty();
        assertThat(ended.exitCode()).isZero();
        List<JsonNode> figures = new ArrayList<>();
        new ObjectMapper().readTree(ended.out()).get("figures").forEach(figures::add);
        assertThat(figures)
                .extracting(figure -> figure.get("name").asText())
                .containsExactly(
                        "resnet.forward",
                        "resnet.backward",
                        "resnet.optimizer",
                        "resnet.total",
                        "resnet.backward",
                        "resnet.total",
                        "total, geometric mean of 1",
                        "total, largest of 1");
        double total = figures.get(3).get("value").asDouble();
        assertThat(total).isPositive();
        for (JsonNode ratio : figures.subList(5, 8)) {
            assertThat(ratio.get("value").asDouble()).isCloseTo(total / 0.5, within(1e-9 * total));
            assertThat(ratio.get("unit").asText()).isEqualTo("ratio");
            assertThat(ratio.get("ratioTo").asText()).isEqualTo("another engine");
        }
    }

    @Test
    void everyPairingThatTrainsIsARowAndTheCommandSucceeds() {
        Ended ended = couplet("bench", "pairings", "--backbones", "resnet", "--optimizers", "sgd,adamw", "--jobs", "1");
        assertThat(ended.err()).isEmpty();
        assertThat(ended.out().lines()).hasSize(4);
        assertThat(ended.out().lines().toList().get(1)).contains("resnet", "sgd", "yes");
        assertThat(ended.out()).endsWith("2 of 2 pairings train" + System.lineSeparator());
        assertThat(ended.exitCode()).isZero();
    }

    @Test
    void underLoadEveryStepThatTheBrokerHoldsIsFoldedAndEachSampleIsKept() throws IOException {
        Ended ended =
                couplet(("bench scale --runs 20 --steps-per-second 200 --seconds 3 --evaluations 2 --every 1 --json")
                        .split(" "));
        assertThat(ended.exitCode()).as(ended.err()).isZero();
        JsonNode json = new ObjectMapper().readTree(ended.out());
        assertThat(json.get("figures").get(0).get("name").asText()).isEqualTo("steps produced");
        assertThat(json.get("figures").get(0).get("value").asInt()).isEqualTo(600);
        assertThat(json.get("figures").get(1).get("name").asText()).isEqualTo("steps folded");
        assertThat(json.get("figures").get(1).get("value").asInt()).isEqualTo(600);
        JsonNode samples = json.get("samples");
        assertThat(samples).isNotEmpty();
        assertThat(samples.get(samples.size() - 1).get("notFolded").asInt()).isZero();
        assertThat(ended.err().lines()).hasSize(1 + samples.size());
    }

    @Test
    void aSmallMeasurementOfTheAnalyticsGivesItsFigures() throws IOException {
        Ended ended = couplet("bench analytics --records 20000 --runs 20 --repeats 2 --json".split(" "));
        assertThat(ended.exitCode()).as(ended.err()).isZero();
        JsonNode figures = new ObjectMapper().readTree(ended.out()).get("figures");
        assertThat(figures).hasSize(9).allSatisfy(figure -> {
            assertThat(figure.get("name").asText()).contains(", 20 runs");
            assertThat(figure.get("value").isNumber()).as(figure.toString()).isTrue();
        });
        assertThat(figures)
                .filteredOn(figure -> figure.get("unit").asText().equals("steps/s"))
                .hasSize(3)
                .allSatisfy(figure -> assertThat(figure.get("value").asDouble()).isPositive());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "bench trainer --backbones resnt | --backbones: unknown backbone 'resnt': did you mean 'resnet'?",
                "bench trainer --size huge | unknown backbone size 'huge': there are nano, cifar and paper.",
                "bench trainer --batch-size 1 | batch must be at least 2, was 1.",
                "bench trainer --steps 0 | --steps must be at least 1, was 0.",
                "bench scale --runs 0 | --runs, --seconds, --parallelism and --every must be at least 1, --evaluations 0.",
                "bench scale --runs 500 --steps-per-second 9 --seconds 9 | --steps-per-second must let each of --runs take a step within --seconds.",
                "bench pairings --steps 5 | --steps must be at least 6, was 5.",
                "bench pairings --optimizers sgdd | --optimizers: unknown optimizer 'sgdd': did you mean 'sgd'?",
                "run --devices gpux | --devices must be auto, gpu, or cpu and gpu:N comma separated, was gpux.",
                "run --checkpoint-steps -1 | --checkpoint-steps must be at least 0, was -1.",
                "run --layer-statistics tiny | --layer-statistics: unknown backbone size 'tiny': there are nano, cifar and paper; or none.",
            })
    void whatCannotBeDoneIsRefusedInOneSentence(String arguments, String sentence) {
        Ended ended = couplet(arguments.split(" ", -1));
        assertThat(ended.err().strip()).isEqualTo("couplet: " + sentence);
        assertThat(ended.exitCode()).isEqualTo(2);
        assertThat(ended.out()).isEmpty();
    }

    /** The tests' libtorch is the one for CPUs; whether the machine has a GPU as well is another matter. */
    @ParameterizedTest
    @ValueSource(strings = {"--devices gpu:0", "--device gpu"})
    void aGpuThatCannotBeUsedIsSaidInOneSentenceWithWhatIsMissing(String flags) {
        List<String> arguments = new ArrayList<>(List.of("run", "--data-dir", directory.toString()));
        arguments.addAll(List.of(flags.split(" ", -1)));
        Ended ended = Ended.couplet(arguments);
        assertThat(ended.err().lines().filter(line -> line.startsWith("couplet: ")))
                .singleElement()
                .asString()
                .matches(
                        "couplet: Device gpu(:0)? needs .*a libtorch for CUDA, but the libtorch here is the one for CPUs: .*");
        assertThat(ended.exitCode()).isEqualTo(2);
        assertThat(ended.out()).isEmpty();
    }

    @Test
    void aMeasurementThatIsNoneIsRefused() throws IOException {
        Path file = Files.writeString(directory.resolve("none.json"), "{}");
        Ended ended = couplet("bench", "trainer", "--against", file.toString());
        assertThat(ended.err()).contains("has no figures");
        assertThat(ended.exitCode()).isEqualTo(2);
    }
}
