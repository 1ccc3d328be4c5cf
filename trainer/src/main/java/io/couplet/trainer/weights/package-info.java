/**
 * Weights that somebody else has trained.
 *
 * <p>In: a file in the safetensors format with tensors under timm's names, and a {@link io.couplet.trainer.backbones.ParameterLayout}, whose names are the same. Out:
 * the two flat vectors that a training begins with, and a report of what fitted and what did not.
 *
 * <p>Believes nothing that a file says about itself before it was checked. Knows nothing of the engine, of training loops or Kafka.
 */
package io.couplet.trainer.weights;
