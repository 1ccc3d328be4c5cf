package io.couplet.scores.stopping;

import io.couplet.scores.stopping.Curve.Point;
import java.util.List;
import java.util.Optional;

/**
 * A rule that looks at values at rungs, a run's own or also those of its cohort: the runs of the same backbone. It never acts inside warm-up. The next
 * one is a class, named here.
 */
public sealed interface CohortRule extends StoppingRule
        permits PlateauRule, TargetRule, MedianRule, AshaRule, SuccessiveHalvingRule, FirstRungsRule, TransferRule {

    /**
     * What the rule says of one run.
     *
     * @param runId the run
     * @param decision what it says
     */
    record Judgement(String runId, Decision decision) {}

    /**
     * Judges a run that has just reported a value, and, if the rule judges by the whole cohort, those that stand at the same rung.
     *
     * @param study everything known, the new value included
     * @param runId the run that reported
     * @return one judgement of each run that was judged; none for a run that is unknown, has ended or has no value yet
     */
    default List<Judgement> judge(StudySoFar study, String runId) {
        Optional<Curve> run = study.run(runId).filter(Curve::trains);
        Optional<Point> newest = run.flatMap(Curve::newest);
        if (newest.isEmpty()) {
            return List.of();
        }
        return List.of(new Judgement(runId, decideAfterWarmup(study, run.get(), newest.get())));
    }

    private Decision decideAfterWarmup(StudySoFar study, Curve run, Point newest) {
        return afterWarmup(this::decide, study, run, newest);
    }

    private static Decision afterWarmup(Deciding deciding, StudySoFar study, Curve run, Point newest) {
        return run.warmsUp(newest)
                ? StoppingRule.keep("at %s of the budget it is still in warm-up", newest.fraction())
                : deciding.decide(study, run, newest);
    }

    /** Judges one run by its newest value. */
    @FunctionalInterface
    interface Deciding {

        /** What is to become of the run. */
        Decision decide(StudySoFar study, Curve run, Point newest);
    }

    /** Judges one run by its newest value. */
    Decision decide(StudySoFar study, Curve run, Point newest);

    /** The run that reported and, of its cohort, those that train and stand at the same rung, each judged. */
    static List<Judgement> judgeAtSameRung(Deciding deciding, StudySoFar study, String runId) {
        Optional<Curve> run = study.run(runId).filter(Curve::trains);
        Optional<Point> newest = run.flatMap(Curve::newest);
        if (newest.isEmpty()) {
            return List.of();
        }
        int rung = newest.get().rung();
        return study.cohort(run.get()).stream()
                .filter(Curve::trains)
                .filter(each -> each.newest().map(point -> point.rung() == rung).orElse(false))
                .map(each -> new Judgement(
                        each.runId(),
                        afterWarmup(deciding, study, each, each.newest().orElseThrow())))
                .toList();
    }
}
