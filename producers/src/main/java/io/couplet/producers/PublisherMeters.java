package io.couplet.producers;

import io.couplet.schemas.Topic;
import io.couplet.schemas.Topics;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.kafka.KafkaClientMetrics;
import java.util.function.ToDoubleFunction;
import org.apache.kafka.clients.producer.Producer;
import org.jspecify.annotations.Nullable;

/** The publisher's counts by topic, and the metrics of its Kafka producer, for whoever scrapes them. Belongs to the publisher's thread, apart from {@link #bind}. */
final class PublisherMeters implements AutoCloseable {

    private final MeterRegistry meters;
    private @Nullable KafkaClientMetrics ofProducer;

    PublisherMeters(MeterRegistry meters) {
        this.meters = meters;
    }

    /** Measures a producer, and the one before it no longer. */
    synchronized <K, V> Producer<K, V> measured(Producer<K, V> producer) {
        close();
        KafkaClientMetrics metrics = new KafkaClientMetrics(producer);
        metrics.bindTo(meters);
        ofProducer = metrics;
        return producer;
    }

    @Override
    public synchronized void close() {
        if (ofProducer != null) {
            ofProducer.close();
            ofProducer = null;
        }
    }

    /** Counters and gauges of every topic; the accounting identity holds for each. */
    void bind(Backlog backlog) {
        for (Topic<?> topic : Topics.all()) {
            String name = topic.name();
            counter(backlog, name, "emitted", "Records handed to the publisher.", Counts::emitted);
            counter(backlog, name, "acknowledged", "Records that Kafka holds.", Counts::acknowledged);
            counter(backlog, name, "lost", "Records that are nowhere.", Counts::lost);
            gauge(backlog, name, "spooled", "Records on the local disk, not in Kafka yet.", Counts::spooled);
            gauge(backlog, name, "in.flight", "Records in memory only.", Counts::inFlight);
        }
    }

    private void counter(
            Backlog backlog, String topic, String what, String description, ToDoubleFunction<Counts> count) {
        FunctionCounter.builder(
                        "couplet.publisher.records." + what,
                        backlog,
                        each -> count.applyAsDouble(each.countsOfTopic(topic)))
                .description(description)
                .tag("topic", topic)
                .register(meters);
    }

    private void gauge(Backlog backlog, String topic, String what, String description, ToDoubleFunction<Counts> count) {
        Gauge.builder(
                        "couplet.publisher.records." + what,
                        backlog,
                        each -> count.applyAsDouble(each.countsOfTopic(topic)))
                .description(description)
                .tag("topic", topic)
                .strongReference(true)
                .register(meters);
    }
}
