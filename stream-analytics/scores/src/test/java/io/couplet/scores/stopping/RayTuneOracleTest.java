package io.couplet.scores.stopping;

import static org.assertj.core.api.Assertions.assertThat;

import io.couplet.scores.stopping.CohortRule.Judgement;
import io.couplet.scores.stopping.Curve.Point;
import io.couplet.scores.stopping.Curve.State;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/**
 * Random streams of results with the decisions of Ray Tune's AsyncHyperBandScheduler (one bracket) and MedianStoppingRule, as a Python transcription of their
 * published rules made them with numpy. Times are of 100.
 */
class RayTuneOracleTest {

    @Test
    void ashaAndMedianDecideAsRayTuneDoesOnEveryRecordedResult() throws IOException {
        int stops = 0;
        for (List<String[]> stream : streams().values()) {
            CohortRule rule = rule(stream.get(0));
            Map<String, Curve> curves = new LinkedHashMap<>();
            for (String[] result : stream) {
                String trial = result[5];
                int time = Integer.parseInt(result[6]);
                Curve before = curves.getOrDefault(
                        trial, new Curve(trial, "backbone", "optimizer", 0, List.of(), State.TRAINING));
                List<Point> points = new ArrayList<>(before.points());
                points.add(new Point(time, time / 100.0, Double.parseDouble(result[7])));
                curves.put(trial, new Curve(trial, "backbone", "optimizer", 0, points, State.TRAINING));
                List<Judgement> judged =
                        rule.judge(new StudySoFar(Metric.ACCURACY, 0, 1, List.copyOf(curves.values())), trial);

                assertThat(judged).hasSize(1);
                boolean stopped = judged.get(0).decision() instanceof Decision.Stop;
                assertThat(stopped ? "stop" : "keep")
                        .as("%s: %s", String.join(",", result), judged.get(0).decision())
                        .isEqualTo(result[8]);
                if (stopped) {
                    stops++;
                    curves.put(trial, new Curve(trial, "backbone", "optimizer", 0, points, State.ENDED));
                }
            }
        }
        assertThat(stops).isGreaterThan(30);
    }

    /**
     * Optuna itself was asked on the same streams ({@code src/test/python/optuna_decisions.py}). Its successive halving counts a trial among those it competes with and takes the
     * best whole share of them, where Ray Tune interpolates a quantile of those before: 3 of 541 results are decided otherwise. Its median pruner compares with complete
     * trials at the same step only, which is another rule.
     */
    @Test
    void optunasSuccessiveHalvingDecidesAlikeButForThreeResultsAndItsMedianIsAnotherRule() throws IOException {
        Map<String, List<String[]>> optuna = streams("/optuna-decisions.csv");
        Map<String, Integer> differing = new java.util.TreeMap<>();
        int asha = 0;
        for (Map.Entry<String, List<String[]>> stream : streams().entrySet()) {
            List<String[]> theirs = optuna.getOrDefault(stream.getKey(), List.of());
            assertThat(theirs).hasSameSizeAs(stream.getValue());
            for (int i = 0; i < theirs.size(); i++) {
                String[] ours = stream.getValue().get(i);
                assertThat(List.of(theirs.get(i)).subList(0, ours.length)).containsExactly(ours);
                asha += ours[1].equals("asha") ? 1 : 0;
                if (!theirs.get(i)[9].equals(ours[8])) {
                    differing.merge(String.join(" ", ours[1], ours[8]), 1, Integer::sum);
                }
            }
        }
        assertThat(asha).isEqualTo(541);
        assertThat(differing).isEqualTo(Map.of("asha keep", 3, "median stop", 13, "median keep", 9));
    }

    private static CohortRule rule(String[] first) {
        double grace = Integer.parseInt(first[2]) / 100.0;
        return first[1].equals("asha")
                ? new AshaRule(grace, Integer.parseInt(first[3]), 1)
                : new MedianRule(grace, Integer.parseInt(first[4]));
    }

    private static Map<String, List<String[]>> streams() throws IOException {
        return streams("/ray-tune-decisions.csv");
    }

    private static Map<String, List<String[]>> streams(String resource) throws IOException {
        try (InputStream recorded = RayTuneOracleTest.class.getResourceAsStream(resource)) {
            assertThat(recorded).isNotNull();
            return new BufferedReader(new InputStreamReader(recorded, StandardCharsets.UTF_8))
                    .lines()
                    .skip(1)
                    .map(line -> line.split(",", -1))
                    .collect(Collectors.groupingBy(row -> row[0], LinkedHashMap::new, Collectors.toList()));
        }
    }
}
