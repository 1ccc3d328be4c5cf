package io.couplet.view.model;

import org.jspecify.annotations.Nullable;

/**
 * An order to stop a run, and whether its trainer has acknowledged it.
 *
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
        long timeMillis) {}
