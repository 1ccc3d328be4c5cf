package io.couplet.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EvaluatePoliciesCommandTest {

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it.
    Path directory;

    private static Ended policies(Object... arguments) {
        return Ended.couplet(
                Stream.concat(Stream.of("policies"), Stream.of(arguments)).toList());
    }

    private Path file(String text) throws IOException {
        return Files.writeString(directory.resolve("curves.csv"), text);
    }

    /** Three backbones, six optimizers in the same order on each, a hundred steps. */
    private Path grid() throws IOException {
        StringBuilder csv = new StringBuilder("run,backbone,optimizer,seed,step,budget,accuracy\n");
        List<String> optimizers = List.of("sgd", "adam", "adamw", "lamb", "lars", "mine");
        for (String backbone : List.of("resnet", "vgg", "deit")) {
            for (int o = 0; o < optimizers.size(); o++) {
                for (int step = 1; step <= 100; step++) {
                    csv.append(String.format(
                            Locale.ROOT,
                            "%s-%s,%s,%s,1,%d,100,%.4f%n",
                            backbone,
                            optimizers.get(o),
                            backbone,
                            optimizers.get(o),
                            step,
                            (60 + 5 * o) * (1 - Math.exp(-step / 20.0))));
                }
            }
        }
        return file(csv.toString());
    }

    @Test
    void everyRuleHasTheKeysThatScriptsRelyOn() throws IOException {
        JsonNode json = policies(grid(), "--json").json();

        assertThat(json.get("rules")).hasSize(6);
        for (JsonNode rule : json.get("rules")) {
            assertThat(rule.get("rule").isTextual()).isTrue();
            assertThat(rule.get("cohorts").asInt()).isEqualTo(18);
            for (String key : List.of("saved", "regretMean", "regretMax", "winnersKept")) {
                assertThat(rule.get(key).isNumber()).as(key).isTrue();
            }
        }
        JsonNode transfer = json.get("rules").get(0);
        assertThat(transfer.get("rule").asText()).isEqualTo("transfer");
        assertThat(transfer.get("saved").asDouble()).isBetween(0.4, 0.67);
        assertThat(transfer.get("regretMax").asDouble()).isZero();
        assertThat(transfer.get("winnersKept").asInt()).isEqualTo(18);
        assertThat(transfer.at("/calibration/forecasts").asInt()).isPositive();
        assertThat(json.get("baseline")).hasSize(14);
        assertThat(json.get("regretUnit").asText()).isEqualTo("percentage points of accuracy");
    }

    @Test
    void theTablesNameRulesBackbonesAndFamilies() throws IOException {
        Ended ended = policies(grid(), "--rule", "i-epoch:fraction=0.1", "--rule", "target:value=0.5");

        assertThat(ended.err()).isEmpty();
        assertThat(ended.out().lines())
                .contains(
                        "curves.csv: 18 runs on 3 backbones by accuracy, 6 orders of the backbones",
                        "i-epoch:fraction=0.1   73.3 %     0.000     0.000      18 of 18       0 of 90",
                        "i-epoch:fraction=0.1  deit 0.000  resnet 0.000  vgg 0.000");
        assertThat(ended.out()).contains("Wrong stops by family of optimizers", "other 18 of 18");
    }

    @Test
    void thePictureHasEveryRuleAndTheBaseline() throws IOException {
        Path picture = directory.resolve("policies.svg");
        policies(grid(), "--rule", "transfer", "--rule", "asha:factor=3", "--plot", picture);

        assertThat(Files.readString(picture))
                .startsWith("<svg ")
                .contains(">transfer</text>", ">asha:factor=3</text>", "<title>i-epoch</title>")
                .endsWith("</svg>" + System.lineSeparator());
    }

    @Test
    void runsThatDidNotComeToTheirEndAreLeftOutAndCounted() throws IOException {
        Path curves = grid();
        Files.writeString(curves, Files.readString(curves).replaceAll("(?m)^vgg-sgd,vgg,sgd,1,100,100,.*\\R", ""));

        JsonNode json = policies(curves, "--json", "--rule", "median").json();
        assertThat(json.get("runs").asInt()).isEqualTo(17);
        assertThat(json.get("leftOut").get(0).asText()).isEqualTo("vgg-sgd");
    }

    @Test
    void aRunEndsAtItsTarget() throws IOException {
        JsonNode json = policies(grid(), "--json", "--rule", "median:grace=0.9", "--target", "50")
                .json();

        assertThat(json.at("/rules/0/regretMax").asDouble()).isZero();
        assertThat(json.get("leftOut")).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "run,backbone,optimizer,accuracy;a,b,o,1|there is no column 'step'",
                "run,backbone,optimizer,step;a,b,o,1|line 1: there is no metric column: add one",
                "run,backbone,optimizer,step,accuracy;a,b,o,x,1|line 2, column 4 (step): 'x' is no step",
                "run,backbone,optimizer,step,accuracy;a,b,o,2,1;a,b,o,1,1|line 3, column 4 (step): step 1 of run a comes after its step 2 in line 2",
                "run,backbone,optimizer,step,accuracy;a,b,o,1,1;a,c,o,2,1|line 3, column 2 (backbone): 'c', but the run's first row says 'b'",
                "run,backbone,optimizer,step,accuracy;a,,o,1,1|line 2, column 2 (backbone): the field is empty",
                "run,backbone,optimizer,step,accuracy;a,b,o,1,good|line 2, column 5 (accuracy): 'good' is no number",
                "run,backbone,optimizer,step,accuracy;a,b,o,1,120|line 2: accuracy is 120.0, but an accuracy is from 0 to 1 or to 100",
                "run,backbone,optimizer,step,budget,accuracy;a,b,o,1,9,0.5|None of the 1 runs in curves.csv came to the end of its budget",
                "run,backbone,optimizer,step,fitness;a,b,o,1,0.5|--metric: say which column of curves.csv to compare by: choose among fitness",
                "run,backbone,optimizer,step,perplexity;a,b,o,1,0|line 2: perplexity is 0.0, but what is better when lower must be above 0",
            })
    void badFilesAreAnsweredInOneSentence(String text, String sentence) throws IOException {
        Ended ended = policies(file(text.replace(";", "\n") + "\n"), "--json");

        assertThat(ended.exitCode()).isEqualTo(2);
        assertThat(ended.out()).isEmpty();
        assertThat(ended.err().lines()).hasSize(1);
        assertThat(ended.err()).startsWith("couplet: ").contains(sentence).endsWith("." + System.lineSeparator());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "nonesuch|there is no stopping rule 'nonesuch': choose among",
                "asha:factor|asha:factor: 'factor' is no option: write asha:option=number",
                "asha:factor=1|asha: factor must be above 1.0, was 1.0",
                "transfer:pace=1|transfer has no option 'pace': it knows grace, risk",
                "divergence|divergence judges training losses step by step",
            })
    void badRulesAreAnsweredInOneSentence(String rule, String sentence) throws IOException {
        Ended ended = policies(grid(), "--rule", rule);

        assertThat(ended.exitCode()).isEqualTo(2);
        assertThat(ended.err().lines()).hasSize(1);
        assertThat(ended.err()).contains(sentence);
    }

    /** The issue's first table, by the command. */
    @Test
    void onRecordedCifarCurvesTransferSavesMoreThanHalfAndLosesLittle() throws IOException {
        Path data = shared("data/curves/cnn-lstm");
        Map<String, String> budgets = new LinkedHashMap<>();
        for (String line : Files.readAllLines(data.resolve("runs.csv"))) {
            String[] run = line.split(",", -1);
            if (run[2].equals("cifar10") && run[9].equals("True") && run[17].isEmpty()) {
                budgets.put(run[0], run[7]);
            }
        }
        StringBuilder csv = new StringBuilder("run,backbone,optimizer,seed,step,budget,accuracy\n");
        for (String line : Files.readAllLines(data.resolve("curves.csv"))) {
            String[] row = line.split(",", -1);
            if (budgets.containsKey(row[0])) {
                csv.append(String.join(",", row[0], row[3], row[4], row[1], row[5], budgets.get(row[0]), row[7]))
                        .append('\n');
            }
        }
        JsonNode transfer = policies(file(csv.toString()), "--json", "--rule", "transfer")
                .json()
                .at("/rules/0");

        assertThat(transfer.get("saved").asDouble()).isGreaterThanOrEqualTo(0.55);
        assertThat(transfer.get("regretMean").asDouble()).isLessThanOrEqualTo(0.3);
        assertThat(transfer.get("regretMax").asDouble()).isLessThanOrEqualTo(0.7);
    }

    private static Path shared(String folder) {
        String given = System.getProperty("couplet.shared");
        Path root = given == null ? Path.of("").toAbsolutePath() : Path.of(given);
        while (given == null && root.getParent() != null && !Files.exists(root.resolve(".mvn"))) {
            root = root.getParent();
        }
        Path path = (given == null ? root.resolveSibling("shared") : root).resolve(folder);
        assumeTrue(Files.exists(path), () -> "shared data is not here: no " + path);
        return path;
    }
}
