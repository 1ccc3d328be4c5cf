package io.couplet.producers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.couplet.producers.RecordedCurves.Column;
import io.couplet.schemas.Topic;
import io.couplet.schemas.Topics;
import io.couplet.schemas.avro.Evaluation;
import io.couplet.schemas.avro.RunEvent;
import io.couplet.schemas.avro.RunEventKind;
import io.couplet.schemas.avro.StepMetrics;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPOutputStream;
import org.apache.avro.specific.SpecificRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RecordedCurvesTest {

    private static final String SMALL = """
            run,backbone,optimizer,seed,step,budget,seconds,loss,learning_rate,top1,note
            a,resnet,sgd,1,1,4,0.5,2.3,0.1,,x
            b,vit b/16,adam w,2,1,4,0.2,nan,0.1,,x
            a,resnet,sgd,1,2,4,1.0,2.1,0.1,41.5,x
            b,vit b/16,adam w,2,2,4,0.4,,,,x
            a,resnet,sgd,1,4,4,2.0,1.9,0.01,62,x
            """;

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it.
    Path directory;

    private Path file(String name, String text) throws IOException {
        return Files.writeString(directory.resolve(name), text);
    }

    private RecordedCurves read(String text) throws IOException, CurvesException {
        return RecordedCurves.read(file("c.csv", text), Map.of(), null);
    }

    private static CurvesReplay replay(RecordedCurves curves) throws CurvesException {
        return new CurvesReplay(
                curves, new CurvesReplay.Settings("my curves", 1_000, 0, "step", List.of(3), 10, 100, 0.6, null));
    }

    /** A record as it was handed over. */
    private record Taken(String topic, String runId, SpecificRecord value, double seconds) {}

    private static List<Taken> records(CurvesReplay replay) throws CurvesException, InterruptedException {
        List<Taken> records = new ArrayList<>();
        replay.replay(new CurvesReplay.Recipient() {
            @Override
            public <T extends SpecificRecord> void take(Topic<T> topic, String runId, T record, double seconds) {
                records.add(new Taken(topic.name(), runId, record, seconds));
            }
        });
        return records;
    }

    @Test
    void theFirstStepOfALongBudgetIsNoRungAtNothing() {
        assertThat(RecordedCurves.fraction(1, 4_000_000)).isEqualTo(1e-6);
        assertThat(RecordedCurves.fraction(1, 3)).isEqualTo(0.333333);
        assertThat(RecordedCurves.fraction(7, 7)).isEqualTo(1);
    }

    @Test
    void stepsEvaluationsAndEventsComeInTheOrderOfTimeWithIdsOfTheirOwn() throws Exception {
        RecordedCurves curves = read(SMALL);
        assertThat(curves.rows()).isEqualTo(5);
        assertThat(curves.rowsWithoutMetric()).isEqualTo(1);
        CurvesReplay replay = replay(curves);
        List<Taken> records = records(replay);
        assertThat(records).extracting(Taken::seconds).isSortedAccordingTo(Double::compare);
        assertThat(replay.runIds().get(1)).startsWith(replay.studyId() + ".vit-b-16.adam-w.s2.");
        List<StepMetrics> steps = of(records, Topics.STEP_METRICS.name(), StepMetrics.class);
        assertThat(steps)
                .hasSize(4)
                .extracting(StepMetrics::getTimeMillis)
                .containsExactly(1_200L, 1_500L, 2_000L, 3_000L);
        assertThat(steps.get(0).getLoss()).isNaN();
        assertThat(steps.get(3).getLearningRate()).isEqualTo(0.01);
        assertThat(steps.get(3).getGradientNorm()).isNaN();
        List<Evaluation> evaluations = of(records, Topics.EVALUATIONS.name(), Evaluation.class);
        assertThat(evaluations).extracting(Evaluation::getTop1).containsExactly(0.415, 0.62);
        assertThat(evaluations).extracting(Evaluation::getRung).containsExactly(1, 2);
        assertThat(evaluations).extracting(Evaluation::getFraction).containsExactly(0.5, 1.0);
        assertThat(evaluations).extracting(Evaluation::getTargetTop1).containsOnly(0.6);
        List<RunEvent> events = of(records, Topics.RUN_EVENTS.name(), RunEvent.class);
        assertThat(events)
                .extracting(RunEvent::getKind)
                .containsExactly(
                        RunEventKind.STARTED, RunEventKind.STARTED, RunEventKind.STOPPED, RunEventKind.COMPLETED);
        assertThat(events.get(0).getSchedule()).isEqualTo("step");
        assertThat(events.get(0).getLearningRateDrops()).containsExactly(3);
        assertThat(events.get(2).getReason()).isEqualTo("The recorded curve ends at step 2 of 4.");
    }

    private static <T> List<T> of(List<Taken> records, String topic, Class<T> type) {
        return records.stream()
                .filter(taken -> taken.topic().equals(topic))
                .map(taken -> type.cast(taken.value()))
                .toList();
    }

    @Test
    void theSameFileGivesTheSameRecordsAlsoCompressed() throws Exception {
        Path gzipped = directory.resolve("c.csv.gz");
        try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(gzipped))) {
            out.write(SMALL.getBytes(StandardCharsets.UTF_8));
        }
        assertThat(records(replay(RecordedCurves.read(gzipped, Map.of(), null))))
                .hasToString(records(replay(read(SMALL))).toString());
    }

    @Test
    void columnsMayHaveOtherNamesAndBudgetAndSecondsMayBeMissing() throws Exception {
        RecordedCurves curves = RecordedCurves.read(
                file(
                        "m.csv",
                        "\uFEFFid,model,optimizer,step,\"train, loss\"\nx,vgg,sgd,10,1\n\nx,vgg,sgd,20,\"0.5\"\n"),
                Map.of(Column.RUN, "id", Column.BACKBONE, "model", Column.LOSS, "train, loss"),
                null);
        assertThat(curves.runs()).singleElement().satisfies(run -> {
            assertThat(run.budgetSteps()).isEqualTo(20);
            assertThat(run.seed()).isZero();
            assertThat(run.rows().get(1).get(Column.LOSS)).isEqualTo(0.5);
        });
        assertThat(records(replay(curves))).extracting(Taken::seconds).containsExactly(0.0, 10.0, 20.0, 20.0);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            run,backbone,step\\na,b,1 | c.csv, line 1: there is no column optimizer among run, backbone, step: name it with --column, e.g. --column run=run.
            run;backbone;optimizer | c.csv, line 1: the columns are not separated by commas: separate them by commas, and write numbers with a decimal point.
            run,backbone,optimizer,step\\na,b,c,1 | c.csv, line 1: there is no column loss or top1, so nothing to replay: name one with --column, e.g. --column loss=step.
            run,backbone,optimizer,step,loss | c.csv has no rows: its first line names the columns, each further line is a step of a run.
            run,backbone,optimizer,step,loss\\na,b,c,0,1 | c.csv, line 2: step must be a whole number from 1 to 2147483647, was '0'.
            run,backbone,optimizer,step,loss\\na,b,c,1,x | c.csv, line 2: loss must be a number, nan or inf, or empty, was 'x'.
            run,backbone,optimizer,step,loss\\na,b,c,1 | c.csv, line 2: the row has 4 fields, the first line 5: put a comma for every cell that is empty, and write numbers with a decimal point.
            run,backbone,optimizer,step,loss\\na,b,c,2,1\\na,b,c,2,1 | c.csv, line 3: step 2 of run a comes after its step 2: sort the file by step, and keep one row a step.
            run,backbone,optimizer,step,loss\\na,b,c,1,1\\na,b,d,2,1 | c.csv, line 3: run a was b with c, seed 0 before and is b with d, seed 0 here: a run has one of each, so give each its own name in run.
            run,backbone,optimizer,step,loss,budget\\na,b,c,5,1,4 | c.csv: run a goes beyond its budget of 4 steps: correct the budget, or leave the column out.
            run,backbone,optimizer,step,top1\\na,b,c,5,-3 | c.csv: top1 of run a at step 5 is -3.0, no accuracy in fractions: correct it, or say --unit percent.
            run,backbone,optimizer,step,loss\\n,b,c,5,1 | c.csv, line 2: run is empty: every row needs one.
            run,backbone,optimizer,step,loss\\n"a,b,c,5,1 | c.csv, line 2: a quotation mark is not closed: close it on the same line, or leave it out.
            """)
    void whatIsWrongWithAFileIsSaidInOneSentenceWithTheFix(String text, String sentence) {
        assertThatThrownBy(() -> read(text.replace("\\n", "\n")))
                .isInstanceOf(CurvesException.class)
                .hasMessage(sentence);
    }

    @Test
    void aFileThatIsNotThereAFolderAndOneThatIsNoTextAreNamed() throws IOException {
        assertThatThrownBy(() -> RecordedCurves.read(directory.resolve("no.csv"), Map.of(), null))
                .hasMessage("There is no file " + directory.resolve("no.csv") + " that can be read: check the path.");
        assertThatThrownBy(() -> RecordedCurves.read(directory, Map.of(), null))
                .hasMessage(directory + " is a folder: give a CSV file.");
        Path binary = Files.write(directory.resolve("b.csv"), new byte[] {(byte) 0xff, (byte) 0xfe, 0});
        assertThatThrownBy(() -> RecordedCurves.read(binary, Map.of(), null))
                .hasMessage("b.csv is not UTF-8 text: save it as CSV in UTF-8.");
        Path plain = file("p.csv.gz", "run");
        assertThatThrownBy(() -> RecordedCurves.read(plain, Map.of(), null))
                .hasMessage("p.csv.gz ends with .gz but is not compressed with gzip: rename it.");
        Path cut = directory.resolve("cut.csv.gz");
        try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(cut))) {
            out.write("run,backbone,optimizer,step,loss\n".getBytes(StandardCharsets.UTF_8));
            for (int step = 1; step < 5_000; step++) {
                out.write(("a,vgg,sgd," + step + "," + Math.sin(step) + "\n").getBytes(StandardCharsets.UTF_8));
            }
        }
        Files.write(cut, Arrays.copyOf(Files.readAllBytes(cut), (int) Files.size(cut) / 2));
        assertThatThrownBy(() -> RecordedCurves.read(cut, Map.of(), null))
                .hasMessage("cut.csv.gz is cut short: its compressed data has no end, so copy it once more.");
    }
}
