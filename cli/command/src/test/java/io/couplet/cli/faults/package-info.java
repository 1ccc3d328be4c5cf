/**
 * Couplet as a cluster of processes on this machine, and what such processes go through: killed, frozen, cut off, replaced. Knows the commands and the topics
 * as a user does, and nothing of what is inside a service.
 */
package io.couplet.cli.faults;
