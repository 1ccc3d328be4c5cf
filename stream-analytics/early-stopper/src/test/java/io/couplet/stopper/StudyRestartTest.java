package io.couplet.stopper;

import static io.couplet.stopper.Records.BEGIN;
import static io.couplet.stopper.StudyRecords.STUDY;
import static io.couplet.stopper.StudyRecords.run;
import static org.assertj.core.api.Assertions.assertThat;

import io.couplet.schemas.Topics;
import io.couplet.schemas.WireFormat;
import io.couplet.schemas.avro.RunCommand;
import io.couplet.scores.stopping.Curve.Point;
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
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.processor.TaskId;
import org.apache.kafka.streams.processor.api.MockProcessorContext;
import org.apache.kafka.streams.processor.api.MockProcessorContext.CapturedForward;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A stopper that ends between any two records of a study and starts again from its changelogs decides as one that never ended. */
class StudyRestartTest {

    private static final List<Sent> STREAM = StudyRecords.study("transfer", Map.of());

    @TempDir
    Path directory;

    /** What outlives the stopper. */
    private record Changelogs(
            Map<String, byte[]> rules,
            Map<String, byte[]> runs,
            Map<String, byte[]> watched,
            Map<String, byte[]> requests) {
        static final Changelogs EMPTY = new Changelogs(Map.of(), Map.of(), Map.of(), Map.of());
    }

    /** One life of the stopper: the study's side, whose proposals go to the watch's side. */
    private final class Life {

        final Tally tally = new Tally();
        final MockProcessorContext<byte[], byte[]> studyContext = context();
        final MockProcessorContext<byte[], byte[]> watchContext = context();
        final KeyValueStore<String, byte[]> rules =
                store(StopperTopology.STUDY_RULES, Serdes.ByteArray(), studyContext);
        final KeyValueStore<String, byte[]> runs = store(StopperTopology.STUDY_RUNS, Serdes.ByteArray(), studyContext);
        final KeyValueStore<String, Watched> watched = store(StopperTopology.RUNS, new WatchedSerde(), watchContext);
        final KeyValueStore<String, byte[]> requests =
                store(StopperTopology.REQUESTS, Serdes.ByteArray(), watchContext);
        final StudyProcessor studies = new StudyProcessor(new Tally());
        final WatchProcessor watch =
                new WatchProcessor(new Judge(List.of(new DivergenceRule(3))), tally, WireFormat.SINGLE_OBJECT);
        private int proposed;

        Life(Changelogs changelogs) {
            changelogs.rules().forEach(rules::put);
            changelogs.runs().forEach(runs::put);
            changelogs.requests().forEach(requests::put);
            changelogs.watched().forEach((key, bytes) -> watched.put(key, WatchedSerde.decode(bytes)));
            studies.init(studyContext);
            watch.init(watchContext);
        }

        private MockProcessorContext<byte[], byte[]> context() {
            return new MockProcessorContext<>(new Properties(), new TaskId(0, 0), directory.toFile());
        }

        private <T> KeyValueStore<String, T> store(
                String name, Serde<T> values, MockProcessorContext<byte[], byte[]> context) {
            KeyValueStore<String, T> store = Stores.keyValueStoreBuilder(
                            Stores.inMemoryKeyValueStore(name), Serdes.String(), values)
                    .withLoggingDisabled()
                    .withCachingDisabled()
                    .build();
            store.init(context.getStateStoreContext(), store);
            context.addStateStore(store);
            return store;
        }

        Life read(int from, int to) {
            Map<String, Long> offsets = new HashMap<>();
            for (int index = 0; index < to; index++) {
                Sent sent = STREAM.get(index);
                long offset = offsets.merge(sent.topic(), 1L, Long::sum) - 1;
                if (index >= from) {
                    read(sent, new Origin(sent.topic(), 0, offset), BEGIN + 1000 + index);
                }
            }
            return this;
        }

        private void read(Sent sent, Origin origin, long nowMillis) {
            studyContext.setCurrentSystemTimeMs(nowMillis);
            watchContext.setCurrentSystemTimeMs(nowMillis);
            watchContext.setRecordMetadata(origin.topic(), origin.partition(), origin.offset());
            watch.process(new Record<>(sent.key(), sent.value(), BEGIN));
            studies.process(new Record<>(sent.key(), sent.value(), BEGIN, origin.headers()));
            List<CapturedForward<? extends byte[], ? extends byte[]>> proposals = studyContext.forwarded();
            for (; proposed < proposals.size(); proposed++) {
                Record<? extends byte[], ? extends byte[]> proposal =
                        proposals.get(proposed).record();
                watchContext.setRecordMetadata("app" + StopperTopology.PROPOSALS_SUFFIX, 0, proposed);
                watch.process(new Record<>(proposal.key(), proposal.value(), proposal.timestamp()));
            }
        }

        Changelogs changelogs() {
            Map<String, byte[]> watches = new LinkedHashMap<>();
            all(watched).forEach((key, value) -> watches.put(key, WatchedSerde.encode(value)));
            return new Changelogs(all(rules), all(runs), watches, all(requests));
        }

        private <T> Map<String, T> all(KeyValueStore<String, T> store) {
            Map<String, T> values = new LinkedHashMap<>();
            try (KeyValueIterator<String, T> all = store.all()) {
                while (all.hasNext()) {
                    KeyValue<String, T> each = all.next();
                    values.put(each.key, each.value);
                }
            }
            return values;
        }

        List<RunCommand> commands() {
            return watchContext.forwarded(StopperTopology.COMMANDS).stream()
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
                .containsExactly(
                        run("deit", "adam") + ".a1.transfer",
                        run("deit", "adamw") + ".a1.transfer",
                        run("deit", "sgd") + ".a1.transfer");
        assertThat(life.tally.counts().obeyed()).isEqualTo(1);
    }

    @Test
    void aCommandCarriesItsWholeEvidence() {
        RunCommand command =
                new Life(Changelogs.EMPTY).read(0, STREAM.size()).commands().get(0);

        assertThat(command.getRule()).isEqualTo("transfer");
        assertThat(command.getRuleVersion()).isEqualTo(2);
        assertThat(command.getReason())
                .startsWith("0.3 at 0.3333 of the budget: its forecast is 0.6")
                .contains("the leader's 0.8 (" + run("deit", "lamb") + ")");
        assertThat(command.getStep()).isEqualTo(100);
        assertThat(command.getRung()).isEqualTo(1);
        assertThat(command.getThreshold()).isGreaterThan(command.getObserved());
        assertThat(command.getForecast()).isBetween(command.getForecastLower(), command.getForecastUpper());
        assertThat(command.getPeers())
                .containsExactly(
                        run("deit", "adamw").toString(),
                        run("deit", "lamb").toString(),
                        run("deit", "sgd").toString());
        assertThat(command.getInputOffsets())
                .containsEntry("couplet.evaluations.v1-0", 15L)
                .containsEntry("couplet.run-events.v1-0", 11L);
        assertThat(command.getShadow()).isFalse();
    }

    /** Kafka Streams found the stores corrupted, emptied them and goes on with the same processor: what stood beside them is no longer true. */
    @Test
    void aProcessorThatIsInitializedAgainKnowsWhatItsStoresKnow() {
        Life life = new Life(Changelogs.EMPTY).read(0, STREAM.size());
        for (KeyValueStore<String, byte[]> store : List.of(life.rules, life.runs)) {
            life.all(store).keySet().forEach(store::delete);
        }
        life.studies.init(life.studyContext);
        life.read(STREAM.size() - 1, STREAM.size());

        assertThat(life.changelogs().runs()).containsOnlyKeys(STUDY + '|' + run("deit", "lamb"));
        assertThat(StudyCodec.decodeRun(
                                Objects.requireNonNull(life.changelogs().runs().get(STUDY + '|' + run("deit", "lamb"))))
                        .points())
                .extracting(Point::rung)
                .containsExactly(2);
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

    /** The stores were written, the offsets were not: what is read again leads to the same bytes and to nothing else. */
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
}
