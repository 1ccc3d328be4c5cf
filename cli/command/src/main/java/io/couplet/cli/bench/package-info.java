/**
 * {@code couplet bench}: the measurements behind every figure of speed that the documentation states, for anyone to repeat on their own machine.
 *
 * <p>Enters: what to measure. Leaves: figures, as a table or JSON, with the ratios between those measured side by side in one run; a time alone says little on a
 * shared machine. Knows every module; no other package knows it but the command itself.
 */
package io.couplet.cli.bench;
