/**
 * Recorded curves as files.
 *
 * <p>Enters: a CSV file in long form, a row an evaluation or a step. Leaves: runs with their values, or one sentence with the line and the fix. Must not
 * know what is done with them.
 */
package io.couplet.cli.curves;
