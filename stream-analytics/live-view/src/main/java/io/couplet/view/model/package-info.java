/**
 * What the live view knows: studies, their grid of cells, runs and curves, built from the records of the topics.
 *
 * <p>Enters: records, one by one, with where they stood in their topic. Leaves: immutable snapshots, and their JSON. Must not know Kafka
 * clients, threads other than the caller's, HTTP, or the clock on the wall; and computes no score: it shows the ones it
 * reads.
 */
package io.couplet.view.model;
