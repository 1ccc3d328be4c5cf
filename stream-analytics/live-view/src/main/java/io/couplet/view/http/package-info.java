/**
 * The model over HTTP: snapshots as JSON, changes as server-sent events, the page as static files.
 *
 * <p>Enters: GET requests, and POST requests with orders. Leaves: what {@link io.couplet.view.model.ViewModel} knows, and orders to {@link
 * io.couplet.view.http.Orders}. Must not know Kafka; changes nothing by itself.
 */
package io.couplet.view.http;
