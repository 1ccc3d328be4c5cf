package io.couplet.scores.stopping;

import io.couplet.scores.convergence.Verdict;
import java.util.Locale;
import java.util.Map;

/**
 * Stops a run whose loss became NaN or infinite, at once and in warm-up too, or exploded after it.
 *
 * @param explosionFactor the factor by which the convergence score calls a loss exploded; reported as the threshold
 */
public record DivergenceRule(double explosionFactor) implements RunRule {

    public DivergenceRule {
        if (!(explosionFactor > 1)) {
            throw new IllegalArgumentException("explosionFactor must be above 1, was " + explosionFactor);
        }
    }

    @Override
    public String name() {
        return "divergence";
    }

    @Override
    public int version() {
        return 1;
    }

    @Override
    public Decision decide(RunSoFar run) {
        if (run.verdict() != Verdict.DIVERGED && !run.nonFinite().ofLoss()) {
            return StoppingRule.keep("the loss is a number and has not exploded");
        }
        boolean nonFinite = run.nonFinite().ofLoss();
        String reason = nonFinite
                ? String.format(
                        Locale.ROOT,
                        "the loss became %s at or before step %d",
                        run.nonFinite().name().startsWith("NAN") ? "NaN" : "infinite",
                        run.step())
                : String.format(
                        Locale.ROOT,
                        "the smoothed loss exploded to %.4g at or before step %d: its best was %.4g, its first %.4g",
                        run.smoothedLoss(),
                        run.step(),
                        run.bestLoss(),
                        run.initialLoss());
        return new Decision.Stop(
                name(),
                version(),
                reason,
                Evidence.alone(
                        0,
                        nonFinite ? Double.NaN : explosionFactor,
                        nonFinite ? run.loss() : run.smoothedLoss(),
                        Map.of(
                                "step", (double) run.step(),
                                "loss", run.loss(),
                                "smoothedLoss", run.smoothedLoss(),
                                "bestLoss", run.bestLoss(),
                                "initialLoss", run.initialLoss())));
    }
}
