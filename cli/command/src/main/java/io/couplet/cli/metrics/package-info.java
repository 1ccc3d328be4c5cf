/**
 * What a service says of itself over HTTP: {@code /metrics} for Prometheus and {@code /health} for whoever restarts containers.
 *
 * <p>Enters: meters that the services register, and why one does not work. Leaves: text. Must not know what is measured.
 */
package io.couplet.cli.metrics;
