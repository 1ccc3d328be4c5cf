package io.couplet.stopper;

import static io.couplet.stopper.Records.BEGIN;
import static io.couplet.stopper.Records.OTHER;
import static io.couplet.stopper.Records.RUN;
import static io.couplet.stopper.Records.event;
import static io.couplet.stopper.Records.order;
import static io.couplet.stopper.Records.paused;
import static io.couplet.stopper.Records.request;
import static io.couplet.stopper.Records.score;
import static io.couplet.stopper.Records.step;
import static org.assertj.core.api.Assertions.assertThat;

import io.couplet.schemas.Topics;
import io.couplet.schemas.WireFormat;
import io.couplet.schemas.avro.RunCommand;
import io.couplet.schemas.avro.RunCommandKind;
import io.couplet.schemas.avro.RunEventKind;
import io.couplet.schemas.avro.RunRequest;
import io.couplet.schemas.avro.Verdict;
import io.couplet.scores.stopping.DivergenceRule;
import io.couplet.stopper.Records.Sent;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
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

    /** A person pauses a run and two take it up again; then it diverges and is no longer anybody's to take up. */
    private static final List<Sent> PAUSED = List.of(
            request(RUN),
            event(RUN, 1, RunEventKind.STARTED, 0),
            step(RUN, 1, 1, 2.3),
            order(RUN, RunCommandKind.STOP, "person-1", 5),
            paused(RUN, 1, 6, "person-1"),
            order(RUN, RunCommandKind.RESUME, "person-2", 7),
            order(RUN, RunCommandKind.RESUME, "person-3", 8),
            event(RUN, 2, RunEventKind.RESUMED, 6),
            step(RUN, 2, 7, 2.2),
            step(RUN, 2, 8, Double.NaN),
            event(RUN, 2, RunEventKind.DIVERGED, 9, RUN + ".a2.divergence"),
            order(RUN, RunCommandKind.RESUME, "person-4", 10));

    /** A rule's order is taken back before the trainer obeys: that rule does not give it again. */
    private static final List<Sent> TAKEN_BACK = List.of(
            request(RUN),
            event(RUN, 1, RunEventKind.STARTED, 0),
            step(RUN, 1, 2, Double.NaN),
            order(RUN, RunCommandKind.RESUME, "person-1", 3),
            step(RUN, 1, 3, Double.NaN),
            event(RUN, 1, RunEventKind.COMPLETED, 300));

    /** The trainer has paused the run before it reads that the order was taken back. */
    private static final List<Sent> TAKEN_BACK_LATE = List.of(
            request(RUN),
            event(RUN, 1, RunEventKind.STARTED, 0),
            order(RUN, RunCommandKind.STOP, "person-1", 4),
            order(RUN, RunCommandKind.RESUME, "person-2", 5),
            paused(RUN, 1, 6, "person-1"),
            event(RUN, 2, RunEventKind.RESUMED, 6),
            event(RUN, 2, RunEventKind.COMPLETED, 300));

    @TempDir
    Path directory;

    /** What outlives the stopper. */
    private record Changelogs(Map<String, byte[]> watched, Map<String, byte[]> requests) {
        static final Changelogs EMPTY = new Changelogs(Map.of(), Map.of());
    }

    /** One life of the stopper: what it knew when it started, and what it wrote. */
    private final class Life {

        final Tally tally = new Tally();
        final MockProcessorContext<byte[], byte[]> context =
                new MockProcessorContext<>(new Properties(), new TaskId(0, 0), directory.toFile());
        final WatchProcessor processor =
                new WatchProcessor(new Judge(List.of(new DivergenceRule(3))), tally, WireFormat.SINGLE_OBJECT);
        final KeyValueStore<String, Watched> runs = Stores.keyValueStoreBuilder(
                        Stores.inMemoryKeyValueStore(StopperTopology.RUNS), Serdes.String(), new WatchedSerde())
                .withLoggingDisabled()
                .withCachingDisabled()
                .build();
        final KeyValueStore<String, byte[]> requests = Stores.keyValueStoreBuilder(
                        Stores.inMemoryKeyValueStore(StopperTopology.REQUESTS), Serdes.String(), Serdes.ByteArray())
                .withLoggingDisabled()
                .withCachingDisabled()
                .build();
        final List<Sent> stream;

        Life(Changelogs changelogs) {
            this(STREAM, changelogs);
        }

        Life(List<Sent> stream, Changelogs changelogs) {
            this.stream = stream;
            for (KeyValueStore<?, ?> store : List.of(runs, requests)) {
                store.init(context.getStateStoreContext(), store);
                context.addStateStore(store);
            }
            changelogs.watched().forEach((runId, bytes) -> runs.put(runId, WatchedSerde.decode(bytes)));
            changelogs.requests().forEach(requests::put);
            processor.init(context);
        }

        /** Reads one record at an offset of its own. */
        Life read(Sent sent, long offset) {
            context.setRecordMetadata(sent.topic(), 0, offset);
            context.setCurrentSystemTimeMs(BEGIN + 1000);
            processor.process(new Record<>(sent.key(), sent.value(), BEGIN));
            return this;
        }

        /** Reads the records from the first to before the second, each at its own offset, the clock at the time of each. */
        Life read(int from, int to) {
            Map<String, Long> offsets = new HashMap<>();
            for (int index = 0; index < to; index++) {
                Sent sent = stream.get(index);
                long offset = offsets.merge(sent.topic(), 1L, Long::sum) - 1;
                if (index >= from) {
                    context.setRecordMetadata(sent.topic(), 0, offset);
                    context.setCurrentSystemTimeMs(BEGIN + 1000 + index);
                    processor.process(new Record<>(sent.key(), sent.value(), BEGIN));
                }
            }
            return this;
        }

        Changelogs changelogs() {
            Map<String, byte[]> watched = new LinkedHashMap<>();
            all(runs).forEach((runId, watch) -> watched.put(runId, WatchedSerde.encode(watch)));
            return new Changelogs(watched, all(requests));
        }

        private static <T> Map<String, T> all(KeyValueStore<String, T> store) {
            Map<String, T> values = new LinkedHashMap<>();
            try (KeyValueIterator<String, T> all = store.all()) {
                while (all.hasNext()) {
                    KeyValue<String, T> each = all.next();
                    values.put(each.key, each.value);
                }
            }
            return values;
        }

        List<RunRequest> requeued() {
            return context.forwarded(StopperTopology.REQUEUED).stream()
                    .map(forward ->
                            Topics.RUN_REQUESTS.wire().decode(forward.record().value()))
                    .toList();
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
        Life life = new Life(Changelogs.EMPTY).read(0, STREAM.size());

        assertThat(life.commands())
                .extracting(RunCommand::getCommandId)
                .containsExactly(FIRST_COMMAND, OTHER + ".a1.divergence", RUN + ".a2.divergence");
        assertThat(life.tally.counts())
                .isEqualTo(new StopperCounts(STREAM.size(), 3, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0));
    }

    @Test
    void endedBetweenAnyTwoRecords() {
        List<RunCommand> expected =
                new Life(Changelogs.EMPTY).read(0, STREAM.size()).commands();
        for (int cut = 0; cut <= STREAM.size(); cut++) {
            Life before = new Life(Changelogs.EMPTY).read(0, cut);
            Life after = new Life(before.changelogs()).read(cut, STREAM.size());

            List<RunCommand> both = new ArrayList<>(before.commands());
            both.addAll(after.commands());
            assertThat(both).as("ended after %d records", cut).isEqualTo(expected);
        }
    }

    @Test
    void endedBetweenAllRecords() {
        List<RunCommand> written = new ArrayList<>();
        Changelogs changelogs = Changelogs.EMPTY;
        for (int index = 0; index < STREAM.size(); index++) {
            Life life = new Life(changelogs).read(index, index + 1);
            written.addAll(life.commands());
            changelogs = life.changelogs();
        }

        assertThat(written)
                .isEqualTo(new Life(Changelogs.EMPTY).read(0, STREAM.size()).commands());
    }

    /** The store was written, the offsets were not: records are read again, and what was not yet answered is said again. */
    @Test
    void endedBeforeItsOffsetsWereCommitted() {
        List<RunCommand> expected =
                new Life(Changelogs.EMPTY).read(0, STREAM.size()).commands();
        for (int cut = 0; cut <= STREAM.size(); cut++) {
            for (int committed = 0; committed <= cut; committed++) {
                Life before = new Life(Changelogs.EMPTY).read(0, cut);
                Life after = new Life(before.changelogs()).read(committed, STREAM.size());

                List<RunCommand> both = new ArrayList<>(before.commands());
                both.addAll(after.commands());
                assertThat(both.stream().distinct())
                        .as("ended after %d records, %d committed", cut, committed)
                        .containsExactlyElementsOf(expected);
            }
        }
    }

    @Test
    void aPausedRunIsPutBackIntoTheQueueOnceHoweverManyAskForIt() {
        Life life = new Life(PAUSED, Changelogs.EMPTY).read(0, PAUSED.size());

        RunRequest asked = Topics.RUN_REQUESTS
                .wire()
                .decode(Objects.requireNonNull(PAUSED.get(0).value()));
        assertThat(life.requeued())
                .containsExactly(RunRequest.newBuilder(asked)
                        .setSubmittedMillis(BEGIN + 7)
                        .build());
        assertThat(life.commands()).extracting(RunCommand::getCommandId).containsExactly(RUN + ".a2.divergence");
        assertThat(life.tally.counts())
                .isEqualTo(new StopperCounts(PAUSED.size(), 1, 0, 0, 2, 0, 0, 0, 0, 0, 4, 2, 1, 0));
        assertThat(life.changelogs().requests())
                .as("nobody takes it up any more")
                .isEmpty();
    }

    @Test
    void aPauseThatWasTakenBackTooLateIsFollowedByTheQueue() {
        Life life = new Life(TAKEN_BACK_LATE, Changelogs.EMPTY).read(0, TAKEN_BACK_LATE.size());

        assertThat(life.requeued()).extracting(RunRequest::getSubmittedMillis).containsExactly(BEGIN + 7);
        assertThat(life.tally.counts().obeyed()).isEqualTo(1);
        assertThat(life.tally.counts().needlessOrders()).isZero();
    }

    @Test
    void anOrderThatAPersonTookBackIsNotGivenAgain() {
        Life life = new Life(TAKEN_BACK, Changelogs.EMPTY).read(0, TAKEN_BACK.size());

        assertThat(life.commands()).extracting(RunCommand::getCommandId).containsExactly(FIRST_COMMAND);
        assertThat(life.requeued()).isEmpty();
    }

    @Test
    void peoplesOrdersAreFollowedOnceWhereverItEndsAndWhateverWasCommitted() {
        for (List<Sent> stream : List.of(PAUSED, TAKEN_BACK, TAKEN_BACK_LATE)) {
            Life whole = new Life(stream, Changelogs.EMPTY).read(0, stream.size());
            for (int cut = 0; cut <= stream.size(); cut++) {
                for (int committed = 0; committed <= cut; committed++) {
                    Life before = new Life(stream, Changelogs.EMPTY).read(0, cut);
                    Life after = new Life(stream, before.changelogs()).read(committed, stream.size());

                    List<RunRequest> requeued = new ArrayList<>(before.requeued());
                    requeued.addAll(after.requeued());
                    assertThat(requeued.stream().distinct())
                            .as("requeued, ended after %d records, %d committed", cut, committed)
                            .containsExactlyElementsOf(whole.requeued());
                    List<RunCommand> commands = new ArrayList<>(before.commands());
                    commands.addAll(after.commands());
                    assertThat(commands.stream().distinct())
                            .as("commanded, ended after %d records, %d committed", cut, committed)
                            .containsExactlyElementsOf(whole.commands());
                    assertThat(after.changelogs().watched().get(RUN.toString()))
                            .as("known, ended after %d records, %d committed", cut, committed)
                            .isEqualTo(whole.changelogs().watched().get(RUN.toString()));
                }
            }
        }
    }

    /** Killed between the writes of one record: one store's changelog may have it and another's not, nor what was sent. */
    @Test
    void peoplesOrdersAreFollowedWhenOneStoreIsAWriteBehindTheOthers() {
        for (List<Sent> stream : List.of(PAUSED, TAKEN_BACK, TAKEN_BACK_LATE)) {
            Life whole = new Life(stream, Changelogs.EMPTY).read(0, stream.size());
            for (int cut = 1; cut <= stream.size(); cut++) {
                Life before = new Life(stream, Changelogs.EMPTY).read(0, cut - 1);
                Changelogs behind = before.changelogs();
                before.read(cut - 1, cut);
                Life after = new Life(
                                stream,
                                new Changelogs(
                                        behind.watched(), before.changelogs().requests()))
                        .read(cut - 1, stream.size());

                List<RunRequest> requeued = new ArrayList<>(
                        new Life(stream, Changelogs.EMPTY).read(0, cut - 1).requeued());
                requeued.addAll(after.requeued());
                assertThat(requeued.stream().distinct())
                        .as("requeued, killed in the middle of record %d", cut)
                        .containsExactlyElementsOf(whole.requeued());
                assertThat(after.changelogs().watched().get(RUN.toString()))
                        .as("known, killed in the middle of record %d", cut)
                        .isEqualTo(whole.changelogs().watched().get(RUN.toString()));
            }
        }
    }

    /** In the topic of before the order to pause had this offset. */
    @Test
    void anOrderInATopicThatWasMadeAgainIsANewOne() {
        Life life = new Life(PAUSED, Changelogs.EMPTY).read(0, 5).read(PAUSED.get(5), 0);

        assertThat(life.requeued()).hasSize(1);
    }

    @Test
    void ofManyOrdersTheNewestAreKnownAgain() {
        Watched watched = Watched.NOTHING;
        for (int number = 1; number <= 60; number++) {
            watched = watched.after(orderOf(number), null);
        }

        assertThat(watched.orders()).hasSize(50);
        assertThat(watched.hasRead(orderOf(60))).isTrue();
        assertThat(watched.hasRead(orderOf(11))).isTrue();
        assertThat(watched.hasRead(orderOf(10))).isFalse();
    }

    private static Input orderOf(int number) {
        Sent sent = order(RUN, RunCommandKind.STOP, "person-" + number, 1);
        return Input.read(sent.topic(), sent.key(), Objects.requireNonNull(sent.value()), BEGIN);
    }

    /** The store was written, the request was not: the run may not be forgotten. */
    @Test
    void endedBeforeTheRequestReachedTheQueue() {
        Life before = new Life(PAUSED, Changelogs.EMPTY).read(0, 6);
        Life after = new Life(PAUSED, before.changelogs()).read(5, 6);

        assertThat(after.requeued()).isEqualTo(before.requeued()).hasSize(1);
        assertThat(after.tally.counts().requeued()).isZero();
        assertThat(after.tally.counts().requeuedAgain()).isEqualTo(1);
    }

    /** The store was written, the command was not: no run may be forgotten. */
    @Test
    void endedBeforeTheCommandReachedKafka() {
        RunCommand lost = new Life(Changelogs.EMPTY).read(0, 5).commands().get(0);
        Life after = new Life(new Life(Changelogs.EMPTY).read(0, 5).changelogs()).read(4, 5);

        assertThat(after.commands()).containsExactly(lost);
        assertThat(after.tally.counts().commands()).isZero();
        assertThat(after.tally.counts().commandsRepeated()).isEqualTo(1);
    }
}
