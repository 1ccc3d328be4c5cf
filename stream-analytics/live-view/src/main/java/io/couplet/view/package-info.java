/**
 * The live view as a service: topics in; a page, an API and reports out.
 *
 * <p>Enters: the records of the topics. Leaves: {@link io.couplet.view.LiveView}, which serves what
 * {@link io.couplet.view.model.ViewModel} knows. Must not know trainers, Flink or the command line; writes to no topic.
 */
package io.couplet.view;
