/**
 * How strongly backbones and optimizers are coupled.
 *
 * <p>Enters: one accuracy per run at the same fraction of the budget, as {@link io.couplet.scores.coupling.Observation}s in any order, and what is known beside
 * them, as {@link io.couplet.scores.coupling.CouplingSettings}. Leaves: a {@link io.couplet.scores.coupling.Coupling} of the table: residuals, variance shares, a
 * test of the interaction, family contrasts, the paper's statistics, ranks, advice, each with what it saw; apart from it {@link
 * io.couplet.scores.coupling.Robustness} of an optimizer's hyper-parameters and {@link io.couplet.scores.coupling.PerformanceProfiles} of costs to a target.
 * Accuracies are fractions in [0, 1]; differences of accuracies are percentage points and named so. Must not know: how runs were
 * trained or delivered, the wall clock, a generator whose seed is anything but the table itself: the same table gives the same bytes, and permuting its labels
 * permutes the results.
 */
package io.couplet.scores.coupling;
