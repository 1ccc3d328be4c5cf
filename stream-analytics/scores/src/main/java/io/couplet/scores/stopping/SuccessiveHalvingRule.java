package io.couplet.scores.stopping;

import io.couplet.scores.stopping.Curve.Point;
import java.util.List;

/**
 * Successive halving (Jamieson and Talwalkar, AISTATS 2016) within a cohort: at {@code grace · factorᵏ} of the budget, once all runs of the backbone that still
 * train are there, one in {@code factor} goes on.
 *
 * @param grace the first milestone, a share of the budget
 * @param factor one in so many goes on, rounded up
 * @param peers how many others must be there
 */
public record SuccessiveHalvingRule(double grace, double factor, int peers) implements CohortRule {

    public SuccessiveHalvingRule {
        Options.requireFraction("grace", grace);
        Options.requireAbove("factor", 1, factor);
        Options.requireAtLeast("peers", 1, peers);
    }

    @Override
    public String name() {
        return "successive-halving";
    }

    @Override
    public int version() {
        return 1;
    }

    @Override
    public List<Judgement> judge(StudySoFar study, String runId) {
        return CohortRule.judgeAtSameRung(this::decide, study, runId);
    }

    @Override
    public Decision decide(StudySoFar study, Curve run, Point newest) {
        if (!passesMilestone(run, newest)) {
            return StoppingRule.keep("at %s of the budget it passed no new milestone", newest.fraction());
        }
        if (!study.allReached(run, newest.rung())) {
            return StoppingRule.keep("not all of its cohort are at rung %d yet", newest.rung());
        }
        Standing standing = Standing.at(study, run, newest.rung());
        int there = standing.best().size();
        if (there - 1 < peers) {
            return StoppingRule.keep("%d peers are at rung %d, it takes %d", there - 1, newest.rung(), peers);
        }
        return standing.keepFirst(this, study, run, newest, (int) Math.ceil(there / factor - Curve.SAME));
    }

    private boolean passesMilestone(Curve run, Point newest) {
        int before = -1;
        for (Point point : run.judged()) {
            if (point.rung() < newest.rung()) {
                before = highest(point.fraction());
            }
        }
        return highest(newest.fraction()) > before;
    }

    /** The number of the highest milestone at or below a share of the budget, from 0; −1 for none. */
    private int highest(double fraction) {
        return (int) Math.floor(Math.log(fraction / grace) / Math.log(factor) + Curve.SAME);
    }
}
