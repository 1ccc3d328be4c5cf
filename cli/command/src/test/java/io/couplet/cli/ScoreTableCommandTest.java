package io.couplet.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ScoreTableCommandTest {

    private static final String SMALL = """
            optimizer,optimizer_group,resnet,vgg,deit
            sgd,fixed,80.5,70,50
            sgd,fixed,81.5,71,52
            adam,adaptive,75,66,61
            adam,adaptive,76,66.5,60
            lion,fixed,diverged,60,
            """;

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it.
    Path directory;

    private static Ended score(Object... arguments) {
        return Ended.couplet(
                Stream.concat(Stream.of("score"), Stream.of(arguments)).toList());
    }

    private Path file(String name, String text) throws IOException {
        return Files.writeString(directory.resolve(name), text);
    }

    @Test
    void thePapersTableGivesTheSharesOfTheDesignAndTheOverallRanking() throws IOException {
        Path data = shared("data/bocb-paper");
        JsonNode json = score(
                        data.resolve("table1_cifar100_top1.csv"),
                        "--json",
                        "--ranks",
                        data.resolve("table4_optimizer_rankings.csv"))
                .json();
        assertThat(json.at("/shares/backbone").asDouble()).isCloseTo(0.386, within(5e-4));
        assertThat(json.at("/shares/optimizer").asDouble()).isCloseTo(0.216, within(5e-4));
        assertThat(json.at("/shares/interaction").asDouble()).isCloseTo(0.397, within(5e-4));
        assertThat(json.get("backbones")).hasSize(20);
        assertThat(json.get("cells")).hasSize(400);
        JsonNode convnext = named(json.get("backbones"), "CNX-T");
        assertThat(convnext.get("coupling").asDouble()).isCloseTo(4.49, within(0.005));
        assertThat(convnext.fieldNames())
                .toIterable()
                .contains("printedMean", "printedStd", "printedRange", "failures");
        assertThat(named(json.get("optimizers"), "LAMB").get("overallRank").asDouble())
                .isEqualTo(1);
        assertThat(named(json.get("optimizers"), "LARS").get("overallRank").asDouble())
                .isEqualTo(20);
        assertThat(json.at("/cells/0/value").asDouble()).isEqualTo(66.76);
        assertThat(json.get("contrasts")).isNotEmpty();
    }

    @Test
    void severalRowsOfAnOptimizerAreItsSeedsAndADivergedRunCountsAsChance() throws IOException {
        JsonNode json = score(file("t.csv", SMALL), "--json", "--chance", "1").json();
        assertThat(json.at("/coverage/cells").asInt()).isEqualTo(8);
        assertThat(json.at("/coverage/expected").asInt()).isEqualTo(9);
        assertThat(json.at("/coverage/diverged").asInt()).isEqualTo(1);
        assertThat(json.at("/coverage/seeds").asInt()).isEqualTo(2);
        assertThat(json.at("/interactionTest/test").asText()).isEqualTo("seeds");
        JsonNode diverged = cell(json, "resnet", "lion");
        assertThat(diverged.get("value").asDouble()).isEqualTo(1);
        assertThat(diverged.get("diverged").asBoolean()).isTrue();
        assertThat(cell(json, "resnet", "sgd").get("value").asDouble()).isEqualTo(81);
        assertThat(cell(json, "resnet", "sgd").get("interval")).hasSize(2);
        assertThat(named(json.get("optimizers"), "sgd").get("family").asText()).isEqualTo("fixed");
    }

    @Test
    void fractionsGiveTheSamePointsAsPercents() throws IOException {
        String percents = "o,a,b,c\nx,10,20,30.5\ny,50,40,60\nz,30,35,20\n";
        String fractions = "o,a,b,c\nx,.1,.2,.305\ny,.5,.4,.6\nz,.3,.35,.2\n";
        JsonNode percent = score(file("p.csv", percents), "--json").json();
        JsonNode fraction = score(file("f.csv", fractions), "--json").json();
        assertThat(fraction.get("unit").asText()).isEqualTo("fraction");
        assertThat(fraction.get("cells")).isEqualTo(percent.get("cells"));
        assertThat(fraction.get("shares")).isEqualTo(percent.get("shares"));
        JsonNode tiny = score(file("t.csv", "o,a,b\nx,.9,.8\ny,.7,.5\n"), "--unit", "percent", "--json")
                .json();
        assertThat(tiny.at("/cells/0/value").asDouble()).isEqualTo(0.9);
    }

    @Test
    void filesBesideTheTableGiveFamiliesCostsAndTargets() throws IOException {
        Path table = file("t.csv", SMALL);
        Path families = file("families.csv", "name,family\nresnet,cnn\nvgg,cnn\ndeit,transformer\nlion,sign\nswin,x\n");
        Path seconds = file("s.csv", "optimizer,resnet,vgg,deit\nsgd,10,20,30\nadam,12,24,30\n");
        Path target = file("g.csv", "optimizer,resnet,vgg,deit\nsgd,100,200,\nadam,200,300,150\n");
        JsonNode json = score(
                        table,
                        "--json",
                        "--chance",
                        1,
                        "--families",
                        families,
                        "--seconds",
                        seconds,
                        "--to-target",
                        target,
                        "--backbones",
                        "deit,vgg")
                .json();
        assertThat(json.get("contrasts")).hasSize(6);
        assertThat(json.at("/advice/pareto")).isNotEmpty();
        assertThat(named(json.get("optimizers"), "sgd").get("costRank").asDouble())
                .isEqualTo(1);
        assertThat(json.at("/advice/minimax/backbones").asInt()).isEqualTo(2);
        assertThat(json.at("/profiles/optimizers/0/algoPerf").asDouble()).isCloseTo(2 / 3.0, within(1e-9));
        assertThat(json.at("/profiles/optimizers/2/algoPerf").asDouble()).isZero();
    }

    @Test
    void peopleGetTables() throws IOException {
        Ended ended = score(file("t.csv", SMALL), "--chance", "1");
        assertThat(ended.exitCode()).isZero();
        assertThat(ended.out())
                .contains(
                        "t.csv: 3 backbones, 3 optimizers, 8 of 9 cells, up to 2 seeds a cell, 1 diverged and count as chance level",
                        "Shares of variance",
                        "Interaction against the differences between seeds: F(3, 6)",
                        "Strongest couplings",
                        "One optimizer for 3 backbones: ");
        assertThat(ended.out()).doesNotContain("NaN");
    }

    @Test
    void aByteOrderMarkAndWindowsLineEndsArePassedOver() throws IOException {
        Path path = directory.resolve("bom.csv");
        Files.write(path, "\uFEFFoptimizer,a,b\r\nx,10,20\r\ny,30,45\r\n\r\n".getBytes(StandardCharsets.UTF_8));
        assertThat(score(path, "--json").json().get("cells")).hasSize(4);
    }

    @Test
    void aTableOfEmptyCellsIsTooFew() throws IOException {
        JsonNode json = score(file("t.csv", "o,a,b\nx,,\ny,,\n"), "--json").json();
        assertThat(json.get("tooFew").asText()).contains("0 and 0 report");
        assertThat(json.at("/shares/interaction").isNull()).isTrue();
        assertThat(score(file("t.csv", "o,a,b\nx,,\ny,,\n")).out()).contains("Too few: ");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "o,a,b~x,1,2~y,3|t.csv, line 3, column 2: the row has 2 fields, the first line 3: put a comma for every cell that is empty.",
                "o,a,b~x,1,2~y,3,4,5|t.csv, line 3, column 4: the row has 4 fields, the first line 3: take out what is too much, and write numbers with a decimal point.",
                "o,a,b~x,1,2~y,3,abc|t.csv, line 3, column 3 (b): 'abc' is no number: write an accuracy, 'diverged' for a run that diverged, or leave the cell empty.",
                "o,a,a~x,1,2~y,3,4|t.csv, line 1, column 3: 'a' is the name of column 2 too: rename one of them.",
                "o;a;b~x;1;2~y;3;4|t.csv, line 1, column 1: columns are separated by semicolons: separate them by commas, and write numbers with a decimal point.",
                "o,a,b~x,66.76%,2~y,3,4|t.csv, line 2, column 2 (a): '66.76%' has a percent sign: write 66.76.",
                "o,a~x,1|t.csv, line 2, column 2: the table ends with 1 optimizer and 1 backbone: give at least 2 rows of optimizers and 2 columns of backbones.",
                "o,a,b~x,10,120~y,3,4|t.csv, line 2, column 3 (b): 120 is no accuracy: as a percent it must be from 0 to 100.",
                "o,a,b~x,10,-1~y,3,4|t.csv, line 2, column 3 (b): -1 is no accuracy: as a percent it must be from 0 to 100.",
                "1,2,3~4,5,6~7,8,9|t.csv, line 1, column 2: the first line holds numbers: name the backbones there.",
                "o,a,b~,1,2~y,3,4|t.csv, line 2, column 1 (o): the row has no name: write it in the first column.",
                "o,a,b~x,10,diverged~y,3,4|t.csv has runs that diverged: give the accuracy of guessing with --chance (1 with 100 classes).",
                "o,a,b~x,10,\"4~y,3,4|t.csv, line 2, column 3: a quotation mark is not closed: close it on the same line, or leave it out.",
                "~|t.csv is empty: its first line must name the columns, each further line is a row.",
            })
    void whatIsWrongWithATableIsSaidWithLineColumnAndFix(String table, String sentence) throws IOException {
        Ended ended = score(file("t.csv", table.replace('~', '\n')));
        assertThat(ended.err().strip()).isEqualTo("couplet: " + sentence);
        assertThat(ended.exitCode()).isEqualTo(2);
        assertThat(ended.out()).isEmpty();
    }

    @Test
    void aFileThatIsNotThereOrNoTextIsRefused() throws IOException {
        Path none = directory.resolve("none.csv");
        assertThat(score(none).err().strip())
                .isEqualTo("couplet: There is no file " + none + " that can be read: check the path.");
        Path bytes = Files.write(directory.resolve("latin.csv"), new byte[] {'o', (byte) 0xFF, ',', 'a'});
        assertThat(score(bytes).err().strip())
                .isEqualTo("couplet: latin.csv is not UTF-8 text: save it as CSV in UTF-8.");
        assertThat(score(bytes).exitCode()).isEqualTo(2);
    }

    @Test
    void anUnknownBackboneIsAnsweredWithTheColumns() throws IOException {
        Ended ended = score(file("t.csv", SMALL), "--chance", "1", "--backbones", "resnt");
        assertThat(ended.err().strip())
                .isEqualTo("couplet: --backbones: 'resnt' is no column of t.csv: choose among resnet, vgg, deit.");
        assertThat(ended.exitCode()).isEqualTo(2);
    }

    private static JsonNode named(JsonNode list, String name) {
        for (JsonNode each : list) {
            if (each.get("name").asText().equals(name)) {
                return each;
            }
        }
        throw new AssertionError("no " + name + " in " + list);
    }

    private static JsonNode cell(JsonNode json, String backbone, String optimizer) {
        for (JsonNode each : json.get("cells")) {
            if (each.get("backbone").asText().equals(backbone)
                    && each.get("optimizer").asText().equals(optimizer)) {
                return each;
            }
        }
        throw new AssertionError("no cell " + backbone + " with " + optimizer);
    }

    /** A folder of the project's shared data; the test is skipped where it is not there. */
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
