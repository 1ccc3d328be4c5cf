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

    private static CohortRule rule(String[] first) {
        double grace = Integer.parseInt(first[2]) / 100.0;
        return first[1].equals("asha")
                ? new AshaRule(grace, Integer.parseInt(first[3]), 1)
                : new MedianRule(grace, Integer.parseInt(first[4]));
    }

    private static Map<String, List<String[]>> streams() throws IOException {
        try (InputStream recorded = RayTuneOracleTest.class.getResourceAsStream("/ray-tune-decisions.csv")) {
            assertThat(recorded).isNotNull();
            return new BufferedReader(new InputStreamReader(recorded, StandardCharsets.UTF_8))
                    .lines()
                    .skip(1)
                    .map(line -> line.split(",", -1))
                    .collect(Collectors.groupingBy(row -> row[0], LinkedHashMap::new, Collectors.toList()));
        }
    }
}
