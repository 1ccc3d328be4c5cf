package io.couplet.stopper;

import io.couplet.schemas.avro.Evaluation;
import io.couplet.schemas.avro.RunCommand;
import io.couplet.schemas.avro.RunCommandKind;
import io.couplet.schemas.avro.RunEvent;
import io.couplet.schemas.avro.RunRequest;
import io.couplet.scores.stopping.CohortRule;
import io.couplet.scores.stopping.CohortRule.Judgement;
import io.couplet.scores.stopping.Curve;
import io.couplet.scores.stopping.Curve.Point;
import io.couplet.scores.stopping.Curve.State;
import io.couplet.scores.stopping.Decision;
import io.couplet.scores.stopping.Evidence;
import io.couplet.scores.stopping.Metric;
import io.couplet.scores.stopping.StudySoFar;
import io.couplet.stopper.StudyRules.Armed;
import io.couplet.stopper.StudyRun.Order;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What each record means for the runs of its study: a pure function of what was known, the record and the time. The same records in the same order give the same
 * orders, however often the reader was started again between them.
 */
final class StudyJudge {

    /**
     * What one record changes.
     *
     * @param changed the runs that are to be remembered anew, by id
     * @param orders what is to be told, orders of before among them when the record they rest on was delivered again
     */
    record StudyTurn(Map<String, StudyRun> changed, List<Order> orders) {}

    private StudyJudge() {}

    static StudyTurn judge(
            @Nullable StudyRules rules, Map<String, StudyRun> known, StudyInput input, Origin origin, long nowMillis) {
        List<Order> orders = new ArrayList<>();
        known.values()
                .forEach(run -> run.orders().stream()
                        .filter(order -> order.restsOn(origin))
                        .forEach(orders::add));
        Map<String, StudyRun> changed = new LinkedHashMap<>();
        if (input instanceof StudyInput.Request request) {
            note(known, request.request(), changed);
        } else if (input instanceof StudyInput.Event event) {
            note(known, event.event(), origin, changed);
        } else if (input instanceof StudyInput.Ordered ordered) {
            note(known, ordered.order(), changed);
        } else if (input instanceof StudyInput.Evaluated evaluated) {
            note(known, evaluated.evaluation(), origin, changed);
            if (!changed.isEmpty() && rules != null) {
                decide(rules, known, changed, evaluated.evaluation(), nowMillis, orders);
            }
        }
        return new StudyTurn(changed, orders);
    }

    /** A run that is asked for belongs to its cohort before it begins. */
    private static void note(Map<String, StudyRun> known, RunRequest request, Map<String, StudyRun> changed) {
        if (!known.containsKey(request.getRunId())) {
            changed.put(
                    request.getRunId(),
                    StudyRun.begun(
                            request.getRunId(),
                            request.getBackbone(),
                            point(request.getOptimizer(), request.getHyperparameterPoint()),
                            0));
        }
    }

    /** A run that a person has taken up again is the person's: a rule would stop it again at the next rung, for the reason of before. */
    private static void note(Map<String, StudyRun> known, RunCommand order, Map<String, StudyRun> changed) {
        StudyRun run = known.get(order.getRunId());
        if (order.getKind() == RunCommandKind.RESUME && run != null && !run.kept()) {
            changed.put(run.runId(), run.keptByAPerson());
        }
    }

    /** Another hyper-parameter point of an optimizer gains otherwise: rules take it for another optimizer. */
    private static String point(String optimizer, int hyperparameterPoint) {
        return hyperparameterPoint == 0 ? optimizer : optimizer + '#' + hyperparameterPoint;
    }

    private static void note(
            Map<String, StudyRun> known, RunEvent event, Origin origin, Map<String, StudyRun> changed) {
        StudyRun run = known.get(event.getRunId());
        if (run != null && event.getAttempt() < run.attempt()) {
            return;
        }
        double budget = Math.max(1, event.getBudgetSteps());
        StudyRun next = run == null
                ? StudyRun.begun(
                        event.getRunId(),
                        event.getBackbone(),
                        point(event.getOptimizer(), event.getHyperparameterPoint()),
                        event.getAttempt())
                : event.getAttempt() > run.attempt() ? run.takenUp(event.getAttempt(), leaves(event) / budget) : run;
        State state = switch (event.getKind()) {
            case COMPLETED -> State.COMPLETED;
            case STOPPED, DIVERGED, FAILED -> State.ENDED;
            case UNKNOWN, PREPARING, STARTED, RESUMED, CHECKPOINTED, RELEASED -> next.state();
        };
        next = next.warmingUpTo(event.getWarmupSteps() / budget).in(state).reading(origin);
        if (!next.equals(run)) {
            changed.put(next.runId(), next);
        }
    }

    /** Up to which step a later attempt leaves what there was: one that ended before it began takes nothing over. */
    private static double leaves(RunEvent event) {
        return switch (event.getKind()) {
            case STARTED, RESUMED -> event.getResumedAtStep();
            case UNKNOWN, PREPARING, CHECKPOINTED, COMPLETED, STOPPED, DIVERGED, FAILED, RELEASED ->
                Double.POSITIVE_INFINITY;
        };
    }

    /** An evaluation counts once: the one of the newest attempt at its rung. */
    private static void note(
            Map<String, StudyRun> known, Evaluation evaluation, Origin origin, Map<String, StudyRun> changed) {
        StudyRun run = known.get(evaluation.getRunId());
        int attempt = evaluation.getAttempt();
        if (run != null && attempt < run.attempt()) {
            return;
        }
        StudyRun next = run == null
                ? StudyRun.begun(
                        evaluation.getRunId(),
                        evaluation.getBackbone(),
                        point(evaluation.getOptimizer(), evaluation.getHyperparameterPoint()),
                        attempt)
                : attempt > run.attempt() ? run.takenUp(attempt, evaluation.getFraction()) : run;
        Point point = new Point(evaluation.getRung(), evaluation.getFraction(), evaluation.getTop1());
        if (next.points().contains(point)) {
            return;
        }
        next = next.at(point).reading(origin);
        changed.put(next.runId(), next);
    }

    /** Asks every rule; what one stops the next ones see as ended. A value that came late, behind a later one, is judged by nobody. */
    private static void decide(
            StudyRules rules,
            Map<String, StudyRun> known,
            Map<String, StudyRun> changed,
            Evaluation evaluation,
            long nowMillis,
            List<Order> orders) {
        Map<String, StudyRun> runs = new TreeMap<>(known);
        runs.putAll(changed);
        for (Armed armed : rules.armed()) {
            CohortRule rule = armed.made();
            List<Curve> curves = runs.values().stream().map(StudyRun::curve).toList();
            StudySoFar study = new StudySoFar(Metric.ACCURACY, 0, rules.backbones(), curves);
            for (Judgement judgement : rule.judge(study, evaluation.getRunId())) {
                StudyRun run = runs.get(judgement.runId());
                if (run != null
                        && !run.kept()
                        && judgement.decision() instanceof Decision.Stop stop
                        && !run.isDecidedBy(stop.rule())) {
                    Order order = new Order(
                            command(run, stop, armed, evaluation, offsets(runs), nowMillis),
                            evaluation.getTimeMillis());
                    orders.add(order);
                    StudyRun next = run.ordered(order);
                    runs.put(next.runId(), next);
                    changed.put(next.runId(), next);
                }
            }
        }
    }

    /** The newest offset read of each topic-partition: what everything that was compared rests on. */
    private static Map<String, Long> offsets(Map<String, StudyRun> runs) {
        Map<String, Long> offsets = new TreeMap<>();
        runs.values()
                .forEach(run -> run.read().forEach((partition, offset) -> offsets.merge(partition, offset, Math::max)));
        return offsets;
    }

    private static RunCommand command(
            StudyRun run,
            Decision.Stop stop,
            Armed armed,
            Evaluation evaluation,
            Map<String, Long> offsets,
            long nowMillis) {
        Evidence evidence = stop.evidence();
        double fraction = run.points().get(run.points().size() - 1).fraction();
        return RunCommand.newBuilder()
                .setRunId(run.runId())
                .setStudyId(evaluation.getStudyId())
                .setCommandId(Judge.commandId(run.runId(), run.attempt(), stop.rule()))
                .setKind(RunCommandKind.STOP)
                .setRule(stop.rule())
                .setRuleVersion(stop.version())
                .setRequestedBy(Judge.REQUESTED_BY)
                .setReason(stop.reason())
                .setStep((int) Math.round(fraction * evaluation.getBudgetSteps()))
                .setRung(evidence.rung() > 0 ? evidence.rung() : null)
                .setThreshold(number(evidence.threshold()))
                .setObserved(number(evidence.observed()))
                .setForecast(number(evidence.forecast().value()))
                .setForecastLower(number(evidence.forecast().lower()))
                .setForecastUpper(number(evidence.forecast().upper()))
                .setPeers(evidence.peers())
                .setInputOffsets(offsets)
                .setShadow(armed.shadow())
                .setPause(armed.pause())
                .setTimeMillis(nowMillis)
                .build();
    }

    private static @Nullable Double number(double value) {
        return Double.isNaN(value) ? null : (Double) value;
    }
}
