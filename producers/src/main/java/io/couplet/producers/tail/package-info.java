/**
 * Logs of trainings that know nothing of Couplet, followed as they grow.
 *
 * <p>Enters: the bytes of CSV files, JSON lines, TensorBoard event files and W&amp;B transaction logs. Leaves: the records their trainers would have sent, in the
 * order of the log; and what could not be read, with its place and cause. Decoding and assembling are pure: state in, state out, so that a restart goes on where the
 * last process stopped. Must not know who reads the records.
 */
package io.couplet.producers.tail;
