package io.couplet.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.couplet.schemas.avro.RunEventKind;
import io.couplet.view.model.StudySnapshot;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import org.junit.jupiter.api.Test;

class RunProgressTest {

    private final StringWriter written = new StringWriter();
    private final PrintWriter out = new PrintWriter(written);

    @Test
    void linesThatAreWrittenOverFitTheTerminalAndAreAsManyAsAreErased() {
        StudySnapshot study =
                new MadeStudy().requested().event(RunEventKind.STARTED, 20).snapshot();
        RunProgress progress = new RunProgress(out, true, () -> 50);

        progress.show(study, 10_000);
        List<String> lines = written.toString().lines().toList();
        assertThat(lines).hasSize(18).allSatisfy(line -> assertThat(line).hasSizeLessThan(50));
        assertThat(lines.get(0)).startsWith("0 of 32 runs ended, 20 under way");
        assertThat(lines.get(1)).startsWith("  vgg × sgd  s0");
        assertThat(lines.get(17)).isEqualTo("  and 4 more");

        written.getBuffer().setLength(0);
        progress.show(study, 10_250);
        assertThat(written.toString()).startsWith("\u001b[18A\u001b[J0 of 32");
    }

    @Test
    void aForeignRunBeyondItsBudgetHasAFullBar() {
        RunProgress progress = new RunProgress(out, false, () -> 200);
        progress.show(
                new MadeStudy()
                        .requested()
                        .event(RunEventKind.RESUMED, 1, 1_000_000)
                        .snapshot(),
                10_000);
        assertThat(written.toString()).contains("[" + "#".repeat(20) + "] 1000000/");
    }

    @Test
    void whatARecordSaysMovesNoCursorAndMakesNoLine() {
        RunProgress progress = new RunProgress(out, true, () -> 200);
        progress.show(
                new MadeStudy()
                        .requested()
                        .event(RunEventKind.FAILED, 1, 3, "x\u001b]52;c;cm0gLXJm\u0007\nReport: /evil")
                        .snapshot(),
                10_000);
        assertThat(written.toString().lines().toList().get(0))
                .startsWith("failed ")
                .endsWith("  x?]52;c;cm0gLXJm??Report: /evil");
    }

    @Test
    void withoutATerminalNothingIsCutOrWrittenOver() {
        RunProgress progress = new RunProgress(out, false, () -> 20);
        progress.show(
                new MadeStudy().requested().event(RunEventKind.STARTED, 20).snapshot(), 10_000);
        assertThat(written.toString().lines()).hasSize(21);
        progress.erase();
        assertThat(written.toString()).doesNotContain("\u001b");
    }
}
