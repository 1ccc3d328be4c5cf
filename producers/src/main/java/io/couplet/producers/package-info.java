/**
 * Whatever originates events.
 *
 * <p>Enters: records from a trainer, studies from a person. Leaves: records in Kafka, or in a spool on the local disk
 * until Kafka takes them, and counts that prove that none is missing. Must not know how a run is trained or what its
 * records are good for.
 */
package io.couplet.producers;
