/**
 * {@code couplet score}: coupling analysis of any finished table of results.
 *
 * <p>Enters: CSV files with a name in front of each row and at the head of each column. Leaves: a {@link io.couplet.scores.coupling.Coupling} as text or JSON. Everything
 * that is wrong with a file is said in one sentence with its line, its column and the fix. Must not know: Kafka, studies, terminals.
 */
package io.couplet.cli.score;
