/**
 * Everything on one machine: the data directory, the broker's process, and the system that {@code couplet run} starts.
 *
 * <p>Enters: a study and a data directory. Leaves: a running system with an address, ended in reverse order. Must not
 * print: it reports through a listener, and what the user can mend as a {@link io.couplet.cli.local.UserError}.
 */
package io.couplet.cli.local;
