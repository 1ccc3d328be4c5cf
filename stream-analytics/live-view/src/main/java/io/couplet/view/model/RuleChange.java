package io.couplet.view.model;

import java.util.List;

/**
 * Other stopping rules for a study that is under way.
 *
 * @param rules all that judge its runs from then on, each with its options
 */
public record RuleChange(String commandId, List<String> rules, String requestedBy, String reason, long timeMillis) {}
