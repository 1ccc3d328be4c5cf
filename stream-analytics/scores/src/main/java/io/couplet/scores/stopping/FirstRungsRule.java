package io.couplet.scores.stopping;

import io.couplet.scores.stopping.Curve.Point;
import java.util.List;

/**
 * The i-epoch baseline (Egele et al., "Is one epoch all you need for multi-fidelity hyperparameter optimization?", 2023): every run trains for a share of the budget, the best few then train to
 * the end. A rule that does no better than the i-epoch line is not worth its words.
 *
 * @param fraction the share of the budget that everyone gets
 * @param keep how many go on
 * @param peers how many others must be there
 */
public record FirstRungsRule(double fraction, int keep, int peers) implements CohortRule {

    public FirstRungsRule {
        Options.requireFraction("fraction", fraction);
        Options.requireAtLeast("keep", 1, keep);
        Options.requireAtLeast("peers", 1, peers);
    }

    @Override
    public String name() {
        return "i-epoch";
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
        if (newest.fraction() < fraction - Curve.SAME) {
            return StoppingRule.keep("%s of the budget is before %s", newest.fraction(), fraction);
        }
        for (Point point : run.judged()) {
            if (point.rung() < newest.rung() && point.fraction() >= fraction - Curve.SAME) {
                return StoppingRule.keep("it has passed %s of the budget", fraction);
            }
        }
        if (!study.allReached(run, newest.rung())) {
            return StoppingRule.keep("not all of its cohort are at rung %d yet", newest.rung());
        }
        Standing standing = Standing.at(study, run, newest.rung());
        if (standing.best().size() - 1 < peers) {
            return StoppingRule.keep(
                    "%d peers are at rung %d, it takes %d", standing.best().size() - 1, newest.rung(), peers);
        }
        return standing.keepFirst(this, study, run, newest, keep);
    }
}
