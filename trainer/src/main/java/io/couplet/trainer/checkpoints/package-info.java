/**
 * Checkpoints on disk: everything a training needs to go on as if it had never stopped.
 *
 * <p>In: a {@link io.couplet.trainer.checkpoints.Checkpoint}, plain arrays by name. Out: one file per run in a directory that several trainers may share,
 * replaced as a whole or not at all. What is not in it (learning rate, order of the images, augmentation, dropout) is a function of the seed and the step.
 *
 * <p>Knows nothing of the engine, Kafka or studies.
 */
package io.couplet.trainer.checkpoints;
