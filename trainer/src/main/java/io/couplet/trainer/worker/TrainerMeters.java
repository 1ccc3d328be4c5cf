package io.couplet.trainer.worker;

import io.couplet.schemas.avro.RunEventKind;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** What a trainer has done and does, for whoever scrapes it: slots, runs, steps, waiting. Safe for use by several threads. */
final class TrainerMeters {

    /** From a nano step on a CPU to a paper-size step on a busy device. */
    private static final Duration[] STEP_BUCKETS = {
        Duration.ofMillis(2),
        Duration.ofMillis(5),
        Duration.ofMillis(10),
        Duration.ofMillis(20),
        Duration.ofMillis(50),
        Duration.ofMillis(100),
        Duration.ofMillis(200),
        Duration.ofMillis(500),
        Duration.ofSeconds(1),
        Duration.ofSeconds(2),
        Duration.ofSeconds(5),
    };

    /** A request may bear any time, and a timer counts nanoseconds. */
    private static final Duration LONGEST = Duration.ofDays(365);

    private final MeterRegistry registry;
    private final Timer step;
    private final Timer wait;
    private final Counter deadLetters;
    private final Map<RunEventKind, Counter> events = new EnumMap<>(RunEventKind.class);
    private final Map<String, AtomicInteger> inUse = new HashMap<>();

    /** @param devices one for each worker */
    TrainerMeters(MeterRegistry registry, List<String> devices) {
        this.registry = registry;
        step = Timer.builder("couplet.trainer.step")
                .description("Wall time of a training step.")
                .serviceLevelObjectives(STEP_BUCKETS)
                .register(registry);
        wait = Timer.builder("couplet.trainer.request.wait")
                .description("From a request's submission until its first attempt begins.")
                .register(registry);
        deadLetters = Counter.builder("couplet.trainer.dead.letters")
                .description("Requests that could not be read.")
                .register(registry);
        for (RunEventKind kind : RunEventKind.values()) {
            if (kind != RunEventKind.UNKNOWN && kind != RunEventKind.PREPARING) {
                events.put(
                        kind,
                        Counter.builder("couplet.trainer.run.events")
                                .description("Events of runs, by kind: started, completed, diverged and so on.")
                                .tag("kind", kind.name().toLowerCase(Locale.ROOT))
                                .register(registry));
            }
        }
        for (String device : List.copyOf(new LinkedHashSet<>(devices))) {
            long slots = devices.stream().filter(device::equals).count();
            AtomicInteger used = new AtomicInteger();
            inUse.put(device, used);
            gauge("couplet.trainer.slots", "Runs that can train at once on the device.", device, slots);
            gauge("couplet.trainer.slots.in.use", "Runs that train on the device now.", device, used);
        }
    }

    private void gauge(String name, String description, String device, Number value) {
        Gauge.builder(name, value, Number::doubleValue)
                .description(description)
                .tag("device", device)
                .strongReference(true)
                .register(registry);
    }

    void stepped(long nanos) {
        step.record(Duration.ofNanos(nanos));
    }

    void told(RunEventKind kind) {
        Counter counter = events.get(kind);
        if (counter != null) {
            counter.increment();
        }
    }

    void buried() {
        deadLetters.increment();
    }

    /** A request has waited for its first attempt; clocks of two machines may make that negative, which counts as none. */
    void waited(long millis) {
        wait.record(Math.min(Math.max(0, millis), LONGEST.toMillis()), TimeUnit.MILLISECONDS);
    }

    /** A slot is in use until this is closed. */
    interface Slot extends AutoCloseable {
        @Override
        void close();
    }

    Slot occupied(String device) {
        AtomicInteger used = inUse.get(device);
        if (used == null) {
            throw new IllegalArgumentException("no worker has the device " + device);
        }
        used.incrementAndGet();
        return used::decrementAndGet;
    }
}
