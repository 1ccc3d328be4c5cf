package io.couplet.flink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.couplet.broker.EmbeddedBroker;
import io.couplet.producers.CurvesReplay;
import io.couplet.producers.CurvesSender;
import io.couplet.producers.RecordedCurves;
import io.couplet.producers.RecordedCurves.Column;
import io.couplet.schemas.RunId;
import io.couplet.schemas.Topic;
import io.couplet.schemas.Topics;
import io.couplet.schemas.avro.ConvergenceScore;
import io.couplet.schemas.avro.Evaluation;
import io.couplet.schemas.avro.RunEvent;
import io.couplet.schemas.avro.StepMetrics;
import io.couplet.scores.convergence.Convergence;
import io.couplet.scores.convergence.ConvergenceSettings;
import io.couplet.scores.convergence.ConvergenceState;
import io.couplet.scores.convergence.Forecast;
import io.couplet.scores.convergence.Verdict;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.apache.avro.specific.SpecificRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Real curves: what the scores say of them, and that Kafka and Flink change nothing about it. With {@code -Dcouplet.curves=all} every curve goes through Kafka and Flink, else a few of
 * them. The tables are left in {@code target/recorded-curves}.
 */
@Timeout(600)
class RecordedCurvesTest {

    private static final boolean ALL = "all".equals(System.getProperty("couplet.curves"));
    private static final double[] LOOKS = {0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.74, 0.77, 0.8, 0.9};
    private static final long START = 1_700_000_000_000L;

    @TempDir
    Path directory;

    /** What a stretch of a curve does, read without the scores: see {@link #reading}. */
    private enum Reading {
        FALLS,
        FLAT,
        RISES
    }

    /** Folds the records of a replay as the convergence job does, with nothing between. */
    private static final class Pure implements CurvesReplay.Recipient {
        final Map<String, ConvergenceState> states = new LinkedHashMap<>();
        final Map<String, Map<Integer, Convergence>> looks = new HashMap<>();

        @Override
        public <T extends SpecificRecord> void take(Topic<T> topic, String runId, T record, double seconds) {
            ConvergenceState state =
                    states.getOrDefault(runId, ConvergenceState.start(ConvergenceSettings.forBudget(0, 0)));
            if (record instanceof StepMetrics step) {
                ConvergenceState next = state.judgedBy(
                                ConvergenceSettings.forBudget(step.getBudgetSteps(), step.getWarmupSteps()))
                        .plus(
                                step.getAttempt(),
                                step.getStep(),
                                step.getLoss(),
                                step.getLearningRate(),
                                step.getGradientNorm(),
                                step.getBatchAccuracy(),
                                step.getTimeMillis());
                states.put(runId, next);
                for (double look : LOOKS) {
                    if (step.getStep() == Math.round(look * step.getBudgetSteps())) {
                        look(runId, step.getStep());
                    }
                }
            } else if (record instanceof Evaluation evaluation) {
                states.put(runId, Told.Evaluated.of(evaluation).in(state));
                look(runId, evaluation.getStep());
            } else if (record instanceof RunEvent event) {
                states.put(
                        runId,
                        Told.Scheduled.of(event)
                                .map(scheduled -> scheduled.in(state))
                                .orElse(state));
            }
        }

        private void look(String runId, int step) {
            looks.computeIfAbsent(runId, key -> new TreeMap<>())
                    .put(step, Objects.requireNonNull(states.get(runId)).convergence());
        }
    }

    private static CurvesReplay replay(RecordedCurves curves, boolean told, int... drops) throws Exception {
        List<Integer> steps = Arrays.stream(drops).boxed().toList();
        return new CurvesReplay(
                curves,
                new CurvesReplay.Settings(
                        curves.name(),
                        START,
                        0,
                        told ? drops.length == 0 ? "constant" : "step" : null,
                        told ? steps : List.of(),
                        0,
                        0,
                        0.9,
                        null));
    }

    /**
     * An independent reading of the last third of a curve up to a step: the losses of its two halves compared by Welch's t at 2 standard errors, and by 1 % of the level.
     */
    private static Reading reading(RecordedCurves.Run run, int step, int from) {
        int first = Math.max(from, (int) (step - run.budgetSteps() / 3.0)) + 1;
        int middle = (first + step) / 2;
        double[] early = losses(run, first, middle);
        double[] late = losses(run, middle + 1, step);
        double change = mean(late) - mean(early);
        double error = Math.sqrt(variance(early) / early.length + variance(late) / late.length);
        if (Math.abs(change) < 2 * error || Math.abs(change) < 0.01 * Math.abs(mean(early))) {
            return Reading.FLAT;
        }
        return change < 0 ? Reading.FALLS : Reading.RISES;
    }

    private static double[] losses(RecordedCurves.Run run, int from, int to) {
        return run.rows().stream()
                .filter(row -> row.step() >= from && row.step() <= to)
                .mapToDouble(row -> row.get(Column.LOSS))
                .toArray();
    }

    private static double mean(double[] values) {
        return Arrays.stream(values).average().orElse(Double.NaN);
    }

    private static double variance(double[] values) {
        double mean = mean(values);
        return Arrays.stream(values).map(v -> (v - mean) * (v - mean)).sum() / Math.max(1, values.length - 1);
    }

    @Test
    void verdictsAreWhatTheCurvesDo() throws Exception {
        StringBuilder text = new StringBuilder();
        Seen steps = report(text, "hypergradient", SharedCurves.hypergradient(directory, model -> true), false);
        RecordedCurves images = SharedCurves.cnnLstm(directory, "cifar10", source -> true);
        Seen untold = report(text, "cifar10", images, false, SharedCurves.CIFAR_DROP);
        Seen told = report(text, "cifar10", images, true, SharedCurves.CIFAR_DROP);
        RecordedCurves words = SharedCurves.cnnLstm(directory, "ptb", source -> true);
        Seen language = report(text, "ptb", words, true, SharedCurves.LANGUAGE_DROPS);
        RecordedCurves longer = SharedCurves.cnnLstm(directory, "wikitext2", source -> true);
        Seen articles = report(text, "wikitext2", longer, true, SharedCurves.LANGUAGE_DROPS);
        Path report = Files.createDirectories(Path.of("target/recorded-curves"));
        Files.writeString(report.resolve("verdicts.md"), text.toString());

        for (Seen seen : List.of(steps, untold, told, language, articles)) {
            assertThat(seen.alarms)
                    .as("diverging where the curve does not rise")
                    .isEmpty();
            assertThat(seen.share(Reading.FALLS, Verdict.CONVERGING, Verdict.CONVERGED))
                    .as("of the stretches that fall")
                    .isGreaterThan(0.9);
        }
        assertThat(steps.share(Reading.FLAT, Verdict.PLATEAUED, Verdict.CONVERGED))
                .isGreaterThan(0.8);
        assertThat(told.diverging)
                .as("diverging at any epoch, also behind the drop")
                .isEmpty();
        assertThat(untold.confusion).isEqualTo(told.confusion);
        for (Seen seen : List.of(steps, told)) {
            assertThat(seen.endsOfWholeRuns).isNotEmpty().allMatch(end -> end == Verdict.CONVERGED);
        }
        assertThat(told.dropped).as("runs whose drop after epoch 150 was seen").isEqualTo(73);
        assertThat(steps.loss.held(0.3)).isGreaterThan(0.85);
        assertThat(steps.loss.held(0.7)).isGreaterThan(0.9);
        for (double look : new double[] {0.3, 0.5, 0.7}) {
            assertThat(told.top1.held(look))
                    .as("held at %s of the budget", look)
                    .isGreaterThan(0.95);
        }
        assertThat(told.top1.held(0.9)).isGreaterThan(0.8);
    }

    /** What was seen of a family of curves. */
    private static final class Seen {
        final Map<Reading, Map<Verdict, Integer>> confusion = new EnumMap<>(Reading.class);
        final List<String> alarms = new ArrayList<>();
        /** At any look; CIFAR-10 is looked at after every epoch. */
        final List<String> diverging = new ArrayList<>();

        final List<Verdict> endsOfWholeRuns = new ArrayList<>();
        final Coverage loss = new Coverage();
        final Coverage top1 = new Coverage();
        int dropped;

        double share(Reading reading, Verdict... verdicts) {
            Map<Verdict, Integer> counts = confusion.getOrDefault(reading, Map.of());
            double all = counts.values().stream().mapToInt(count -> count).sum();
            return Arrays.stream(verdicts)
                            .mapToInt(v -> counts.getOrDefault(v, 0))
                            .sum()
                    / all;
        }
    }

    private static Seen report(StringBuilder text, String name, RecordedCurves curves, boolean told, int... drops)
            throws Exception {
        Seen seen = new Seen();
        CurvesReplay replay = replay(curves, told, drops);
        Pure pure = new Pure();
        replay.replay(pure);
        text.append("\n## ").append(name).append(told ? ", schedule told" : "").append('\n');
        for (int i = 0; i < curves.runs().size(); i++) {
            RecordedCurves.Run run = curves.runs().get(i);
            String runId = replay.runIds().get(i);
            int last = run.rows().get(run.rows().size() - 1).step();
            Convergence end = Objects.requireNonNull(pure.states.get(runId)).convergence();
            Map<Integer, Convergence> looks = pure.looks.getOrDefault(runId, Map.of());
            List<String> line = new ArrayList<>();
            for (double look : LOOKS) {
                int step = (int) Math.round(look * run.budgetSteps());
                Convergence at = looks.get(step);
                if (step < last && at != null && at.verdict() != Verdict.WARMING_UP) {
                    int from = Arrays.stream(drops)
                                    .filter(d -> d <= step - 8)
                                    .max()
                                    .orElse(1)
                            - 1;
                    Reading reading = reading(run, step, from);
                    seen.confusion
                            .computeIfAbsent(reading, key -> new EnumMap<>(Verdict.class))
                            .merge(at.verdict(), 1, Integer::sum);
                    if (reading != Reading.RISES
                            && (at.verdict() == Verdict.DIVERGING || at.verdict() == Verdict.DIVERGED)) {
                        seen.alarms.add(run.name() + " at " + step);
                    }
                    line.add(letter(at.verdict()) + "/" + reading.name().charAt(1));
                    if (last >= run.budgetSteps()) {
                        seen.loss.add(
                                look,
                                at.forecast().low(),
                                at.forecast().high(),
                                at.forecast().loss(),
                                end.smoothedLoss(),
                                at.forecast().law());
                        double final1 = run.rows().get(run.rows().size() - 1).get(Column.TOP1);
                        seen.top1.add(
                                look,
                                at.accuracy().low(),
                                at.accuracy().high(),
                                at.accuracy().top1(),
                                final1,
                                Forecast.Law.POWER_LAW);
                    }
                } else {
                    line.add("-");
                }
            }
            if (last >= run.budgetSteps()) {
                seen.endsOfWholeRuns.add(end.verdict());
                seen.dropped += end.droppedAt() == (drops.length == 0 ? 0 : drops[drops.length - 1]) ? 1 : 0;
            }
            text.append(String.format(
                    Locale.ROOT,
                    "| %-40s | %4d/%4d | %.4f → %.4f best %.4f at %d | drop %d spikes %d | %s | %s |%n",
                    run.name(),
                    last,
                    run.budgetSteps(),
                    end.initialLoss(),
                    end.smoothedLoss(),
                    end.bestLoss(),
                    end.bestStep(),
                    end.droppedAt(),
                    end.spikes(),
                    end.verdict(),
                    String.join(" ", line)));
        }
        text.append(seen.confusion).append('\n');
        text.append("loss ")
                .append(seen.loss)
                .append('\n')
                .append("top1 ")
                .append(seen.top1)
                .append('\n');
        return seen;
    }

    private static String letter(Verdict verdict) {
        return switch (verdict) {
            case WARMING_UP -> "w";
            case CONVERGING -> "c";
            case PLATEAUED -> "p";
            case DIVERGING -> "d!";
            case DIVERGED -> "D!";
            case CONVERGED -> "C";
        };
    }

    /** Of forecasts at a fraction of the budget: how many hold the end, how wide they are, how far off. */
    private static final class Coverage {
        private final Map<String, double[]> by = new TreeMap<>();

        void add(double look, double low, double high, double forecast, double end, Forecast.Law law) {
            if (!Double.isNaN(low) && !Double.isNaN(end)) {
                double[] sums =
                        by.computeIfAbsent(String.format(Locale.ROOT, "%.2f %s", look, law), key -> new double[5]);
                sums[0]++;
                sums[1] += low <= end && end <= high ? 1 : 0;
                sums[2] += high - low;
                sums[3] += Math.abs(forecast - end);
                sums[4] += forecast - end;
            }
        }

        /** The share of forecasts at a fraction of the budget that held the end, whatever their law. */
        double held(double look) {
            double[] sums = new double[2];
            by.forEach((key, each) -> {
                if (key.startsWith(String.format(Locale.ROOT, "%.2f", look))) {
                    sums[0] += each[0];
                    sums[1] += each[1];
                }
            });
            return sums[1] / sums[0];
        }

        @Override
        public String toString() {
            StringBuilder text = new StringBuilder();
            by.forEach((look, sums) -> text.append(String.format(
                    Locale.ROOT,
                    "%n  %s: %.0f forecasts, %.2f hold the end, width %.4f, off by %.4f, bias %.4f",
                    look,
                    sums[0],
                    sums[1] / sums[0],
                    sums[2] / sums[0],
                    sums[3] / sums[0],
                    sums[4] / sums[0])));
            return text.toString();
        }
    }

    @Test
    void throughKafkaAndFlinkTwiceTheSameBytesAndThoseOfThePureScores() throws Exception {
        List<CurvesReplay> replays = new ArrayList<>();
        replays.add(replay(SharedCurves.hypergradient(directory, model -> ALL || model.equals("logreg")), false));
        replays.add(replay(
                SharedCurves.cnnLstm(directory, "cifar10", source -> ALL || source.equals("acprop")),
                true,
                SharedCurves.CIFAR_DROP));
        replays.add(replay(
                SharedCurves.cnnLstm(directory, "ptb", source -> ALL || source.equals("adabelief")),
                true,
                SharedCurves.LANGUAGE_DROPS));
        if (ALL) {
            replays.add(replay(
                    SharedCurves.cnnLstm(directory, "wikitext2", source -> true), true, SharedCurves.LANGUAGE_DROPS));
        }
        Map<String, String> expected = new TreeMap<>();
        for (CurvesReplay replay : replays) {
            Pure pure = new Pure();
            replay.replay(pure);
            pure.states.forEach((runId, state) -> expected.put(
                    runId,
                    HexFormat.of()
                            .formatHex(Topics.CONVERGENCE_SCORES
                                    .wire()
                                    .encode(ConvergenceScores.of(
                                            runId, RunId.parse(runId).studyId(), state.convergence())))));
        }
        Map<String, String> once = throughKafkaAndFlink(replays, expected, "once");
        Map<String, String> twice = throughKafkaAndFlink(replays, expected, "twice");
        assertThat(twice).isEqualTo(once);
        Files.writeString(
                Files.createDirectories(Path.of("target/recorded-curves")).resolve("verdicts-of-flink.md"),
                verdicts(once));
    }

    /** The newest scores as Flink wrote them, a line a run. */
    private static String verdicts(Map<String, String> newest) {
        StringBuilder text = new StringBuilder(
                "| run | last step of budget | loss at first → smoothed at the end | rate dropped at | verdict |\n"
                        + "| --- | --- | --- | --- | --- |\n");
        newest.forEach((key, hex) -> {
            if (key.startsWith(Topics.CONVERGENCE_SCORES.name() + ' ')) {
                ConvergenceScore score =
                        Topics.CONVERGENCE_SCORES.wire().decode(HexFormat.of().parseHex(hex));
                text.append(String.format(
                        Locale.ROOT,
                        "| %s | %d of %d | %.4f → %.4f | %s | %s |%n",
                        score.getRunId(),
                        score.getStep(),
                        score.getBudgetSteps(),
                        score.getFirstLoss(),
                        score.getSmoothedLoss(),
                        score.getLearningRateDroppedAt(),
                        score.getVerdict()));
            }
        });
        return text.toString();
    }

    private Map<String, String> throughKafkaAndFlink(
            List<CurvesReplay> replays, Map<String, String> expected, String name) throws Exception {
        try (EmbeddedBroker broker = EmbeddedBroker.startInTemporaryDirectory()) {
            AnalyticsClusterTest.createTopics(broker);
            try (AnalyticsCluster cluster =
                            AnalyticsCluster.start(broker.bootstrapServers(), Map.of(), directory.resolve(name), 2);
                    CurvesSender sender = CurvesSender.open(
                            broker.bootstrapServers(),
                            Map.of(),
                            new CurvesSender.Pace.Unbounded(),
                            Duration.ofSeconds(60))) {
                for (CurvesReplay replay : replays) {
                    replay.replay(sender);
                }
                sender.finish();
                await().atMost(Duration.ofSeconds(240))
                        .pollInterval(Duration.ofMillis(500))
                        .until(() -> {
                            assertThat(cluster.failure()).isNotDone();
                            return hex(broker, Topics.CONVERGENCE_SCORES).equals(expected);
                        });
                Map<String, String> all = new TreeMap<>();
                await().atMost(Duration.ofSeconds(240))
                        .pollInterval(Duration.ofSeconds(2))
                        .until(() -> {
                            Map<String, String> now = new TreeMap<>();
                            for (Topic<?> topic :
                                    List.of(Topics.CONVERGENCE_SCORES, Topics.COUPLING_SCORES, Topics.STUDY_SCORES)) {
                                hex(broker, topic).forEach((key, value) -> now.put(topic.name() + ' ' + key, value));
                            }
                            boolean settled = now.equals(all);
                            all.putAll(now);
                            return settled;
                        });
                return all;
            }
        }
    }

    private static Map<String, String> hex(EmbeddedBroker broker, Topic<?> topic) {
        Map<String, String> newest = new TreeMap<>();
        AnalyticsClusterTest.newest(broker, topic)
                .forEach((key, value) -> newest.put(key, HexFormat.of().formatHex(value)));
        return newest;
    }
}
