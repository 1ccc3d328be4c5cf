/**
 * How strongly backbones and optimizers are coupled.
 *
 * <p>Enters: one accuracy per run at the same fraction of the budget, as {@link io.couplet.scores.coupling.Observation}s in any order. Leaves: a
 * {@link io.couplet.scores.coupling.Coupling} of the table: residuals, variance shares, the paper's statistics, advice, each with what it saw.
 * Accuracies are fractions in [0, 1]; differences of accuracies are percentage points and named so. Must not know: how runs were
 * trained or delivered, the wall clock, a random generator (every interval is in closed form, so that permuting labels permutes results exactly).
 */
package io.couplet.scores.coupling;
