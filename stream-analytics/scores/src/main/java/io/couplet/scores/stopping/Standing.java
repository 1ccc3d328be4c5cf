package io.couplet.scores.stopping;

import io.couplet.scores.stopping.Curve.Point;
import java.util.Comparator;
import java.util.List;

/** Where a run stands among all of its cohort that have a value at one rung; equal values are told apart by the run's name. */
record Standing(List<Curve> best, int rung) {

    static Standing at(StudySoFar study, Curve run, int rung) {
        Comparator<Curve> byValue = Comparator.comparingDouble(each -> -orWorst(each, rung));
        return new Standing(
                study.cohort(run).stream()
                        .filter(each -> each.at(rung).isPresent())
                        .sorted(byValue.thenComparing(Curve::runId))
                        .toList(),
                rung);
    }

    private static double orWorst(Curve run, int rung) {
        double value = run.at(rung).orElseThrow().value();
        return Double.isNaN(value) ? Double.NEGATIVE_INFINITY : value;
    }

    /** Stops a run that is not among the first {@code places}. */
    Decision keepFirst(CohortRule rule, StudySoFar study, Curve run, Point newest, int places) {
        int place = best.indexOf(run) + 1;
        if (place <= places) {
            return StoppingRule.keep(
                    "place %d of %d at %s of the budget, %d go on", place, best.size(), newest.fraction(), places);
        }
        double last = orWorst(best.get(places - 1), rung);
        List<Curve> others =
                best.stream().filter(each -> !each.runId().equals(run.runId())).toList();
        return new Decision.Stop(
                rule.name(),
                rule.version(),
                StoppingRule.sentence(
                        "%s is place %d of %d at %s of the budget, %d go on",
                        study.metric().text(newest.value()), place, best.size(), newest.fraction(), places),
                Evidence.among(
                        rung, study.metric().reported(last), study.metric().reported(newest.value()), others));
    }
}
