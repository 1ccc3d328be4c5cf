package io.couplet.view.http;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.composite.CompositeMeterRegistry;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Counts requests that were refused. The first of each status is logged, so that nobody can fill the log; the counts are in the health answer. */
final class Refusals {

    private static final Logger LOG = LoggerFactory.getLogger(Refusals.class);
    private static final int MOST_CHARACTERS = 200;

    private final Map<Integer, LongAdder> byStatus = new ConcurrentHashMap<>();
    private volatile MeterRegistry registry = new CompositeMeterRegistry();

    /** From now on they are counted there too. */
    void measureIn(MeterRegistry meters) {
        registry = meters;
        counter(404); // So that there is one before the first.
    }

    private Counter counter(int status) {
        return Counter.builder("couplet.view.requests.refused")
                .description("Requests refused, by HTTP status.")
                .tag("status", String.valueOf(status))
                .register(registry);
    }

    void add(int status, String from, String sentence) {
        LongAdder count = byStatus.computeIfAbsent(status, each -> new LongAdder());
        count.increment();
        counter(status).increment();
        if (count.sum() == 1) {
            LOG.warn(
                    "Refused a request from {} with {}: {} Further ones are only counted.",
                    from,
                    status,
                    shortened(sentence));
        }
    }

    /** Refused requests by HTTP status. */
    Map<String, Long> counts() {
        Map<String, Long> counts = new TreeMap<>();
        byStatus.forEach((status, count) -> counts.put(String.valueOf(status), count.sum()));
        return counts;
    }

    /** In one line and of bounded length, as what is asked for is anybody's text. */
    static String shortened(String text) {
        String line = text.replaceAll("\\p{Cntrl}", " ");
        return line.length() <= MOST_CHARACTERS ? line : line.substring(0, MOST_CHARACTERS) + "…";
    }
}
