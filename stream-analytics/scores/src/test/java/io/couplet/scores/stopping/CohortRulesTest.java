package io.couplet.scores.stopping;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.couplet.scores.convergence.NonFinite;
import io.couplet.scores.convergence.Verdict;
import io.couplet.scores.stopping.CohortRule.Judgement;
import io.couplet.scores.stopping.Curve.Point;
import io.couplet.scores.stopping.Curve.State;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** A small stream for each rule, and every decision with its reason to the letter. */
class CohortRulesTest {

    @Test
    void plateauWaitsForItsPatience() {
        CohortRule rule = new PlateauRule(0.2, 0.01);

        assertThat(trace(rule, run("a", 0, 0.5, 0.6, 0.605, 0.6, 0.7)))
                .containsExactly(
                        "a@1 its best is 0 of the budget old, patience is 0.2",
                        "a@2 its best is 0 of the budget old, patience is 0.2",
                        "a@3 its best is 0.1 of the budget old, patience is 0.2",
                        "a@4 STOP no value better than 0.6 since 0.2 of the budget, now at 0.4: patience is 0.2");
    }

    @Test
    void targetStopsWhatHasIt() {
        assertThat(trace(new TargetRule(0.6), run("a", 0, 0.5, 0.6)))
                .containsExactly("a@1 0.5 is short of the target 0.6", "a@2 STOP 0.6 reaches the target 0.6");
    }

    @Test
    void aTargetOfALossIsReachedFromAbove() {
        Curve run = run("a", 0, -1.5, -0.9);

        assertThat(new TargetRule(1).judge(new StudySoFar(Metric.LOSS, 0, 1, List.of(run)), "a"))
                .extracting(each -> each.decision().reason())
                .containsExactly("0.9 reaches the target 1");
    }

    @Test
    void medianComparesTheBestWithThePeersMeans() {
        assertThat(trace(new MedianRule(0.1, 2), run("a", 0, 0.5, 0.7), run("b", 0, 0.4, 0.6), run("c", 0, 0.3, 0.45)))
                .containsExactly(
                        "a@1 0 peers came this far, it takes 2",
                        "b@1 1 peers came this far, it takes 2",
                        "c@1 STOP its best 0.3 is worse than 0.45, the median of 2 peers' means up to 0.1 of the budget",
                        "a@2 0 peers came this far, it takes 2",
                        "b@2 1 peers came this far, it takes 2");
    }

    @Test
    void ashaStopsWhatIsBelowTheCutoffOfThoseBefore() {
        assertThat(trace(new AshaRule(0.1, 2, 1), run("a", 0, 0.5, 0.7), run("b", 0, 0.4), run("c", 0, 0.6, 0.65)))
                .containsExactly(
                        "a@1 0 peers have a value at the milestone 0.1, it takes 1",
                        "b@1 STOP 0.4 at the milestone 0.1 is not among the best 1 in 2 of 1 peers: their cutoff is 0.5",
                        "c@1 0.6 at the milestone 0.1 is not below the cutoff 0.45 of 2 peers",
                        "a@2 0 peers have a value at the milestone 0.2, it takes 1",
                        "c@2 STOP 0.65 at the milestone 0.2 is not among the best 1 in 2 of 1 peers: their cutoff is 0.7");
    }

    @Test
    void successiveHalvingWaitsForItsWholeCohort() {
        assertThat(trace(
                        new SuccessiveHalvingRule(0.1, 2, 1),
                        run("a", 0, 0.5, 0.7),
                        run("b", 0, 0.4, 0.9),
                        run("c", 0, 0.6, 0.65)))
                .containsExactly(
                        "a@1 not all of its cohort are at rung 1 yet",
                        "a@1 not all of its cohort are at rung 1 yet",
                        "b@1 not all of its cohort are at rung 1 yet",
                        "a@1 place 2 of 3 at 0.1 of the budget, 2 go on",
                        "b@1 STOP 0.4 is place 3 of 3 at 0.1 of the budget, 2 go on",
                        "c@1 place 1 of 3 at 0.1 of the budget, 2 go on",
                        "a@2 not all of its cohort are at rung 2 yet",
                        "a@2 place 1 of 2 at 0.2 of the budget, 1 go on",
                        "c@2 STOP 0.65 is place 2 of 2 at 0.2 of the budget, 1 go on");
    }

    @Test
    void firstRungsKeepsTheBestFew() {
        assertThat(trace(new FirstRungsRule(0.2, 1, 1), run("a", 0, 0.5, 0.7), run("b", 0, 0.6, 0.65)))
                .containsExactly(
                        "a@1 0.1 of the budget is before 0.2",
                        "a@1 0.1 of the budget is before 0.2",
                        "b@1 0.1 of the budget is before 0.2",
                        "a@2 not all of its cohort are at rung 2 yet",
                        "a@2 place 1 of 2 at 0.2 of the budget, 1 go on",
                        "b@2 STOP 0.65 is place 2 of 2 at 0.2 of the budget, 1 go on");
    }

    @Test
    void stallCountsTheUsualGapsSinceTheNewestStep() {
        StallRule rule = new StallRule(10);

        assertThat(rule.decide(idle(30, 15, 100, 900)).reason())
                .isEqualTo("9 of its usual gaps without a step, 10 are a stall");
        assertThat(rule.decide(idle(30, 15, 100, 1100)))
                .isInstanceOfSatisfying(
                        Decision.Stop.class,
                        stop -> assertThat(stop.reason())
                                .isEqualTo("no step for 11 of its usual gaps of 100 ms since step 30"));
        assertThat(rule.decide(idle(10, 15, 100, 1100)).reason()).isEqualTo("at step 10 it is still in warm-up");
        assertThat(rule.decide(idle(30, 15, Double.NaN, 1100)).reason())
                .isEqualTo("its usual gap between two steps is not yet known");
    }

    @Test
    void noRuleActsInsideWarmUp() {
        Curve bad = new Curve("bad", "b", "o", 0.3, points(0.1, 0.1), State.TRAINING);
        List<Curve> curves = List.of(bad, run("x", 0, 0.8, 0.9), run("y", 0, 0.8, 0.9), run("z", 0, 0.8, 0.9));
        for (StoppingRules each : StoppingRules.values()) {
            Map<String, Double> given = each == StoppingRules.TARGET ? Map.of("value", 0.05) : Map.of();
            if (each.with(given) instanceof CohortRule rule) {
                assertThat(rule.judge(new StudySoFar(Metric.ACCURACY, 0, 1, curves), "bad"))
                        .filteredOn(judgement -> judgement.runId().equals("bad"))
                        .extracting(judgement -> judgement.decision().reason())
                        .as(rule.name())
                        .containsExactly("at 0.2 of the budget it is still in warm-up");
            }
        }
    }

    @Test
    void runsOfOtherBackbonesAreNoPeers() {
        Curve alone = run("alone", 0, 0.1);
        List<Curve> curves = new ArrayList<>(List.of(alone));
        for (int i = 0; i < 9; i++) {
            curves.add(new Curve("other" + i, "elsewhere", "o", 0, points(0.9), State.TRAINING));
        }
        for (StoppingRules each : List.of(
                StoppingRules.MEDIAN,
                StoppingRules.ASHA,
                StoppingRules.SUCCESSIVE_HALVING,
                StoppingRules.FIRST_RUNGS)) {
            CohortRule rule = (CohortRule) each.with(Map.of());
            assertThat(rule.judge(new StudySoFar(Metric.ACCURACY, 0, 2, curves), "alone"))
                    .as(each.key())
                    .allSatisfy(judgement -> assertThat(judgement.decision()).isInstanceOf(Decision.Keep.class));
        }
    }

    @Test
    void runsThatHaveEndedOrAreUnknownAreNotJudged() {
        Curve ended = new Curve("a", "b", "o", 0, points(0.1), State.ENDED);

        assertThat(new TargetRule(0.05).judge(new StudySoFar(Metric.ACCURACY, 0, 1, List.of(ended)), "a"))
                .isEmpty();
        assertThat(new TargetRule(0.05).judge(new StudySoFar(Metric.ACCURACY, 0, 1, List.of(ended)), "b"))
                .isEmpty();
    }

    @Test
    void everyRuleHasDefaultsThatItTakesAndNamesWhatItDoesNot() {
        for (StoppingRules each : StoppingRules.values()) {
            Map<String, Double> given = each == StoppingRules.TARGET ? Map.of("value", 0.9) : Map.of();
            assertThat(each.with(given).name()).isEqualTo(each.key());
            assertThat(StoppingRules.named(each.key())).isEqualTo(each);
        }
        assertThatThrownBy(() -> StoppingRules.ASHA.with(Map.of("patience", 1.0)))
                .hasMessage("asha has no option 'patience': it knows grace, factor, peers");
        assertThatThrownBy(() -> StoppingRules.TARGET.with(Map.of()))
                .hasMessage("target needs its option value: give a number");
        assertThatThrownBy(() -> StoppingRules.TRANSFER.with(Map.of("risk", 0.7)))
                .hasMessage("transfer: risk must be above 0 and at most 0.5, was 0.7");
        assertThatThrownBy(() -> StoppingRules.TRANSFER.with(Map.of("peers", 1.5)))
                .hasMessage("transfer: peers must be a whole number, was 1.5");
        assertThatThrownBy(() -> StoppingRules.named("nonesuch"))
                .hasMessageStartingWith("there is no stopping rule 'nonesuch': choose among divergence, plateau, ");
    }

    private static RunSoFar idle(long step, long warmup, double gap, double idle) {
        return new RunSoFar("r", 1, step, warmup, Verdict.CONVERGING, NonFinite.NONE, 1, 1, 1, 2, gap, idle);
    }

    private static Curve run(String id, double warmup, double... values) {
        return new Curve(id, "b", "o", warmup, points(values), State.TRAINING);
    }

    private static List<Point> points(double... values) {
        List<Point> points = new ArrayList<>();
        for (int i = 0; i < values.length; i++) {
            points.add(new Point(i + 1, (i + 1) / 10.0, values[i]));
        }
        return points;
    }

    /** The runs report in turn, a rung after the other; a run that is stopped reports no more. */
    private static List<String> trace(CohortRule rule, Curve... runs) {
        List<Curve> now = new ArrayList<>();
        for (Curve run : runs) {
            now.add(new Curve(run.runId(), run.backbone(), run.optimizer(), 0, List.of(), State.TRAINING));
        }
        List<String> trace = new ArrayList<>();
        for (int rung = 1; rung <= 10; rung++) {
            for (int i = 0; i < runs.length; i++) {
                if (!now.get(i).trains() || runs[i].points().size() < rung) {
                    continue;
                }
                now.set(i, with(now.get(i), runs[i].points().subList(0, rung), State.TRAINING));
                for (Judgement judgement :
                        rule.judge(new StudySoFar(Metric.ACCURACY, runs.length, 1, now), runs[i].runId())) {
                    boolean stop = judgement.decision() instanceof Decision.Stop;
                    trace.add(judgement.runId() + "@" + rung + (stop ? " STOP " : " ")
                            + judgement.decision().reason());
                    for (int j = 0; j < runs.length; j++) {
                        if (stop && runs[j].runId().equals(judgement.runId())) {
                            now.set(j, with(now.get(j), now.get(j).points(), State.ENDED));
                        }
                    }
                }
            }
        }
        return trace;
    }

    private static Curve with(Curve curve, List<Point> points, State state) {
        return new Curve(curve.runId(), curve.backbone(), curve.optimizer(), curve.warmupFraction(), points, state);
    }
}
