/**
 * One Kafka broker that is its own controller, for one machine and for tests.
 *
 * <p>What enters: a directory and a port. What leaves: an address that Kafka clients connect to. What it must not know: topics, schemas,
 * studies or anything else of Couplet; it is a stock broker with small settings. It listens on 127.0.0.1 only.
 */
package io.couplet.broker;
