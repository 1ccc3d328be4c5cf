package io.couplet.cli.watch;

import static org.assertj.core.api.Assertions.assertThat;

import io.couplet.schemas.Topics;
import io.couplet.schemas.avro.RunEvent;
import io.couplet.schemas.avro.RunEventKind;
import io.couplet.schemas.avro.RunRequest;
import io.couplet.schemas.avro.StepMetrics;
import io.couplet.schemas.study.Budget;
import io.couplet.schemas.study.StudySpecification;
import io.couplet.view.model.CurveSketch;
import io.couplet.view.model.StudySnapshot;
import io.couplet.view.model.ViewModel;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.LongStream;
import org.apache.avro.specific.SpecificRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is on the terminal. */
class WatchScreenTest {

    private static final Style PLAIN = new Style(true, false);

    private final ViewModel model = new ViewModel();
    private final Map<String, Long> offsets = new HashMap<>();
    private String studyId = "";

    @Test
    void withoutAStudyItSaysHowToStartOne() {
        assertThat(WatchScreen.of(null, List.of(), 90, 24, PLAIN, 0))
                .containsExactly(
                        "No study to show yet: start one with `couplet run`, or wait for its first record.",
                        "q quits.");
    }

    @Test
    void runningRunsComeFirstThenEndedThenWaiting() {
        study(1, 3, 1);
        List<String> lines = screen(100, 24, PLAIN, 0);
        assertThat(lines).hasSize(24);
        assertThat(lines.get(1)).isEqualTo("1 running  12 waiting  3 completed  device 0:06");
        assertThat(lines.get(2)).startsWith("state     pairing");
        assertThat(lines.get(3)).startsWith("running ").contains(" 50 %", "20/40", "█", "▁");
        assertThat(lines.subList(4, 7))
                .allSatisfy(line -> assertThat(line).startsWith("completed ").contains("100 %"));
        assertThat(lines.subList(7, 19)).allSatisfy(line -> assertThat(line).startsWith("waiting "));
        assertThat(lines.get(23)).isEqualTo("q quits");
    }

    @Test
    void aPausedRunIsCounted() {
        study(1, 3, 1);
        RunRequest request = StudySpecification.defaults()
                .withName("watched")
                .withBudget(new Budget(40, 16))
                .requests(1_000)
                .get(3);
        apply(
                Topics.RUN_EVENTS.name(),
                RunEvent.newBuilder(event(request, RunEventKind.STOPPED, 20))
                        .setPaused(true)
                        .build());
        assertThat(screen(100, 24, PLAIN, 0).get(1)).isEqualTo("12 waiting  3 completed  1 paused  device 0:07");
    }

    @ParameterizedTest
    @CsvSource({"80,24", "120,40", "40,12", "20,5", "200,100"})
    void itNeverIsLargerThanTheTerminal(int width, int height) {
        study(19, 200, 4);
        for (int scrolled : new int[] {0, 17, 1_000_000}) {
            List<String> lines = screen(width, height, PLAIN, scrolled);
            assertThat(lines)
                    .hasSizeLessThanOrEqualTo(height)
                    .allSatisfy(line -> assertThat(line.length()).as(line).isLessThanOrEqualTo(Math.max(width, 36)));
        }
    }

    @Test
    void whatDoesNotFitIsCounted() {
        study(19, 200, 4);
        List<String> lines = screen(120, 24, PLAIN, 0);
        assertThat(lines.get(23)).isEqualTo("q quits  ↑↓ scroll  284 more: 184 completed, 100 waiting");
        assertThat(WatchScreen.mostScrolled(model.snapshot(studyId), 24)).isEqualTo(284);
        assertThat(screen(120, 24, PLAIN, 284).get(22)).startsWith("waiting ");
    }

    @Test
    void asciiIsAsciiAndWithoutColoursThereIsNoEscape() {
        study(1, 3, 1);
        assertThat(String.join("\n", screen(100, 24, new Style(false, false), 0)))
                .matches("[\\x20-\\x7e\\n]*");
        assertThat(String.join("\n", screen(100, 24, PLAIN, 0))).doesNotContain("\u001b");
        assertThat(String.join("\n", screen(100, 24, new Style(true, true), 0))).contains("\u001b[32mrunning");
    }

    @Test
    void theEnvironmentDecides() {
        assertThat(Style.of(Map.of("LANG", "en_GB.UTF-8", "TERM", "xterm"), false))
                .isEqualTo(new Style(true, true));
        assertThat(Style.of(Map.of("LANG", "en_GB.UTF-8", "TERM", "xterm", "NO_COLOR", "1"), false))
                .isEqualTo(new Style(true, false));
        assertThat(Style.of(Map.of("LANG", "en_GB.UTF-8", "LC_ALL", "C", "TERM", "xterm"), false))
                .isEqualTo(new Style(false, true));
        assertThat(Style.of(Map.of("LANG", "C.UTF-8", "TERM", "dumb"), true)).isEqualTo(new Style(false, false));
    }

    @Test
    void aSparklineIsAsHighAsItsValuesAndMarksWhatIsNoNumber() {
        assertThat(Sparkline.of(new double[] {4, 3, 2, 1}, 4, true)).isEqualTo("█▆▃▁");
        assertThat(Sparkline.of(new double[] {4, 4, 2, 2, 1, 1}, 3, false)).isEqualTo("#-_");
        assertThat(Sparkline.of(new double[] {1, Double.NaN, 2}, 8, true)).isEqualTo("▁!█");
        assertThat(Sparkline.of(new double[] {5, 5}, 8, true)).isEqualTo("▁▁");
        assertThat(Sparkline.of(new double[] {Double.NaN}, 8, true)).isEqualTo("!");
        assertThat(Sparkline.of(new double[0], 8, true)).isEmpty();
    }

    private List<String> screen(int width, int height, Style style, int scrolled) {
        StudySnapshot study = Objects.requireNonNull(model.snapshot(studyId));
        List<CurveSketch> curves = Objects.requireNonNull(model.sketches(studyId, 40));
        return WatchScreen.of(study, curves, width, height, style, scrolled);
    }

    /** 4 × 4 pairings with so many seeds, of whose runs the first ended and the next ones are half done. */
    private void study(int seeds, int ended, int running) {
        StudySpecification study = StudySpecification.defaults()
                .withName("watched")
                .withGrid(
                        StudySpecification.defaults().backbones(),
                        StudySpecification.defaults().optimizers(),
                        LongStream.range(0, seeds).boxed().toList())
                .withBudget(new Budget(40, 16));
        studyId = study.studyId();
        List<RunRequest> requests = new ArrayList<>(study.requests(1_000));
        requests.forEach(request -> apply(Topics.RUN_REQUESTS.name(), request));
        for (int i = 0; i < ended + running; i++) {
            train(requests.get(i), i < ended);
        }
    }

    private void train(RunRequest request, boolean whole) {
        apply(Topics.RUN_EVENTS.name(), event(request, RunEventKind.STARTED, 0));
        int steps = whole ? 40 : 20;
        for (int step = 1; step <= steps; step++) {
            apply(
                    Topics.STEP_METRICS.name(),
                    StepMetrics.newBuilder()
                            .setRunId(request.getRunId())
                            .setAttempt(1)
                            .setStep(step)
                            .setBudgetSteps(40)
                            .setWarmupSteps(2)
                            .setEpoch(step / 10f)
                            .setLoss(3.0 / step)
                            .setLearningRate(0.1)
                            .setGradientNorm(1f)
                            .setUpdateRatio(0.01f)
                            .setBatchAccuracy(0.5f)
                            .setSamplesPerSecond(100f)
                            .setTimeMillis(1_000 + 50 * step)
                            .build());
        }
        if (whole) {
            apply(Topics.RUN_EVENTS.name(), event(request, RunEventKind.COMPLETED, 40));
        }
    }

    private static RunEvent event(RunRequest request, RunEventKind kind, int step) {
        return RunEvent.newBuilder()
                .setRunId(request.getRunId())
                .setStudyId(request.getStudyId())
                .setAttempt(1)
                .setBackbone(request.getBackbone())
                .setOptimizer(request.getOptimizer())
                .setSeed(request.getSeed())
                .setHyperparameterPoint(0)
                .setKind(kind)
                .setStep(step)
                .setBudgetSteps(40)
                .setWarmupSteps(2)
                .setResumedAtStep(0)
                .setStepsTrained(step)
                .setDeviceSeconds(step / 20.0)
                .setTimeMillis(1_000 + 50 * step)
                .build();
    }

    private void apply(String topic, SpecificRecord record) {
        model.apply(new ViewModel.Origin(topic, 0, offsets.merge(topic, 1L, Long::sum) - 1), record);
    }
}
