package io.couplet.view.http;

import com.fasterxml.jackson.annotation.JsonValue;
import io.couplet.view.model.Decision;
import io.couplet.view.model.RunStatus;
import io.couplet.view.model.ViewModel;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes a person's orders: looks whether the run can obey, and gives each order once, however often and by however many it is asked for before the trainer has acknowledged it.
 */
public final class OrderDesk {

    private static final Logger LOG = LoggerFactory.getLogger(OrderDesk.class);

    private final ViewModel model;
    private final Orders orders;
    private final Map<String, Desk> desks = new ConcurrentHashMap<>();

    /** What a person may order. */
    public enum Kind {
        STOP,
        PAUSE,
        RESUME;

        @JsonValue
        String label() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** How an order went. */
    public sealed interface Outcome {}

    /**
     * On its way, or already on its way before.
     *
     * @param commandId what the trainer's acknowledgement will name
     * @param requestedBy who asked first
     * @param already whether the same order was under way before
     */
    public record Given(String runId, Kind order, String commandId, String requestedBy, boolean already)
            implements Outcome {}

    /**
     * Not given, and why.
     *
     * @param status what HTTP calls it
     */
    public record Refused(int status, String sentence) implements Outcome {}

    /** One run's: its lock, and the newest order of this server, which the model may not have read yet. */
    private static final class Desk {
        private @Nullable Given newest;
    }

    /** @param model that tells how the runs stand, live or as it was just read */
    public OrderDesk(ViewModel model, Orders orders) {
        this.model = model;
        this.orders = orders;
    }

    /** Gives an order, unless the run cannot obey it or is about to. */
    public Outcome order(String runId, Kind kind, String requestedBy, String reason) {
        if (model.status(runId) == null) {
            return new Refused(404, "No run " + Refusals.shortened(runId) + " has been read.");
        }
        Desk desk = desks.computeIfAbsent(runId, each -> new Desk());
        synchronized (desk) {
            Given underWay = underWay(runId, desk.newest);
            if (underWay != null && underWay.order() == kind) {
                return underWay;
            }
            String hindrance = hindrance(runId, kind);
            if (hindrance != null) {
                return new Refused(409, hindrance);
            }
            try {
                Given given = new Given(runId, kind, give(runId, kind, requestedBy, reason), requestedBy, false);
                desk.newest = given;
                LOG.info("{} ordered by {}: {}, command {}", runId, requestedBy, kind.label(), given.commandId());
                return given;
            } catch (OrderException e) {
                LOG.warn("An order to {} did not reach Kafka", runId, e);
                return new Refused(503, String.valueOf(e.getMessage()));
            }
        }
    }

    private String give(String runId, Kind kind, String requestedBy, String reason) {
        return kind == Kind.RESUME
                ? orders.resume(runId, requestedBy, reason)
                : orders.stop(runId, requestedBy, reason, kind == Kind.PAUSE);
    }

    /** The order that stands: given here and not read back yet, or read and not acknowledged yet. */
    private @Nullable Given underWay(String runId, @Nullable Given newest) {
        List<Decision> decisions = model.decisions(runId);
        if (newest != null
                && decisions.stream().noneMatch(each -> each.commandId().equals(newest.commandId()))) {
            return new Given(runId, newest.order(), newest.commandId(), newest.requestedBy(), true);
        }
        Decision standing = Decision.standing(decisions);
        return standing == null
                ? null
                : new Given(
                        runId,
                        Kind.valueOf(standing.kind().toUpperCase(Locale.ROOT)),
                        standing.commandId(),
                        standing.requestedBy(),
                        true);
    }

    /** Why a run cannot obey; null when it can. */
    private @Nullable String hindrance(String runId, Kind kind) {
        RunStatus status = model.status(runId);
        if (kind == Kind.RESUME) {
            return status == RunStatus.PAUSED
                    ? null
                    : "Run " + runId + " is not paused, so there is nothing to resume.";
        }
        if (status == RunStatus.PAUSED) {
            return "Run " + runId + " is paused already.";
        }
        return status == null || status.ended() ? "Run " + runId + " has ended already." : null;
    }
}
