package io.couplet.view.report;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.couplet.schemas.Topics;
import io.couplet.schemas.avro.DataReference;
import io.couplet.schemas.avro.RunCommand;
import io.couplet.schemas.avro.RunEvent;
import io.couplet.schemas.avro.RunRequest;
import io.couplet.view.DemoLog;
import io.couplet.view.DemoRecords;
import io.couplet.view.model.RunStatus;
import io.couplet.view.model.StudySnapshot;
import io.couplet.view.model.ViewModel;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.avro.specific.SpecificRecord;
import org.junit.jupiter.api.Test;

final class StudyReportTest {

    private static final Instant MADE = Instant.parse("2026-11-23T13:00:00Z");
    private static final String HOSTILE = "<script>alert(\"1\")</script>|`=1+1'";

    private final StudySnapshot small = snapshot(DemoRecords.small());
    private final StudyReport report = StudyReport.of(small, MADE);

    @Test
    void theJsonHasTheKeysThatScriptsRelyOn() throws Exception {
        JsonNode json = new ObjectMapper().readTree(report.json());

        assertThat(names(json))
                .containsExactly(
                        "study",
                        "cells",
                        "backbones",
                        "optimizers",
                        "analysis",
                        "advice",
                        "provenance",
                        "counts",
                        "runs",
                        "decisions",
                        "stopping");
        assertThat(json.get("cells")).hasSize(12);
        assertThat(names(json.get("cells").get(0)))
                .startsWith("backbone", "optimizer", "runs", "accuracy", "coupling", "verdict", "steps", "seconds");
        assertThat(names(json.get("counts"))).contains("stepsTrained", "stepsInTopic", "deadLetters");
        assertThat(json.get("study").get("id").asText()).isEqualTo("small-3fa2c1");
        assertThat(json.get("cells").get(0).get("accuracy").asDouble()).isBetween(0.0, 1.0);
        assertThat(json.get("counts").get("stepsTrained").asLong())
                .isEqualTo(json.get("counts").get("stepsInTopic").asLong())
                .isPositive();
        assertThat(json.get("backbones")).hasSize(4);
        assertThat(json.get("optimizers")).hasSize(3);
        assertThat(json.get("runs")).hasSize(24);
        assertThat(json.get("advice").get("sentences").get(0).asText())
                .isEqualTo("At rung 4 of 4 (the whole budget), 12 of 12 cells report, each the mean of 2 seeds.");
        assertThat(json.get("provenance")
                        .get("environments")
                        .get(0)
                        .get("engine")
                        .asText())
                .startsWith("DJL");
    }

    @Test
    void stepsSavedAreWhatStoppedRunsHadLeftOfTheirBudgetsByRule() {
        long left = small.cells().stream()
                .flatMap(cell -> cell.runs().stream())
                .filter(run -> run.status() == RunStatus.STOPPED || run.status() == RunStatus.DIVERGED)
                .mapToLong(run -> run.budgetSteps() - run.step())
                .sum();
        long budget = small.cells().stream()
                .flatMap(cell -> cell.runs().stream())
                .mapToLong(run -> run.budgetSteps())
                .sum();

        assertThat(left).isPositive();
        assertThat(report.stopping().steps()).isEqualTo(left);
        assertThat(report.stopping().share()).isEqualTo((double) left / budget);
        assertThat(report.stopping().rules()).extracting(StepsSaved.Rule::rule).containsExactly("divergence");
        assertThat(report.markdown()).contains("## Steps saved by stopping early", "| divergence | ");
    }

    @Test
    void aStopBeforeAHundredLaterDecisionsIsInTheReportUnderItsRule() {
        DemoLog log = DemoLog.of(DemoRecords.small());
        RunCommand stop = log.entries().stream()
                .map(DemoLog.Entry::record)
                .filter(RunCommand.class::isInstance)
                .map(RunCommand.class::cast)
                .findFirst()
                .orElseThrow();
        for (int i = 0; i < 150; i++) {
            log.append(
                    Topics.RUN_COMMANDS.name(),
                    RunCommand.newBuilder(stop)
                            .setCommandId("later-" + i)
                            .setShadow(true)
                            .setTimeMillis(stop.getTimeMillis() + 1000 + i)
                            .build());
        }
        StudyReport all =
                StudyReport.of(Objects.requireNonNull(log.into(new ViewModel()).snapshot("small-3fa2c1")), MADE);

        assertThat(all.decisions()).hasSize(151);
        assertThat(all.stopping()).isEqualTo(report.stopping());
    }

    @Test
    void theCommandToRepeatItTakesAnyPathAsOneWord() {
        DemoLog log = new DemoLog();
        DemoRecords.write(
                DemoRecords.small(),
                (topic, record) -> log.append(
                        topic,
                        record instanceof RunRequest request
                                ? RunRequest.newBuilder(request)
                                        .setData(DataReference.newBuilder(request.getData())
                                                .setPath("/data/Ada's images; rm x")
                                                .build())
                                        .build()
                                : record));
        StudyReport quoted =
                StudyReport.of(Objects.requireNonNull(log.into(new ViewModel()).snapshot("small-3fa2c1")), MADE);

        assertThat(quoted.repeatCommand())
                .isEqualTo("couplet run [STUDY] --data '/data/Ada'\\''s images; rm x' --data-dir NEW-DIRECTORY");
        assertThat(quoted.markdown()).contains(quoted.repeatCommand());
    }

    @Test
    void aScoreThatIsMissingIsNullWithItsReasonAndNeverMadeUp() throws Exception {
        StudySnapshot waiting = snapshot(
                new DemoRecords.Shape("waiting", List.of("vgg", "resnet"), List.of("sgd", "adamw"), 1, 20, 2, 0, 1));
        StudyReport early = StudyReport.of(waiting, MADE);

        JsonNode cell = new ObjectMapper().readTree(early.json()).get("cells").get(0);
        assertThat(cell.get("accuracy").isNull()).isTrue();
        assertThat(cell.get("coupling").isNull()).isTrue();
        assertThat(cell.get("reason").asText()).isEqualTo("no scores have been computed for this study");
        assertThat(early.html()).contains("No advice yet");
        assertThat(GridTable.render(waiting, 80)).contains("No advice yet").contains("running");
    }

    @Test
    void theTerminalTableIsAlignedAndWhole() {
        assertThat(GridTable.render(small, 100)).isEqualTo("""
                        Study small-3fa2c1: 24 of 24 runs ended, rung 4, 12 of 12 cells

                        Top-1 accuracy in %, and coupling in percentage points

                                      vgg       resnet         deit     convnext
                        sgd    54.2  +7.1*  54.6  +6.8*  35.4  −3.0   24.1 −11.0x
                        adamw  47.0  −2.9   48.2  −2.4   40.1  −1.1   44.4  +6.5*
                        lion   44.8  −4.2   45.4  −4.4   44.5  +4.1*  41.6  +4.5
                        * cannot be told apart from its backbone's best
                        x diverged, counted as chance level

                        At rung 4 of 4 (the whole budget), 12 of 12 cells report, each the mean of 2 seeds.
                        One optimizer for all 4 backbones: adamw. At worst it gives away 7.2 points against the best one.
                        vgg: sgd (54.2 ± 0.6 %), ahead of all others.
                        resnet: sgd (54.6 ± 0.6 %), ahead of all others.
                        deit: lion (44.5 ± 0.6 %), ahead of all others.
                        convnext: adamw (44.4 ± 0.6 %), ahead of all others.
                        Of the differences in accuracy, 41 % (35 to 46) lie with the backbone, 22 % (18 to 27) with the
                          optimizer, and 37 % (29 to 42) with how the two couple; in brackets 95 % intervals without the
                          cells' own errors.
                        That is more coupling than chance would give (p < 0.001).
                        The most coupled backbone is convnext (mean absolute residual 7.3 points); the most general
                          optimizer is adamw (3.2 points).
                        convnext with sgd does 11.0 points worse than the two alone would lead one to expect (95 % interval
                          −12.1 to −9.8); it diverged.
                        vgg with sgd does 7.1 points better than the two alone would lead one to expect (95 % interval +6.0
                          to +8.3).
                        resnet with sgd does 6.8 points better than the two alone would lead one to expect (95 % interval
                          +5.7 to +8.0).
                        Least device time: vgg with sgd, 54.2 % in 3.6 s of device time. Highest accuracy: resnet with sgd,
                          54.6 % in 4.6 s.
                        """);
    }

    @Test
    void aNarrowTerminalGetsTheBackbonesInBlocks() {
        String table = GridTable.render(small, 50);

        assertThat(table.lines().filter(line -> line.startsWith("adamw "))).hasSize(2);
        assertThat(table.lines()).allMatch(line -> line.length() <= 66);
    }

    @Test
    void whatARecordHoldsIsTextInEveryFormat() {
        DemoLog log = new DemoLog();
        DemoRecords.write(DemoRecords.small(), (topic, record) -> log.append(topic, hostile(record)));
        StudySnapshot snapshot =
                Objects.requireNonNull(log.into(new ViewModel()).snapshot("small-3fa2c1"));
        StudyReport hostile = StudyReport.of(snapshot, MADE);

        assertThat(hostile.html())
                .contains("&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;")
                .doesNotContain("<script");
        assertThat(hostile.markdown()).doesNotContain("<script").contains("\\|\\`=1+1");
        assertThat(hostile.json()).contains("<script>alert(\\\"1\\\")");
    }

    @Test
    void ofAStudyThatNobodyAskedForTheNumberOfRungsIsKnownByTheirShares() {
        DemoLog log = new DemoLog();
        DemoRecords.write(DemoRecords.small(), (topic, record) -> {
            if (!(record instanceof RunRequest)) {
                log.append(topic, record);
            }
        });
        StudySnapshot followed =
                Objects.requireNonNull(log.into(new ViewModel()).snapshot("small-3fa2c1"));

        assertThat(followed.settings()).isNull();
        assertThat(StudyReport.of(followed, MADE).markdown()).contains("rung 4 of 4, the whole budget");
    }

    @Test
    void theHtmlFileNeedsNothingElse() {
        assertThat(report.html())
                .startsWith("<!doctype html>")
                .doesNotContain("http://", "https://", "src=", "href=", "@import", "url(")
                .contains("One optimizer for all 4 backbones", "SHA-256", "To repeat");
    }

    @Test
    void theCsvHasARowPerCellAndAsManyFieldsAsTheHeader() {
        List<String> lines = report.csv().lines().toList();

        assertThat(lines).hasSize(13);
        assertThat(lines.get(0)).startsWith("backbone,optimizer,runs,accuracy,coupling,verdict,steps,seconds,");
        int fields = lines.get(0).split(",", -1).length;
        assertThat(lines).allSatisfy(line -> assertThat(line.split(",", -1)).hasSize(fields));
    }

    @Test
    void theMarkdownTablesHaveTheSameColumnsInEveryRow() {
        Matcher rows = Pattern.compile("(?m)^\\|.*\\|$").matcher(report.markdown());
        List<String> found = new ArrayList<>();
        while (rows.find()) {
            found.add(rows.group());
        }
        assertThat(found).hasSizeGreaterThan(40);
        assertThat(report.markdown()).contains("## Advice", "## Accuracy, %", "## Provenance");
    }

    private static SpecificRecord hostile(SpecificRecord record) {
        if (record instanceof RunRequest request) {
            return RunRequest.newBuilder(request).setStudyName(HOSTILE).build();
        }
        if (record instanceof RunEvent event && event.getReason() != null) {
            return RunEvent.newBuilder(event).setReason(HOSTILE).build();
        }
        return record;
    }

    private static StudySnapshot snapshot(DemoRecords.Shape shape) {
        return Objects.requireNonNull(DemoLog.of(shape).into(new ViewModel()).snapshot(shape.studyId()));
    }

    private static List<String> names(JsonNode node) {
        List<String> names = new ArrayList<>();
        node.fieldNames().forEachRemaining(names::add);
        return names;
    }
}
