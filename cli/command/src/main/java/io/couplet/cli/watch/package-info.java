/**
 * The live table in a terminal.
 *
 * <p>Enters: snapshots of a study, the terminal's size and keys. Leaves: lines that fit. Must not know Kafka.
 */
package io.couplet.cli.watch;
