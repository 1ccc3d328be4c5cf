package io.couplet.view.alerts;

import io.couplet.view.alerts.Alert.Origin;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Alerts in the order in which they are to be told, the first of them tried until it is delivered or given up. No clock of its own. */
final class Outbox {

    private static final long LONGEST_PAUSE_MILLIS = 60_000;

    private final int most;
    private final long patienceMillis;
    private final long firstPauseMillis;
    private final ArrayDeque<Pending> pending = new ArrayDeque<>();
    private int failures;
    private long notBefore;

    /**
     * An alert that waits.
     *
     * @param giveUpMillis after that it is not tried again
     */
    record Pending(Alert alert, long giveUpMillis) {}

    Outbox(int most, Duration patience, Duration firstPause) {
        this.most = most;
        this.patienceMillis = patience.toMillis();
        this.firstPauseMillis = firstPause.toMillis();
    }

    void add(Collection<Alert> alerts, long nowMillis) {
        alerts.forEach(alert -> pending.add(new Pending(alert, nowMillis + patienceMillis)));
    }

    /** Whether no more should be read for now. */
    boolean isFull() {
        return pending.size() >= most;
    }

    int size() {
        return pending.size();
    }

    /** What is to be tried now; null when nothing is. */
    @Nullable
    Alert due(long nowMillis) {
        Pending first = pending.peek();
        return first == null || nowMillis < notBefore ? null : first.alert();
    }

    /** The first one is settled, one way or the other. */
    void settled() {
        pending.remove();
        failures = 0;
        notBefore = 0;
    }

    /** The first one failed; false when it has been tried for long enough. */
    boolean failed(long nowMillis, long askedPauseMillis) {
        Pending first = pending.element();
        if (nowMillis >= first.giveUpMillis()) {
            return false;
        }
        long pause = Math.min(LONGEST_PAUSE_MILLIS, firstPauseMillis << Math.min(failures, 20));
        failures++;
        notBefore = Math.min(first.giveUpMillis(), nowMillis + Math.max(pause, askedPauseMillis));
        return true;
    }

    /**
     * Positions up to which everything is settled: those read, but never past a record whose alert still waits. A stall follows from silence, not from a record; for
     * it there is {@link #judgedUntil}.
     */
    Map<String, Long> settledUpTo(Map<String, Long> read) {
        Map<String, Long> positions = new HashMap<>(read);
        for (Pending each : pending) {
            Origin origin = each.alert().origin();
            if (each.alert().event() != Alert.Event.RUN_STALLED) {
                positions.computeIfPresent(partition(origin), (name, at) -> Math.min(at, origin.offset()));
            }
        }
        return positions;
    }

    /** A moment before which every stall has been told. */
    long judgedUntil(long judgedMillis) {
        return pending.stream()
                .map(Pending::alert)
                .filter(alert -> alert.event() == Alert.Event.RUN_STALLED)
                .mapToLong(alert -> alert.timeMillis() - 1)
                .reduce(judgedMillis, Math::min);
    }

    static String partition(Origin origin) {
        return origin.topic() + '/' + origin.partition();
    }
}
