/**
 * Recipes: everything about a training that is neither backbone nor optimizer nor data.
 *
 * <p>In: a name, or the backbone that is to be trained. Out: a {@link io.couplet.trainer.recipes.Recipe} of plain numbers and a {@link
 * io.couplet.trainer.recipes.Schedule} that is a pure function of the step. Knows nothing of DJL, data sets or Kafka.
 */
package io.couplet.trainer.recipes;
