/**
 * Alerts: what happened to runs and studies that somebody must hear of, posted to a webhook.
 *
 * <p>Enters: run requests, run events, evaluations, convergence scores, run commands. Leaves: one JSON body per alert, or a dead letter with its cause. The
 * topics are the queue: what has been told is what the group has committed. Must not know the page.
 */
package io.couplet.view.alerts;
