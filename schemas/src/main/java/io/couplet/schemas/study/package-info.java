/**
 * The study specification: what a person asks for.
 *
 * <p>Enters: a YAML file and the names that exist. Leaves: a checked {@link io.couplet.schemas.study.StudySpecification},
 * its identity and its run requests; or every mistake in one message, each with its line and its fix. Must not know the
 * trainer: backbones, optimizers, recipes and rules are only names here.
 */
package io.couplet.schemas.study;
