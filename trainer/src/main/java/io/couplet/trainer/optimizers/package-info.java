/**
 * Optimizers: each a formula over flat vectors, written once.
 *
 * <p>In: the flat parameters, their flat gradient, where each tensor lies in them, and a learning rate for this step. Out: new parameters in place, an
 * {@link io.couplet.trainer.optimizers.OptimizerState} that can be saved, and three norms. A formula is written against
 * {@link io.couplet.trainer.optimizers.Flat} and runs over {@code float[]} chunks on a CPU
 * ({@link io.couplet.trainer.optimizers.Updater}) or over whole buffers on a device ({@link io.couplet.trainer.optimizers.DeviceUpdater}).
 *
 * <p>Knows nothing of backbones, schedules, data or Kafka. Options and defaults are named as torch and timm name them.
 */
package io.couplet.trainer.optimizers;
