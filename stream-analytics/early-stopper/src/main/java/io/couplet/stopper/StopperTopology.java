package io.couplet.stopper;

import io.couplet.schemas.Topic;
import io.couplet.schemas.Topics;
import io.couplet.scores.stopping.RunRule;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.StoreBuilder;
import org.apache.kafka.streams.state.Stores;

/** Everything that is known of a run → one watch over it → commands, and dead letters for what nobody could read. */
final class StopperTopology {

    static final String RUNS = "runs";
    static final String COMMANDS = "run-commands";
    static final String DEAD_LETTERS = "dead-letters";

    private static final List<Topic<?>> READ_OR_WRITTEN =
            List.of(Topics.RUN_EVENTS, Topics.STEP_METRICS, Topics.CONVERGENCE_SCORES, Topics.RUN_COMMANDS);

    private StopperTopology() {}

    static Topology topology(List<RunRule> rules, Tally tally) {
        ByteArrayDeserializer read = new ByteArrayDeserializer();
        ByteArraySerializer write = new ByteArraySerializer();
        StoreBuilder<KeyValueStore<String, RunWatch>> runs = Stores.keyValueStoreBuilder(
                        Stores.inMemoryKeyValueStore(RUNS), Serdes.String(), new RunWatchSerde())
                .withLoggingEnabled(Map.of())
                .withCachingDisabled();
        return new Topology()
                .addSource("run-events", read, read, Topics.RUN_EVENTS.name())
                .addSource("step-metrics", read, read, Topics.STEP_METRICS.name())
                .addSource("convergence-scores", read, read, Topics.CONVERGENCE_SCORES.name())
                .addProcessor(
                        "watch",
                        () -> new WatchProcessor(new Judge(rules), tally),
                        "run-events",
                        "step-metrics",
                        "convergence-scores")
                .addStateStore(runs, "watch")
                .addSink(COMMANDS, Topics.RUN_COMMANDS.name(), write, write, "watch")
                .addSink(DEAD_LETTERS, Topics.DEAD_LETTERS, write, write, "watch");
    }

    /** Names of the topics that must exist. */
    static List<String> topics() {
        return Stream.concat(READ_OR_WRITTEN.stream().map(Topic::name), Stream.of(Topics.DEAD_LETTERS))
                .toList();
    }
}
