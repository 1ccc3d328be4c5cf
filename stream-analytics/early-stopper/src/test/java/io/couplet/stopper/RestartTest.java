package io.couplet.stopper;

import static io.couplet.stopper.Records.BEGIN;
import static io.couplet.stopper.Records.OTHER;
import static io.couplet.stopper.Records.RUN;
import static io.couplet.stopper.Records.event;
import static io.couplet.stopper.Records.score;
import static io.couplet.stopper.Records.step;
import static org.assertj.core.api.Assertions.assertThat;

import io.couplet.schemas.Topics;
import io.couplet.schemas.WireFormat;
import io.couplet.schemas.avro.RunCommand;
import io.couplet.schemas.avro.RunEventKind;
import io.couplet.schemas.avro.Verdict;
import io.couplet.scores.stopping.DivergenceRule;
import io.couplet.stopper.Records.Sent;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.processor.TaskId;
import org.apache.kafka.streams.processor.api.MockProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A stopper that ends between any two records and starts again from its changelog decides as one that never ended. */
class RestartTest {

    private static final String FIRST_COMMAND = RUN + ".a1.divergence";

    /** Two runs: one is taken up again and diverges twice, the second time by an explosion; the other one ends by itself. */
    private static final List<Sent> STREAM = List.of(
            event(RUN, 1, RunEventKind.STARTED, 0),
            event(OTHER, 1, RunEventKind.STARTED, 0),
            step(RUN, 1, 1, 2.3),
            step(OTHER, 1, 1, 2.3),
            step(RUN, 1, 2, Double.NaN),
            score(RUN, 1, 2, Verdict.DIVERGED, 2.3, "loss NaN at step 2"),
            step(OTHER, 1, 2, Double.POSITIVE_INFINITY),
            event(OTHER, 1, RunEventKind.DIVERGED, 2),
            event(RUN, 2, RunEventKind.RESUMED, 0),
            step(RUN, 1, 3, Double.NaN),
            step(RUN, 2, 1, 2.3),
            score(RUN, 2, 1, Verdict.WARMING_UP, 2.3, null),
            score(RUN, 2, 90, Verdict.DIVERGED, 42, null),
            event(RUN, 2, RunEventKind.STOPPED, 91, RUN + ".a2.divergence"),
            score(RUN, 2, 91, Verdict.DIVERGED, 43, null));

    @TempDir
    Path directory;

    /** One life of the stopper: what it knew when it started, and what it wrote. */
    private final class Life {

        final Tally tally = new Tally();
        final MockProcessorContext<byte[], byte[]> context =
                new MockProcessorContext<>(new Properties(), new TaskId(0, 0), directory.toFile());
        final WatchProcessor processor = new WatchProcessor(new Judge(List.of(new DivergenceRule(3))), tally, WireFormat.SINGLE_OBJECT);
        final KeyValueStore<String, RunWatch> runs = Stores.keyValueStoreBuilder(
                        Stores.inMemoryKeyValueStore(StopperTopology.RUNS), Serdes.String(), new RunWatchSerde())
                .withLoggingDisabled()
                .withCachingDisabled()
                .build();

        Life(Map<String, byte[]> changelog) {
            runs.init(context.getStateStoreContext(), runs);
            context.addStateStore(runs);
            changelog.forEach((runId, bytes) -> runs.put(runId, RunWatchSerde.decode(bytes)));
            processor.init(context);
        }

        /** Reads the records from the first to before the second, each at its own offset, the clock at the time of each. */
        Life read(int from, int to) {
            Map<String, Long> offsets = new HashMap<>();
            for (int index = 0; index < to; index++) {
                Sent sent = STREAM.get(index);
                long offset = offsets.merge(sent.topic(), 1L, Long::sum) - 1;
                if (index >= from) {
                    context.setRecordMetadata(sent.topic(), 0, offset);
                    context.setCurrentSystemTimeMs(BEGIN + 1000 + index);
                    processor.process(new Record<>(sent.key(), sent.value(), BEGIN));
                }
            }
            return this;
        }

        Map<String, byte[]> changelog() {
            Map<String, byte[]> changelog = new LinkedHashMap<>();
            try (KeyValueIterator<String, RunWatch> all = runs.all()) {
                while (all.hasNext()) {
                    KeyValue<String, RunWatch> run = all.next();
                    changelog.put(run.key, RunWatchSerde.encode(run.value));
                }
            }
            return changelog;
        }

        List<RunCommand> commands() {
            return context.forwarded(StopperTopology.COMMANDS).stream()
                    .map(forward ->
                            Topics.RUN_COMMANDS.wire().decode(forward.record().value()))
                    .toList();
        }
    }

    @Test
    void neverEnded() {
        Life life = new Life(Map.of()).read(0, STREAM.size());

        assertThat(life.commands())
                .extracting(RunCommand::getCommandId)
                .containsExactly(FIRST_COMMAND, OTHER + ".a1.divergence", RUN + ".a2.divergence");
        assertThat(life.tally.counts()).isEqualTo(new StopperCounts(STREAM.size(), 3, 0, 0, 1, 1, 1, 0, 0));
    }

    @Test
    void endedBetweenAnyTwoRecords() {
        List<RunCommand> expected = new Life(Map.of()).read(0, STREAM.size()).commands();
        for (int cut = 0; cut <= STREAM.size(); cut++) {
            Life before = new Life(Map.of()).read(0, cut);
            Life after = new Life(before.changelog()).read(cut, STREAM.size());

            List<RunCommand> both = new ArrayList<>(before.commands());
            both.addAll(after.commands());
            assertThat(both).as("ended after %d records", cut).isEqualTo(expected);
        }
    }

    @Test
    void endedBetweenAllRecords() {
        List<RunCommand> written = new ArrayList<>();
        Map<String, byte[]> changelog = Map.of();
        for (int index = 0; index < STREAM.size(); index++) {
            Life life = new Life(changelog).read(index, index + 1);
            written.addAll(life.commands());
            changelog = life.changelog();
        }

        assertThat(written).isEqualTo(new Life(Map.of()).read(0, STREAM.size()).commands());
    }

    /** The store was written, the offsets were not: records are read again, and what was not yet answered is said again. */
    @Test
    void endedBeforeItsOffsetsWereCommitted() {
        List<RunCommand> expected = new Life(Map.of()).read(0, STREAM.size()).commands();
        for (int cut = 0; cut <= STREAM.size(); cut++) {
            for (int committed = 0; committed <= cut; committed++) {
                Life before = new Life(Map.of()).read(0, cut);
                Life after = new Life(before.changelog()).read(committed, STREAM.size());

                List<RunCommand> both = new ArrayList<>(before.commands());
                both.addAll(after.commands());
                assertThat(both.stream().distinct())
                        .as("ended after %d records, %d committed", cut, committed)
                        .containsExactlyElementsOf(expected);
            }
        }
    }

    /** The store was written, the command was not: no run may be forgotten. */
    @Test
    void endedBeforeTheCommandReachedKafka() {
        RunCommand lost = new Life(Map.of()).read(0, 5).commands().get(0);
        Life after = new Life(new Life(Map.of()).read(0, 5).changelog()).read(4, 5);

        assertThat(after.commands()).containsExactly(lost);
        assertThat(after.tally.counts().commands()).isZero();
        assertThat(after.tally.counts().commandsRepeated()).isEqualTo(1);
    }
}
