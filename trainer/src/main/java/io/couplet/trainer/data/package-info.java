/**
 * Labelled images, from the user's files or made up, as batches that are ready for a net.
 *
 * <p>Enters: {@link io.couplet.trainer.data.DataOptions}, files in any of the formats that {@link
 * io.couplet.trainer.data.DataSets} names. Leaves: an immutable {@link io.couplet.trainer.data.DataSplit}, and from it
 * {@link io.couplet.trainer.data.Batch}es whose order and augmentation depend on nothing but a seed and the step.
 *
 * <p>Must not know: Kafka, Avro, DJL, or what the batches are for. No file of the user is ever written, moved or unpacked.
 */
package io.couplet.trainer.data;
