package io.couplet.producers;

/**
 * Where the records handed to a {@link MetricPublisher} are. At any time
 *
 * <pre>emitted = acknowledged + spooled + inFlight + lost</pre>
 *
 * and after {@link MetricPublisher#flush} nothing is in flight: {@code emitted = acknowledged + spooled}, as long as
 * nothing is lost, which takes a full disk while Kafka is away, or a record that the broker refuses for its own sake.
 *
 * @param emitted records handed over
 * @param acknowledged records that Kafka holds, by all its in-sync replicas
 * @param spooled records on the local disk that Kafka has not acknowledged yet
 * @param inFlight records in memory only
 * @param lost records that are nowhere; each was logged
 */
public record Counts(long emitted, long acknowledged, long spooled, long inFlight, long lost) {

    /** Nothing yet. */
    public static final Counts NONE = new Counts(0, 0, 0, 0, 0);

    public Counts {
        if (emitted != acknowledged + spooled + inFlight + lost) {
            throw new IllegalArgumentException("emitted must be acknowledged + spooled + inFlight + lost, was "
                    + emitted + " and " + acknowledged + " + " + spooled + " + " + inFlight + " + " + lost);
        }
    }

    /** Both together. */
    public Counts plus(Counts other) {
        return new Counts(
                emitted + other.emitted,
                acknowledged + other.acknowledged,
                spooled + other.spooled,
                inFlight + other.inFlight,
                lost + other.lost);
    }

    /** What has come since an earlier reading of the same counts, e.g. at the beginning of an attempt. */
    public Counts minus(Counts earlier) {
        return new Counts(
                emitted - earlier.emitted,
                acknowledged - earlier.acknowledged,
                spooled - earlier.spooled,
                inFlight - earlier.inFlight,
                lost - earlier.lost);
    }
}
