package io.couplet.stopper;

import io.couplet.schemas.RegistryPatience;
import io.couplet.schemas.Topic;
import io.couplet.schemas.Topics;
import io.couplet.schemas.WireFormat;
import io.couplet.scores.stopping.RunRule;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.Named;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.kstream.Repartitioned;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.StoreBuilder;
import org.apache.kafka.streams.state.Stores;

/**
 * Everything that is known of a run → one watch over it → commands, and dead letters for what nobody could read. What is known of whole studies, keyed by study →
 * proposals, keyed by run → the same watch: so a run has one order at most, whoever wants it stopped.
 */
final class StopperTopology {

    static final String RUNS = "runs";

    /** The newest request of each run that may still be trained. */
    static final String REQUESTS = "requests";

    static final String REQUEUED = "run-requests";
    static final String COMMANDS = "run-commands";
    static final String DEAD_LETTERS = "dead-letters";

    /** What is known of studies: their rules by id, and their runs by study and run. */
    static final String STUDY_RULES = "study-rules";

    static final String STUDY_RUNS = "study-runs";

    /** Orders on their way from the study, where they are found, to the run, where there is one at most. */
    static final String PROPOSALS = "proposals";

    /** How the names of the internal topic of proposals end. */
    static final String PROPOSALS_SUFFIX = "-" + PROPOSALS + "-repartition";

    /** How the name of the internal topic ends that brings requests, which lie in one partition, to what else is known of their runs. */
    static final String REQUESTS_SUFFIX = "-" + REQUESTS + "-repartition";

    private static final List<Topic<?>> READ = List.of(
            Topics.RUN_REQUESTS,
            Topics.RUN_EVENTS,
            Topics.EVALUATIONS,
            Topics.STEP_METRICS,
            Topics.CONVERGENCE_SCORES,
            Topics.RUN_COMMANDS);

    private StopperTopology() {}

    /** @param patience how a record waits for a schema registry that is away */
    static Topology topology(List<RunRule> rules, Tally tally, WireFormat inKafka, RegistryPatience patience) {
        WireFormat format = patience.over(inKafka);
        StreamsBuilder builder = new StreamsBuilder();
        builder.addStateStore(store(RUNS, new WatchedSerde()));
        builder.addStateStore(store(REQUESTS, Serdes.ByteArray()));
        builder.addStateStore(store(STUDY_RULES, Serdes.ByteArray()));
        builder.addStateStore(store(STUDY_RUNS, Serdes.ByteArray()));
        KStream<byte[], byte[]> queue = builder.stream(names(Topics.RUN_REQUESTS), from("queue"));
        KStream<byte[], byte[]> ofStudies =
                builder.stream(names(Topics.RUN_EVENTS, Topics.EVALUATIONS, Topics.RUN_COMMANDS), from("of-studies"));
        KStream<byte[], byte[]> ofRuns =
                builder.stream(names(Topics.STEP_METRICS, Topics.CONVERGENCE_SCORES), from("of-runs"));
        KStream<byte[], byte[]> proposals = ofStudies
                .merge(queue, Named.as("records-of-studies"))
                .process(() -> new ByStudyProcessor(format), Named.as("by-study-key"))
                .repartition(through("by-study"))
                .process(() -> new StudyProcessor(tally), Named.as("studies"), STUDY_RULES, STUDY_RUNS)
                .repartition(through(PROPOSALS));
        KStream<byte[], byte[]> requests =
                queue.process(WithOriginProcessor::new, Named.as("with-origin")).repartition(through(REQUESTS));
        KStream<byte[], byte[]> watched = ofStudies
                .merge(ofRuns, Named.as("records"))
                .merge(requests, Named.as("records-and-requests"))
                .merge(proposals, Named.as("records-and-proposals"))
                .process(() -> new WatchProcessor(new Judge(rules), tally, format), Named.as("watch"), RUNS, REQUESTS);
        watched.to(Topics.RUN_COMMANDS.name(), to(COMMANDS));
        watched.to(Topics.RUN_REQUESTS.name(), to(REQUEUED));
        watched.to(Topics.DEAD_LETTERS, to(DEAD_LETTERS));
        return builder.build();
    }

    private static <T> StoreBuilder<KeyValueStore<String, T>> store(String name, Serde<T> values) {
        return Stores.keyValueStoreBuilder(Stores.inMemoryKeyValueStore(name), Serdes.String(), values)
                .withLoggingEnabled(Map.of())
                .withCachingDisabled();
    }

    private static Consumed<byte[], byte[]> from(String name) {
        return Consumed.with(Serdes.ByteArray(), Serdes.ByteArray()).withName(name);
    }

    private static Repartitioned<byte[], byte[]> through(String name) {
        return Repartitioned.with(Serdes.ByteArray(), Serdes.ByteArray()).withName(name);
    }

    private static Produced<byte[], byte[]> to(String name) {
        return Produced.with(Serdes.ByteArray(), Serdes.ByteArray()).withName(name);
    }

    private static List<String> names(Topic<?>... topics) {
        return Stream.of(topics).map(Topic::name).toList();
    }

    /** Names of the topics that it may read: those it subscribes to, and the one it writes, to see that it is there. */
    static List<String> read() {
        return READ.stream().map(Topic::name).toList();
    }

    /** Names of the topics that it writes. */
    static List<String> written() {
        return List.of(Topics.RUN_COMMANDS.name(), Topics.RUN_REQUESTS.name(), Topics.DEAD_LETTERS);
    }
}
