package io.couplet.stopper;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.couplet.schemas.DeadLetter;
import io.couplet.schemas.RunId;
import io.couplet.schemas.Topics;
import io.couplet.schemas.WireFormat;
import io.couplet.schemas.avro.RunCommand;
import io.couplet.schemas.avro.RunRequest;
import io.couplet.stopper.Turn.Answer;
import io.couplet.stopper.Turn.Effect;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.streams.processor.api.ContextualProcessor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;
import org.apache.kafka.streams.state.KeyValueStore;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Reads a record, loads what is known of its run, lets the judge say what follows, keeps and sends that. */
final class WatchProcessor extends ContextualProcessor<byte[], byte[], byte[], byte[]> {

    static final String SERVICE = "early-stopper";

    private static final Logger LOG = LoggerFactory.getLogger(WatchProcessor.class);

    private final Judge judge;
    private final Tally tally;
    private final WireFormat format;

    @SuppressWarnings("NullAway.Init") // Kafka Streams calls init() before the first record.
    private KeyValueStore<String, Watched> runs;

    @SuppressWarnings("NullAway.Init")
    private KeyValueStore<String, byte[]> requests;

    WatchProcessor(Judge judge, Tally tally, WireFormat format) {
        this.format = format;
        this.judge = judge;
        this.tally = tally;
    }

    @Override
    public void init(ProcessorContext<byte[], byte[]> context) {
        super.init(context);
        runs = context.getStateStore(StopperTopology.RUNS);
        requests = context.getStateStore(StopperTopology.REQUESTS);
    }

    @Override
    public void process(Record<byte[], byte[]> record) {
        RecordMetadata read = context().recordMetadata().orElseThrow();
        Origin origin =
                read.topic().endsWith(StopperTopology.REQUESTS_SUFFIX) ? Origin.of(record.headers()) : Origin.of(read);
        tally.recordsRead.increment();
        byte @Nullable [] value = record.value();
        if (value == null) {
            tally.withoutValue.increment();
            return;
        }
        Input input;
        Watched known;
        try {
            input = Input.read(
                    origin.topic(), record.key(), format.fromKafka(origin.topic(), value), record.timestamp());
            if (input instanceof Input.OfStudy || input instanceof Input.Change change && change.isClaim()) {
                return;
            }
            known = known(input.runId());
        } catch (SerializationException | IllegalArgumentException e) {
            toDeadLetters(record, origin, String.valueOf(e.getMessage()));
            return;
        }
        if (input instanceof Input.Requested requested) {
            requests.put(requested.runId(), requested.bytes());
            return;
        }
        if (known.hasRead(input)) {
            tell(Judge.again(known.run(), origin), record.timestamp());
            return;
        }
        Turn turn = judge.judge(known.run(), input, origin, context().currentSystemTimeMs());
        Watched next = known.after(input, turn.next());
        if (next != known) {
            runs.put(input.runId(), next);
        }
        if (input instanceof Input.Ordered) {
            tally.personsOrders.increment();
        }
        tell(turn.effect(), record.timestamp());
        boolean superseded = turn.effect() instanceof Effect.OlderAttempt;
        if (input instanceof Input.Change change && change.endsTheRun() && !superseded) {
            requests.delete(input.runId());
        }
    }

    /** What the store has of a run; a run it does not have must at least be named like one. */
    private Watched known(String runId) {
        Watched known = runs.get(runId);
        if (known == null) {
            RunId.parse(runId);
            return Watched.NOTHING;
        }
        return known;
    }

    private void tell(Effect effect, long timestamp) {
        if (effect instanceof Effect.Command command) {
            tally.ordered(command.command());
            send(command.command(), timestamp);
            LOG.info(
                    "{}: told to stop {} ms after step {}: {}",
                    command.command().getCommandId(),
                    command.command().getTimeMillis() - command.evidenceMillis(),
                    command.command().getStep(),
                    command.command().getReason());
        } else if (effect instanceof Effect.Shadow shadow) {
            tally.ordered(shadow.command());
            send(shadow.command(), timestamp);
        } else if (effect instanceof Effect.CommandAgain again) {
            tally.commandsRepeated.increment();
            send(again.command(), timestamp);
        } else if (effect instanceof Effect.Answered answered) {
            note(answered.answer());
        } else if (effect instanceof Effect.OlderAttempt) {
            tally.olderAttempts.increment();
        } else if (effect instanceof Effect.Noted noted) {
            LOG.info(
                    "{}: {} ordered {} of {}: {}",
                    noted.order().getCommandId(),
                    noted.order().getRequestedBy(),
                    noted.order().getKind(),
                    noted.order().getRunId(),
                    noted.order().getReason());
        } else if (effect instanceof Effect.Needless needless) {
            needless(needless.order(), needless.why());
        } else if (effect instanceof Effect.Requeue requeue) {
            requeue(requeue, timestamp);
        }
    }

    private void needless(RunCommand order, String why) {
        tally.needlessOrders.increment();
        LOG.warn("{}: no {} of {}: {}", order.getCommandId(), order.getKind(), order.getRunId(), why);
    }

    /** The same request, submitted later: whoever reads both tells them apart by that. */
    private void requeue(Effect.Requeue requeue, long timestamp) {
        if (requeue.answer() != null) {
            note(requeue.answer());
        }
        String runId = requeue.resume().getRunId();
        byte[] bytes = requests.get(runId);
        if (bytes == null) {
            needless(requeue.resume(), "its request is no longer kept");
            return;
        }
        (requeue.again() ? tally.requeuedAgain : tally.requeued).increment();
        RunRequest request = RunRequest.newBuilder(Topics.RUN_REQUESTS.wire().decode(bytes))
                .setSubmittedMillis(requeue.submittedMillis())
                .build();
        context()
                .forward(
                        new Record<>(runId.getBytes(UTF_8), format.encode(Topics.RUN_REQUESTS, request), timestamp),
                        StopperTopology.REQUEUED);
        LOG.info("{}: {} is put back into the queue", requeue.resume().getCommandId(), runId);
    }

    private void send(RunCommand command, long timestamp) {
        byte[] key = command.getRunId().getBytes(UTF_8);
        context()
                .forward(
                        new Record<>(key, format.encode(Topics.RUN_COMMANDS, command), timestamp),
                        StopperTopology.COMMANDS);
    }

    private void note(Answer answer) {
        tally.answered(answer);
        LOG.info(
                "{}: {} at step {}, {}; from step to command {} ms, from command to the trainer's event {} ms, from there to here {} ms",
                answer.command().getCommandId(),
                answer.event().getKind(),
                answer.event().getStep(),
                answer.obeyed() ? "as told" : "by itself, before the command",
                answer.toCommandMillis(),
                answer.toTrainerMillis(),
                answer.toStopperMillis());
    }

    private void toDeadLetters(Record<byte[], byte[]> record, Origin origin, String cause) {
        tally.deadLetters.increment();
        LOG.warn("{} offset {} goes to the dead letters: {}", origin.topicPartition(), origin.offset(), cause);
        context()
                .forward(
                        record.withHeaders(DeadLetter.of(
                                        record.key(),
                                        record.value(),
                                        origin.topic(),
                                        origin.partition(),
                                        origin.offset(),
                                        SERVICE,
                                        cause)
                                .headers()),
                        StopperTopology.DEAD_LETTERS);
    }
}
