/**
 * The training loop.
 *
 * <p>In: a {@link io.couplet.trainer.training.TrainingPlan}, {@link io.couplet.trainer.training.TrainingData}, a signal to stop. Out: one
 * {@link io.couplet.trainer.training.StepResult} per step and one {@link io.couplet.trainer.training.EvaluationResult} per rung to a listener, and an
 * {@link io.couplet.trainer.training.Outcome}. Several trainings run at once in one process, each on a thread of its own; on a CPU the same plan gives the same
 * numbers every time.
 *
 * <p>Knows nothing of Kafka, topics or studies.
 */
package io.couplet.trainer.training;
