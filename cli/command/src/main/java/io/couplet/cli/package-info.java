/**
 * The {@code couplet} command: one class per verb and noun, the exit codes, and where flags and defaults come from.
 *
 * <p>Enters: arguments, environment variables, study files. Leaves: results on stdout, talk on stderr, an exit code.
 * Knows every module; no module knows it.
 */
package io.couplet.cli;
