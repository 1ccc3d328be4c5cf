/**
 * Backbones: image classifiers as plain classes over DJL's functional operations.
 *
 * <p>In: a name, a size, an image size and a number of classes. Out: a {@link io.couplet.trainer.backbones.Backbone}, that is, a
 * {@link io.couplet.trainer.backbones.ParameterLayout} (which tensors there are, under timm's names, and where each lies in one flat buffer)
 * and a function from images to logits. The weights themselves live elsewhere and are handed in through a
 * {@link io.couplet.trainer.backbones.Pass}. A layer is written for any width and depth, so the size of the paper and the nano size are the same
 * classes with other numbers.
 *
 * <p>Knows nothing of optimizers, data sets, training loops or Kafka.
 */
package io.couplet.trainer.backbones;
