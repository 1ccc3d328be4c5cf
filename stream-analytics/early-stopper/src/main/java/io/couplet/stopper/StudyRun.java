package io.couplet.stopper;

import io.couplet.schemas.avro.RunCommand;
import io.couplet.scores.stopping.Curve;
import io.couplet.scores.stopping.Curve.Point;
import io.couplet.scores.stopping.Curve.State;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What the stopper remembers of a run for the sake of its cohort.
 *
 * @param runId the run
 * @param backbone its backbone
 * @param optimizer its optimizer, with the number of its hyper-parameter point but the first
 * @param attempt the newest attempt heard of; 0 while the run is only asked for
 * @param warmupFraction the share of its budget that is warm-up; 0 until an event tells
 * @param state whether it trains; a run that was told to stop does not
 * @param points its values at the rungs of the newest attempt and of those it goes on from
 * @param read offset by topic-partition of the newest records that told of it
 * @param orders what was decided of this attempt, orders in shadow among them
 * @param kept whether a person had it taken up again: no rule stops it any more
 */
record StudyRun(
        String runId,
        String backbone,
        String optimizer,
        int attempt,
        double warmupFraction,
        State state,
        List<Point> points,
        Map<String, Long> read,
        List<Order> orders,
        boolean kept) {

    StudyRun {
        points = List.copyOf(points);
        read = Map.copyOf(read);
        orders = List.copyOf(orders);
    }

    /**
     * A decision to stop.
     *
     * @param command the order, with its evidence
     * @param evidenceMillis when the evaluation was made that led to it
     */
    record Order(RunCommand command, long evidenceMillis) {

        boolean restsOn(Origin origin) {
            Long offset = command.getInputOffsets().get(origin.topicPartition());
            return offset != null && offset == origin.offset();
        }
    }

    static StudyRun begun(String runId, String backbone, String optimizer, int attempt) {
        return new StudyRun(
                runId, backbone, optimizer, attempt, 0, State.TRAINING, List.of(), Map.of(), List.of(), false);
    }

    /** The run as rules see it: one that was told to stop has ended, and one that was evaluated at its end is complete, whatever its trainer says later. */
    Curve curve() {
        boolean told = orders.stream().anyMatch(order -> !order.command().getShadow());
        boolean done = !points.isEmpty() && points.get(points.size() - 1).fraction() >= 1;
        return new Curve(
                runId,
                backbone,
                optimizer,
                warmupFraction,
                points,
                state != State.TRAINING ? state : done ? State.COMPLETED : told ? State.ENDED : State.TRAINING);
    }

    boolean isDecidedBy(String rule) {
        return orders.stream().anyMatch(order -> order.command().getRule().equals(rule));
    }

    /** A later attempt that goes on from a share of the budget: what came behind it is taken back, and so are the orders. */
    StudyRun takenUp(int later, double from) {
        List<Point> left =
                points.stream().filter(point -> point.fraction() <= from + 1e-9).toList();
        return new StudyRun(
                runId, backbone, optimizer, later, warmupFraction, State.TRAINING, left, read, List.of(), kept);
    }

    StudyRun in(State next) {
        return new StudyRun(runId, backbone, optimizer, attempt, warmupFraction, next, points, read, orders, kept);
    }

    StudyRun warmingUpTo(double fraction) {
        return new StudyRun(runId, backbone, optimizer, attempt, fraction, state, points, read, orders, kept);
    }

    StudyRun reading(Origin origin) {
        Map<String, Long> next = new HashMap<>(read);
        next.merge(origin.topicPartition(), origin.offset(), Math::max);
        return new StudyRun(runId, backbone, optimizer, attempt, warmupFraction, state, points, next, orders, kept);
    }

    /** With a value, in place of an earlier one at the same rung. */
    StudyRun at(Point point) {
        List<Point> next = new ArrayList<>();
        for (Point each : points) {
            if (each.rung() < point.rung()) {
                next.add(each);
            }
        }
        next.add(point);
        for (Point each : points) {
            if (each.rung() > point.rung()) {
                next.add(each);
            }
        }
        return new StudyRun(runId, backbone, optimizer, attempt, warmupFraction, state, next, read, orders, kept);
    }

    StudyRun ordered(Order order) {
        List<Order> next = new ArrayList<>(orders);
        next.add(order);
        return new StudyRun(runId, backbone, optimizer, attempt, warmupFraction, state, points, read, next, kept);
    }

    /** From now on no rule stops it. */
    StudyRun keptByAPerson() {
        return new StudyRun(runId, backbone, optimizer, attempt, warmupFraction, state, points, read, orders, true);
    }
}
