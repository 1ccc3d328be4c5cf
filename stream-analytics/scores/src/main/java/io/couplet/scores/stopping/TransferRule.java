package io.couplet.scores.stopping;

import io.couplet.scores.stopping.Curve.Point;
import io.couplet.scores.stopping.TransferModel.Outlook;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The rule made for a grid: what an optimizer gains from here to the end is known from the backbones that have finished.
 *
 * <p>The first backbones, the anchors, run whole. From then on each run has a forecast, {@link TransferModel}, and stops when the chance that it ends above the
 * leader of its cohort plus a tolerance is less than {@code risk} and what it would end above it by, on average over what may come, is less than {@code loss}: where
 * forecasts are uncertain a run that is probably not the best may still be the best by far. Without anchors, for an optimizer that no finished backbone has seen, on a grid of too few
 * optimizers, and among too few peers, every run is kept.
 *
 * @param grace the share of the budget before which nothing is stopped
 * @param risk the least chance of beating the leader with which a run goes on, in (0, 0.5]
 * @param loss what a stop may cost on average, as a share of the error that the leader is left with, above 0; at 1 only {@code risk} counts
 * @param interaction how much an optimizer's place differs between backbones, as a share of how much optimizers differ: the
 *     belief before two anchors tell
 * @param tolerance how much better than the leader counts as better, in the metric's unit
 * @param target a value, as it is reported, that is good enough: who may reach it goes on even if the leader ends above; 0 for none
 * @param miss the least chance of reaching the target with which a run goes on, in (0, 0.5]
 * @param anchors how many backbones run whole; 0 for one to three by the size of the grid
 * @param peers how many peers at the same rung it takes
 */
public record TransferRule(
        double grace,
        double risk,
        double loss,
        double interaction,
        double tolerance,
        double target,
        double miss,
        int anchors,
        int peers)
        implements CohortRule {

    /** How many optimizers must have finished on an anchor. */
    static final int LEAST_OPTIMIZERS = 4;

    public TransferRule {
        Options.requireFraction("grace", grace);
        if (!(risk > 0 && risk <= 0.5)) {
            throw new IllegalArgumentException("risk must be above 0 and at most 0.5, was " + risk);
        }
        Options.requireAbove("loss", 0, loss);
        if (!(miss > 0 && miss <= 0.5)) {
            throw new IllegalArgumentException("miss must be above 0 and at most 0.5, was " + miss);
        }
        Options.requireAbove("interaction", 0, interaction);
        if (!(tolerance >= 0)) {
            throw new IllegalArgumentException("tolerance must be at least 0, was " + tolerance);
        }
        if (!(target >= 0)) {
            throw new IllegalArgumentException("target must be at least 0, was " + target);
        }
        Options.requireAtLeast("anchors", 0, anchors);
        Options.requireAtLeast("peers", 1, peers);
    }

    @Override
    public String name() {
        return "transfer";
    }

    @Override
    public int version() {
        return 2;
    }

    /** How many backbones run whole in a study of so many: one of up to five, two of up to eleven, else three. */
    public static int anchorsFor(int backbones) {
        return backbones <= 5 ? 1 : backbones <= 11 ? 2 : 3;
    }

    @Override
    public List<Judgement> judge(StudySoFar study, String runId) {
        Once<Optional<TransferModel>> model = new Once<>();
        return CohortRule.judgeAtSameRung(
                (all, run, newest) ->
                        decide(all, run, newest, () -> model.get(() -> model(all, run.backbone(), newest.rung()))),
                study,
                runId);
    }

    /** The runs of one judgement stand at one rung of one backbone, so one model serves them all. */
    private static final class Once<T> {

        private @Nullable T value;

        T get(Supplier<T> made) {
            T known = value;
            if (known == null) {
                known = made.get();
                value = known;
            }
            return known;
        }
    }

    /** Forecasts of the final values of a backbone's runs by what they had at a rung; empty while there are too few anchors. */
    public Optional<TransferModel> model(StudySoFar study, String backbone, int rung) {
        int wanted = anchors > 0 ? anchors : anchorsFor(study.backbones());
        return TransferModel.of(study, backbone, rung, wanted, interaction);
    }

    @Override
    public Decision decide(StudySoFar study, Curve run, Point newest) {
        return decide(study, run, newest, () -> model(study, run.backbone(), newest.rung()));
    }

    private Decision decide(StudySoFar study, Curve run, Point newest, Supplier<Optional<TransferModel>> learnt) {
        if (newest.fraction() < grace - Curve.SAME) {
            return StoppingRule.keep("%s of the budget is within the grace of %s", newest.fraction(), grace);
        }
        List<Curve> there = study.peers(run, newest.rung());
        if (there.size() < peers) {
            return StoppingRule.keep("%d peers are at rung %d, it takes %d", there.size(), newest.rung(), peers);
        }
        Optional<TransferModel> model = learnt.get();
        if (model.isEmpty()) {
            return StoppingRule.keep(
                    "no %s yet on which %d optimizers ended whole: nothing to learn from",
                    anchors == 1 ? "backbone" : "anchors", LEAST_OPTIMIZERS);
        }
        Outlook own = model.get().outlook(run.runId());
        if (own == null) {
            return StoppingRule.keep(
                    "no finished backbone tells what %s gains from rung %d", run.optimizer(), newest.rung());
        }
        return weigh(study, run, newest, there, own, model.get().leader());
    }

    private Decision weigh(StudySoFar study, Curve run, Point newest, List<Curve> there, Outlook own, Outlook leader) {
        if (leader.runId().equals(run.runId())) {
            return StoppingRule.keep("it leads its cohort with a forecast of %s", text(study, own.expected()));
        }
        Metric metric = study.metric();
        double beatsLeader = metric.score(metric.value(leader.expected()) + tolerance);
        double error = Math.hypot(own.error(), leader.error());
        double optimistic = own.expected() + Normal.quantile(1 - risk) * error;
        if (!(optimistic < beatsLeader)) {
            return StoppingRule.keep(
                    "its forecast %s, at best %s, may still beat the leader's %s",
                    text(study, own.expected()), text(study, optimistic), text(study, beatsLeader));
        }
        double costs = Normal.meanAbove(own.expected() - beatsLeader, error);
        if (loss < 1 && !(costs < loss)) {
            return StoppingRule.keep(
                    "its forecast %s is below the leader's %s, but so uncertain that to stop it costs %s of the error left",
                    text(study, own.expected()), text(study, beatsLeader), costs);
        }
        if (target > 0) {
            double reaches = metric.score(metric.oriented(target));
            double hopeful = own.expected() + Normal.quantile(1 - miss) * Math.hypot(own.error(), own.level());
            if (!(hopeful < reaches)) {
                return StoppingRule.keep(
                        "its forecast %s, at best %s, may still reach the target %s",
                        text(study, own.expected()), text(study, hopeful), text(study, reaches));
            }
        }
        return new Decision.Stop(
                name(),
                version(),
                StoppingRule.sentence(
                        "%s at %s of the budget: its forecast is %s, with a chance of %s at least %s, the leader's %s (%s)",
                        metric.text(newest.value()),
                        newest.fraction(),
                        text(study, own.expected()),
                        risk,
                        text(study, optimistic),
                        text(study, beatsLeader),
                        leader.runId()),
                new Evidence(
                        newest.rung(),
                        metric.reported(metric.value(beatsLeader)),
                        metric.reported(metric.value(optimistic)),
                        forecast(metric, own),
                        Curve.ids(there),
                        Map.of(
                                "leaderForecast", metric.reported(metric.value(leader.expected())),
                                "error", own.error(),
                                "costs", costs,
                                "leaderError", leader.error(),
                                "anchors", (double) own.backbones())));
    }

    /** The forecast and its 95 % interval among its cohort: what all its runs have in common is not part of the error. */
    static Evidence.Forecast forecast(Metric metric, Outlook outlook) {
        double width = Normal.quantile(0.975) * outlook.error();
        double low = metric.reported(metric.value(outlook.expected() - width));
        double high = metric.reported(metric.value(outlook.expected() + width));
        return new Evidence.Forecast(
                metric.reported(metric.value(outlook.expected())), Math.min(low, high), Math.max(low, high));
    }

    private static String text(StudySoFar study, double score) {
        return study.metric().text(study.metric().value(score));
    }
}
