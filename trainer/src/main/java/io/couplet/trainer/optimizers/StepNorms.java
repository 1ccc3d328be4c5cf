package io.couplet.trainer.optimizers;

/**
 * Euclidean norms of one step over all parameters.
 *
 * @param gradient before any clipping
 * @param update of the change that the step made
 * @param parameters before the step
 */
public record StepNorms(double gradient, double update, double parameters) {}
