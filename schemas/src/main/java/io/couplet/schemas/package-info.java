/**
 * The contract between all parts: which topics there are, what their records mean, how they are written as bytes.
 *
 * <p>Enters: nothing. Leaves: {@link io.couplet.schemas.Topics}, the one table of topics, the byte format, and the
 * identity of runs. Must not know who produces or consumes.
 */
package io.couplet.schemas;
