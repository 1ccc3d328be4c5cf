package io.couplet.view.http;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.function.IntSupplier;

/** Who looks, what is sent to them, and what was refused, for whoever scrapes it. */
final class ServerMeters {

    private final MeterRegistry registry;

    ServerMeters(MeterRegistry registry) {
        this.registry = registry;
    }

    void bind(IntSupplier viewers, Updates updates, Refusals refusals) {
        Gauge.builder("couplet.view.viewers", viewers, IntSupplier::getAsInt)
                .description("Open event streams.")
                .strongReference(true)
                .register(registry);
        FunctionCounter.builder("couplet.view.updates.made", updates, Updates::made)
                .description("Updates made; viewers in step share them.")
                .register(registry);
        FunctionCounter.builder("couplet.view.updates.sent", updates, Updates::sent)
                .description("Updates handed to viewers. None is dropped: a slow viewer gets fewer, larger ones.")
                .register(registry);
        refusals.measureIn(registry);
    }
}
