package io.couplet.scores.stopping;

import io.couplet.scores.stopping.CohortRule.Judgement;
import io.couplet.scores.stopping.Curve.Point;
import io.couplet.scores.stopping.Curve.State;
import io.couplet.scores.stopping.TransferModel.Outlook;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;

/**
 * What rules would have done to recorded runs: backbone after backbone, the runs of one at the same pace, each value shown to the rules when it would have
 * come. A run that is stopped takes no further steps and shows nothing more.
 *
 * @param order the backbones in the order in which they ran
 * @param steps the steps that were taken
 * @param stepsWhole the steps without any rule
 * @param cohorts what came of each backbone
 * @param decisions every judgement, in order
 * @param checks forecasts against what came, where a rule forecasts
 */
public record Replay(
        List<String> order,
        double steps,
        double stepsWhole,
        List<CohortResult> cohorts,
        List<Judged> decisions,
        List<ForecastCheck> checks) {

    /**
     * What came of one backbone. Values are oriented: more is better.
     *
     * @param backbone the backbone
     * @param best the run that ends best when all run whole
     * @param bestResult its result
     * @param keptResult the best value that any run had when it ended or was stopped
     * @param winnerKept whether a run with the best result ran whole
     */
    public record CohortResult(String backbone, String best, double bestResult, double keptResult, boolean winnerKept) {

        /** How much was lost, never below 0. */
        public double regret() {
            return Math.max(0, bestResult - keptResult);
        }
    }

    /**
     * A decision when it was made.
     *
     * @param run the run
     * @param at the value it was made at
     * @param rule who decided
     * @param decision what
     * @param wrong whether it stopped a run that would have ended better than all that was kept
     */
    public record Judged(Recorded run, Point at, String rule, Decision decision, boolean wrong) {}

    /**
     * A forecast of how far a run ends from the run that leads its cohort, against what came.
     *
     * @param rung where it was made
     * @param fraction the share of the budget it was made at
     * @param standardized (what came − forecast) / standard error, on the metric's scale
     */
    public record ForecastCheck(int rung, double fraction, double standardized) {}

    /** The share of all steps that was not taken. */
    public double saved() {
        return 1 - steps / stepsWhole;
    }

    /**
     * Runs the rules over recorded runs.
     *
     * @param runs complete runs; within a backbone they report in this order
     * @param metric what the values are
     * @param rules asked in this order; the first that says stop counts
     * @param order all backbones, each once
     * @throws IllegalArgumentException when the order does not name every backbone once
     */
    public static Replay of(List<Recorded> runs, Metric metric, List<CohortRule> rules, List<String> order) {
        if (!new TreeSet<>(order)
                        .equals(new TreeSet<>(
                                runs.stream().map(Recorded::backbone).toList()))
                || new TreeSet<>(order).size() != order.size()) {
            throw new IllegalArgumentException("order must name every backbone once, was " + order);
        }
        return new Playing(runs, metric, rules, order).play();
    }

    private static final class Playing {

        private final Map<String, Recorded> runs = new LinkedHashMap<>();
        private final Map<String, Curve> curves = new LinkedHashMap<>();
        private final Metric metric;
        private final List<CohortRule> rules;
        private final List<String> order;
        private final int largest;
        private final List<Judged> decisions = new ArrayList<>();
        private final List<ForecastCheck> checks = new ArrayList<>();

        Playing(List<Recorded> recorded, Metric metric, List<CohortRule> rules, List<String> order) {
            recorded.forEach(run -> runs.put(run.runId(), run));
            this.metric = metric;
            this.rules = rules;
            this.order = order;
            this.largest = recorded.stream()
                    .flatMap(run -> run.points().stream())
                    .mapToInt(Point::rung)
                    .max()
                    .orElse(0);
        }

        Replay play() {
            List<CohortResult> cohorts = new ArrayList<>();
            double steps = 0;
            for (String backbone : order) {
                List<Recorded> cohort = runs.values().stream()
                        .filter(run -> run.backbone().equals(backbone))
                        .toList();
                int from = decisions.size();
                cohort.forEach(run -> curves.put(
                        run.runId(),
                        new Curve(
                                run.runId(),
                                backbone,
                                run.optimizer(),
                                run.warmupFraction(),
                                List.of(),
                                State.TRAINING)));
                for (int rung = 1; rung <= largest; rung++) {
                    advance(cohort, rung);
                }
                CohortResult result = result(backbone, cohort);
                for (int i = from; i < decisions.size(); i++) {
                    Judged judged = decisions.get(i);
                    boolean wrong = judged.decision() instanceof Decision.Stop
                            && judged.run().result() > result.keptResult();
                    decisions.set(i, new Judged(judged.run(), judged.at(), judged.rule(), judged.decision(), wrong));
                }
                cohorts.add(result);
                steps += cohort.stream().mapToDouble(this::stepsTaken).sum();
            }
            return new Replay(
                    List.copyOf(order),
                    steps,
                    runs.values().stream().mapToDouble(Recorded::steps).sum(),
                    cohorts,
                    decisions,
                    checks);
        }

        private void advance(List<Recorded> cohort, int rung) {
            for (Recorded run : cohort) {
                Curve curve = curve(run);
                Optional<Point> point = run.points().stream()
                        .filter(each -> each.rung() == rung)
                        .findFirst();
                if (!curve.trains() || point.isEmpty()) {
                    continue;
                }
                boolean last = run.stepsAt(point.get().fraction()) >= run.steps();
                List<Point> points = run.points().stream()
                        .filter(each -> last || each.rung() <= rung)
                        .toList();
                put(curve, points, last ? State.COMPLETED : State.TRAINING);
                judge(run.runId());
            }
            check(cohort, rung);
        }

        private void judge(String runId) {
            StudySoFar study = study();
            for (CohortRule rule : rules) {
                for (Judgement judgement : rule.judge(study, runId)) {
                    Recorded run = recorded(judgement.runId());
                    Curve curve = curve(run);
                    if (curve.trains()) {
                        Point at = curve.newest().orElseThrow();
                        decisions.add(new Judged(run, at, rule.name(), judgement.decision(), false));
                        if (judgement.decision() instanceof Decision.Stop) {
                            put(curve, curve.points(), State.ENDED);
                        }
                    }
                }
            }
        }

        /** Forecasts of all runs that had come to a rung, those stopped there among them, against what they ended with when they run whole. */
        private void check(List<Recorded> cohort, int rung) {
            List<Curve> there = curves.values().stream()
                    .map(curve ->
                            curve.state() == State.ENDED && stands(curve, rung) ? in(curve, State.TRAINING) : curve)
                    .toList();
            StudySoFar study = new StudySoFar(metric, 0, order.size(), there);
            for (CohortRule rule : rules) {
                if (rule instanceof TransferRule transfer) {
                    transfer.model(study, cohort.get(0).backbone(), rung)
                            .ifPresent(model -> cohort.stream()
                                    .filter(run -> stands(curve(run), rung)
                                            && curve(run).state() != State.COMPLETED)
                                    .forEach(run -> check(run, model, rung)));
                }
            }
        }

        private void check(Recorded run, TransferModel model, int rung) {
            Outlook leader = model.leader();
            Outlook own = model.outlook(run.runId());
            if (own == null || own == leader) {
                return;
            }
            double came = metric.score(run.result())
                    - metric.score(recorded(leader.runId()).result());
            double error = Math.hypot(own.error(), leader.error());
            if (error > 0) {
                checks.add(new ForecastCheck(
                        rung,
                        curve(run).at(rung).orElseThrow().fraction(),
                        (came - (own.expected() - leader.expected())) / error));
            }
        }

        private static boolean stands(Curve curve, int rung) {
            return curve.newest().map(point -> point.rung() == rung).orElse(false);
        }

        private CohortResult result(String backbone, List<Recorded> cohort) {
            Recorded best = cohort.stream()
                    .max(Comparator.comparingDouble(Playing::orWorst))
                    .orElseThrow();
            double kept = Double.NEGATIVE_INFINITY;
            boolean winnerKept = false;
            for (Recorded run : cohort) {
                Curve curve = curve(run);
                double value = curve.newest().map(Point::value).orElse(Double.NaN);
                kept = Double.isNaN(value) ? kept : Math.max(kept, value);
                winnerKept |= curve.state() == State.COMPLETED && orWorst(run) >= orWorst(best);
            }
            return new CohortResult(backbone, best.runId(), best.result(), kept, winnerKept);
        }

        private static double orWorst(Recorded run) {
            return Double.isNaN(run.result()) ? Double.NEGATIVE_INFINITY : run.result();
        }

        private double stepsTaken(Recorded run) {
            Curve curve = curve(run);
            return curve.newest().map(point -> run.stepsAt(point.fraction())).orElse(0.0);
        }

        private StudySoFar study() {
            return new StudySoFar(metric, 0, order.size(), List.copyOf(curves.values()));
        }

        private void put(Curve curve, List<Point> points, State state) {
            curves.put(
                    curve.runId(),
                    new Curve(
                            curve.runId(), curve.backbone(), curve.optimizer(), curve.warmupFraction(), points, state));
        }

        private static Curve in(Curve curve, State state) {
            return new Curve(
                    curve.runId(), curve.backbone(), curve.optimizer(), curve.warmupFraction(), curve.points(), state);
        }

        private Curve curve(Recorded run) {
            Curve curve = curves.get(run.runId());
            if (curve == null) {
                throw new IllegalStateException(run.runId() + " has not begun");
            }
            return curve;
        }

        private Recorded recorded(String runId) {
            Recorded run = runs.get(runId);
            if (run == null) {
                throw new IllegalStateException(runId + " was not recorded");
            }
            return run;
        }
    }
}
