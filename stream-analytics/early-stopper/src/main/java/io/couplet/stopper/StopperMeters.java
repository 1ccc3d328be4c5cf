package io.couplet.stopper;

import io.couplet.schemas.avro.RunCommand;
import io.couplet.scores.stopping.StoppingRules;
import io.couplet.stopper.Turn.Answer;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.ToDoubleFunction;

/** What the stopper has read, decided and heard, for whoever scrapes it. */
final class StopperMeters {

    private static final Duration LONGEST = Duration.ofDays(365);

    private final MeterRegistry registry;

    /** Counters and gauges over a tally. */
    StopperMeters(MeterRegistry registry, Tally tally, BooleanSupplier running) {
        this.registry = registry;
        counter("records.read", "Records read, of all topics.", tally, counts -> counts.recordsRead());
        counter("orders.repeated", "Orders written once more.", tally, counts -> counts.commandsRepeated());
        counter("records.older.attempts", "Records of superseded attempts.", tally, counts -> counts.olderAttempts());
        counter("records.without.value", "Tombstones.", tally, counts -> counts.withoutValue());
        counter("dead.letters", "Records that could not be read.", tally, counts -> counts.deadLetters());
        counter("records.left.out", "Records that no run can have.", tally, counts -> counts.leftOut());
        Gauge.builder("couplet.stopper.running", running, each -> each.getAsBoolean() ? 1 : 0)
                .description("1 while it has its share of the partitions and judges.")
                .strongReference(true)
                .register(registry);
        // Each has its counters from the beginning, so that a rate can be taken of the first order.
        Arrays.stream(StoppingRules.values())
                .filter(StoppingRules::forStudies)
                .map(StoppingRules::key)
                .forEach(rule -> {
                    orders(rule, false);
                    orders(rule, true);
                    answers(rule, true);
                    answers(rule, false);
                });
        for (String leg : List.of("step-to-order", "order-to-trainer", "trainer-to-stopper")) {
            leg(leg);
        }
    }

    private void counter(String name, String description, Tally tally, ToDoubleFunction<StopperCounts> count) {
        FunctionCounter.builder("couplet.stopper." + name, tally, each -> count.applyAsDouble(each.counts()))
                .description(description)
                .register(registry);
    }

    /** An order went out, or would have. */
    void ordered(RunCommand command) {
        orders(command.getRule(), command.getShadow()).increment();
    }

    /** A run that was ordered to stop has ended. */
    void answered(Answer answer) {
        answers(answer.command().getRule(), answer.obeyed()).increment();
        leg("step-to-order").record(millis(answer.toCommandMillis()));
        leg("order-to-trainer").record(millis(answer.toTrainerMillis()));
        leg("trainer-to-stopper").record(millis(answer.toStopperMillis()));
    }

    /** Clocks of two machines may make a leg negative, which counts as none; a record may bear any time, and a timer counts nanoseconds. */
    private static Duration millis(long millis) {
        return Duration.ofMillis(Math.min(Math.max(0, millis), LONGEST.toMillis()));
    }

    private Counter orders(String rule, boolean shadow) {
        return Counter.builder("couplet.stopper.orders")
                .description("Decisions to stop a run, by rule; those in shadow stop nothing.")
                .tag("rule", rule)
                .tag("shadow", Boolean.toString(shadow))
                .register(registry);
    }

    private Counter answers(String rule, boolean obeyed) {
        return Counter.builder("couplet.stopper.orders.answered")
                .description("Ordered runs that have ended: as told, or by themselves before the order came.")
                .tag("rule", rule)
                .tag("obeyed", Boolean.toString(obeyed))
                .register(registry);
    }

    private Timer leg(String leg) {
        return Timer.builder("couplet.stopper.leg")
                .description("Legs of the way from a step to the end of its run.")
                .tag("leg", leg)
                .serviceLevelObjectives(
                        Duration.ofMillis(10),
                        Duration.ofMillis(50),
                        Duration.ofMillis(100),
                        Duration.ofMillis(500),
                        Duration.ofSeconds(1),
                        Duration.ofSeconds(5),
                        Duration.ofSeconds(30))
                .register(registry);
    }
}
