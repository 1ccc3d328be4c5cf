/**
 * Who may do what in Kafka: the one table of the least each service needs.
 *
 * <p>Enters: a service. Leaves: its permissions, as ACLs, as commands, as a table. Must not know how a service works.
 */
package io.couplet.cli.acls;
