/**
 * What torch can do and DJL does not expose, reached through TorchScript.
 *
 * <p>In: source of a function. Out: the function, to be called with DJL's values. Knows nothing of backbones, optimizers or training.
 */
package io.couplet.trainer.torch;
