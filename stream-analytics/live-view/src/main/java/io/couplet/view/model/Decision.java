package io.couplet.view.model;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An order about a run, and whether its trainer has acknowledged it.
 *
 * @param kind stop, pause or resume
 * @param shadow recorded only, not to be obeyed
 * @param acknowledged whether an event of the run names the command
 * @param acknowledgedMillis when that event was made
 */
public record Decision(
        String runId,
        String backbone,
        String optimizer,
        long seed,
        String commandId,
        String kind,
        String rule,
        int ruleVersion,
        String requestedBy,
        String reason,
        @Nullable Integer step,
        @Nullable Integer rung,
        @Nullable Double threshold,
        @Nullable Double observed,
        @Nullable Double forecast,
        @Nullable Double forecastLower,
        @Nullable Double forecastUpper,
        int peers,
        boolean shadow,
        boolean acknowledged,
        @Nullable Long acknowledgedMillis,
        long timeMillis) {

    /**
     * The order that a run has yet to obey; null when there is none.
     *
     * @param orders the run's, oldest first; a newer one takes the place of those before it
     */
    public static @Nullable Decision standing(List<Decision> orders) {
        Decision newest = null;
        for (Decision order : orders) {
            newest = order.shadow() ? newest : order;
        }
        return newest == null || newest.acknowledged() ? null : newest;
    }
}
