/**
 * The model over HTTP: snapshots as JSON, changes as server-sent events, the page as static files.
 *
 * <p>Enters: GET requests. Leaves: what {@link io.couplet.view.model.ViewModel} knows. Must not know Kafka; changes
 * nothing.
 */
package io.couplet.view.http;
