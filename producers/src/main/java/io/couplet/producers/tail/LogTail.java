package io.couplet.producers.tail;

import io.couplet.producers.MetricPublisher;
import io.couplet.producers.tail.LogFiles.Log;
import io.couplet.producers.tail.RunAssembler.LeftOut;
import io.couplet.producers.tail.RunAssembler.Message;
import io.couplet.producers.tail.RunAssembler.Outcome;
import io.couplet.producers.tail.TailState.FileState;
import io.couplet.schemas.RunId;
import io.couplet.schemas.Topics;
import io.couplet.schemas.avro.Evaluation;
import io.couplet.schemas.avro.StepMetrics;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.apache.avro.specific.SpecificRecord;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Follows logs: {@link #poll} takes what has been written since the last time, through a {@link MetricPublisher}, and keeps how far it is in a file once the records are with Kafka or in
 * the publisher's spool. A process that ends and one that goes on from its state send no record twice; one that is killed between handing over and writing the state down sends again what it
 * handed over in its last second, and (runId, attempt, step) tells the copies.
 */
public final class LogTail implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(LogTail.class);

    private static final int CHUNK = 1 << 20;
    private static final int LONGEST_ENTRY = 1 << 26;
    private static final int MOST_OPEN = 256;
    private static final Duration ACKNOWLEDGED_WITHIN = Duration.ofSeconds(5);
    /** A log that was quiet for so long has written all of its newest step. */
    private static final long QUIET_MILLIS = 10_000;

    private final LogFiles logs;
    private final TailSettings settings;
    private final RunAssembler assembler;
    private final MetricPublisher publisher;
    private final Path stateFile;
    private final InstantSource clock;
    private final Consumer<TailProblem> problems;
    private final boolean whole;

    private final Map<String, FileState> files;
    private final Map<String, RunState> runs;
    private int rungs;

    private final Map<String, LogFile> open = new HashMap<>();
    private final Map<String, Long> grewAt = new HashMap<>();
    private final Map<String, Set<String>> runsOfFile = new HashMap<>();
    private final Set<String> surveyed = new HashSet<>();
    private final Map<String, RunState> surveyedRuns = new HashMap<>();
    private final Map<String, Integer> surveyedBudgets = new HashMap<>();
    private final Set<String> givenUp = new HashSet<>();
    private final Map<LeftOut, Long> leftOut = new EnumMap<>(LeftOut.class);
    private long steps;
    private long evaluations;
    private long events;
    private long replaced;
    private long malformed;
    private List<Log> found = List.of();
    private boolean changed;

    /**
     * Goes on from the state, or begins.
     *
     * @param roots files, and folders that are looked through for files
     * @param stateFile how far it is; made when it is not there
     * @param whole whether the logs have ended: the rest of a file is then an entry, and a budget that nobody gives is a run's last step
     * @param problems told each thing that could not be read or sent
     * @throws TailException in one sentence with the fix
     */
    public LogTail(
            List<Path> roots,
            TailSettings settings,
            MetricPublisher publisher,
            Path stateFile,
            boolean whole,
            InstantSource clock,
            Consumer<TailProblem> problems)
            throws TailException {
        this.logs = new LogFiles(roots, settings.format());
        this.settings = settings;
        this.assembler = new RunAssembler(settings);
        this.publisher = publisher;
        this.stateFile = stateFile;
        this.whole = whole;
        this.clock = clock;
        this.problems = problems;
        logs.check();
        try {
            TailState state = TailState.load(stateFile, settings.study());
            this.files = new HashMap<>(state.files());
            this.runs = new HashMap<>(state.runs());
            this.rungs = state.rungs();
        } catch (IOException e) {
            throw new TailException(String.valueOf(e.getMessage()), e);
        }
    }

    /**
     * Checks that the logs are there.
     *
     * @throws TailException in one sentence with the fix
     */
    public static void check(List<Path> roots, TailSettings settings) throws TailException {
        new LogFiles(roots, settings.format()).check();
    }

    /**
     * Takes what is new.
     *
     * @return whether anything was
     * @throws TailException when a folder cannot be looked through, or the state not be written
     */
    public boolean poll() throws TailException, InterruptedException {
        boolean grew = false;
        try {
            found = logs.now();
            if (whole) {
                surveyNew();
            }
            for (Log log : found) {
                if (!givenUp.contains(key(log))) {
                    grew |= read(log);
                }
            }
            settle();
            save();
        } catch (IOException e) {
            throw new TailException("The logs cannot be followed: " + e + ".", e);
        }
        return grew;
    }

    /** Takes the logs for ended: half an entry is one that will not be completed, and every run ends where its log does. */
    public void end() throws TailException, InterruptedException {
        try {
            for (Log log : found) {
                if (!givenUp.contains(key(log))) {
                    finish(log);
                }
                flushPending(log);
            }
            for (String name : List.copyOf(runs.keySet())) {
                take(name, assembler.end(run(name), rungs, clock.millis(), false));
            }
            save();
        } catch (IOException e) {
            throw new TailException("The logs cannot be followed: " + e + ".", e);
        }
    }

    /** Reads a log to its very end; it may have been closed because too many were open. */
    private void finish(Log log) throws IOException {
        LogFile file = open.get(key(log));
        if (file != null) {
            drain(log, file, true);
            return;
        }
        FileState state = state(key(log));
        try (LogFile closed = LogFile.open(log.path())) {
            if (closed.head(state.head().length() / 2).equals(state.head())) {
                drain(log, closed, true);
            }
        } catch (NoSuchFileException e) {
            LOG.debug("{} is gone", log.shown());
        }
    }

    /** What came of the logs so far. */
    public TailCounts counts() {
        return new TailCounts(
                files.size(),
                runs.size(),
                steps,
                evaluations,
                events,
                leftOut.getOrDefault(LeftOut.WITHOUT_METRIC, 0L),
                leftOut.getOrDefault(LeftOut.REPEATED, 0L),
                leftOut.getOrDefault(LeftOut.BETWEEN_RUNGS, 0L),
                replaced,
                malformed);
    }

    /** Ids of the runs that were found, in this process or before. */
    public List<String> runIds() {
        return runs.values().stream().map(RunState::runId).sorted().toList();
    }

    private boolean read(Log log) throws IOException {
        String key = key(log);
        try {
            LogFile file = open.get(key);
            if (file != null && !file.isAt(log.path())) {
                drain(log, file, true);
                flushPending(log);
                file.close();
                open.remove(key);
                file = null;
                replaced(log);
            }
            if (file == null) {
                file = LogFile.open(log.path());
                open.put(key, file);
            }
            FileState state = files.computeIfAbsent(key, any -> FileState.NEW);
            long size = file.size();
            boolean grew = size != state.position().bytes();
            if (grew
                    && (size < state.position().bytes()
                            || !file.head(state.head().length() / 2).equals(state.head()))) {
                flushPending(log);
                replaced(log);
            }
            if (grew) {
                long before = position(key).bytes();
                drain(log, file, whole);
                grew = position(key).bytes() != before;
            }
            if (grew) {
                grewAt.put(key, clock.millis());
            }
            if (open.size() > MOST_OPEN) {
                file.close();
                open.remove(key);
            }
            return grew;
        } catch (NoSuchFileException e) {
            return false; // removed since the folder was looked through
        } catch (IOException e) {
            giveUp(log, "it cannot be read: " + e.getMessage());
            return false;
        }
    }

    private void replaced(Log log) {
        LOG.info("{} was cut or replaced: it is read from its beginning", log.shown());
        replaced++;
        changed = true;
        files.put(key(log), FileState.NEW);
    }

    /** Reads a file to its end as it is now. */
    private void drain(Log log, LogFile file, boolean ended) throws IOException {
        flushOthersOfFolder(log);
        Position position = position(key(log));
        int chunk = CHUNK;
        while (!position.unreadable() && !givenUp.contains(key(log))) {
            byte[] bytes = file.read(position.bytes(), chunk);
            boolean toItsEnd = bytes.length < chunk;
            Position after = decode(log, position, bytes, ended && toItsEnd, new Finding(log));
            if (after.bytes() == position.bytes() && !after.unreadable()) {
                if (toItsEnd) {
                    break;
                }
                chunk *= 2;
                if (chunk > LONGEST_ENTRY) {
                    giveUp(log, "it has an entry of more than 64 MiB at byte " + (position.bytes() + 1));
                }
                continue;
            }
            if (givenUp.contains(key(log))) {
                files.put(key(log), FileState.NEW);
                return;
            }
            changed = true;
            position = after;
            FileState state = state(key(log));
            String head = state.head().isEmpty() ? file.head(position.bytes()) : state.head();
            files.put(key(log), new FileState(head, position, state.pending(), state.facts()));
            if (toItsEnd) {
                break;
            }
        }
    }

    private Position decode(Log log, Position position, byte[] bytes, boolean ended, LogDecoder.Finder finder) {
        return log.format().decoder(settings.stepsPerEpoch()).decode(position, bytes, ended, finder);
    }

    /** What is found in one file. */
    private final class Finding implements LogDecoder.Finder {
        private final Log log;

        Finding(Log log) {
            this.log = log;
        }

        @Override
        public void entry(LogEntry entry) {
            FileState state = state(key(log));
            if (entry.step() == null
                    && !entry.facts().isEmpty()
                    && entry.values().get("epoch") == null) {
                Map<String, String> facts = new HashMap<>(state.facts());
                facts.putAll(entry.facts());
                files.put(key(log), new FileState(state.head(), state.position(), state.pending(), facts));
                if (log.format() != LogFormat.CSV) {
                    if (!entry.values().isEmpty()) {
                        leftOut.merge(LeftOut.WITHOUT_METRIC, 1L, Long::sum);
                    }
                    return;
                }
            }
            if (!log.format().oneNumberAnEntry()) {
                assemble(log, entry);
                return;
            }
            LogEntry pending = state.pending();
            boolean same = pending != null && Objects.equals(pending.step(), entry.step());
            if (pending != null && !same) {
                assemble(log, pending);
            }
            LogEntry next = pending != null && same ? pending.plus(entry) : entry;
            files.put(key(log), new FileState(state.head(), state.position(), next, state.facts()));
        }

        @Override
        public void malformed(long place, String cause) {
            problem(log, place, cause);
        }
    }

    private void assemble(Log log, LogEntry entry) {
        if (givenUp.contains(key(log))) {
            return;
        }
        Optional<Map<String, String>> ofPath = ofPath(log);
        if (ofPath.isEmpty()) {
            giveUp(log, "its path does not fit --path-pattern, so it is not sent");
            return;
        }
        RunIdentity identity = RunIdentity.of(
                settings.facts(), ofPath.get(), entry.facts(), state(key(log)).facts(), log.runName());
        try {
            RunState run = runs.get(identity.name());
            if (run == null) {
                run = begun(identity);
            } else {
                identity.requireSame(RunId.parse(run.runId()));
            }
            runsOfFile.computeIfAbsent(key(log), any -> new HashSet<>()).add(identity.name());
            Outcome outcome = assembler.accept(run, rungs, entry, clock.millis());
            if (outcome.problem() != null) {
                problem(log, entry.place(), outcome.problem());
            }
            if (runs.containsKey(identity.name()) || !outcome.messages().isEmpty()) {
                take(identity.name(), outcome);
            } else {
                outcome.leftOut().forEach(each -> leftOut.merge(each, 1L, Long::sum));
            }
        } catch (IllegalArgumentException e) {
            refuse(log, entry, String.valueOf(e.getMessage()));
        }
    }

    /** A log of which nothing was sent is left as it is, so that the same command with another flag sends all of it. */
    private void refuse(Log log, LogEntry entry, String cause) {
        if (runsOfFile.containsKey(key(log))) {
            problem(log, entry.place(), cause);
        } else {
            giveUp(log, cause);
        }
    }

    private RunState begun(RunIdentity identity) {
        int budget = identity.budgetSteps();
        if (budget == 0) {
            budget = surveyedBudgets.getOrDefault(identity.name(), 0);
        }
        if (budget == 0) {
            throw new IllegalArgumentException(
                    "run " + identity.name()
                            + " has no budget: give --budget STEPS, the steps it will take (a log that has ended needs none with --once)");
        }
        return RunState.of(identity.id(settings.study()).toString(), budget);
    }

    private Optional<Map<String, String>> ofPath(Log log) {
        PathPattern pattern = settings.pattern();
        return pattern == null ? Optional.of(Map.of()) : pattern.read(log.shown());
    }

    private void take(String name, Outcome outcome) {
        RunState run = outcome.run();
        rungs = outcome.rungs();
        outcome.leftOut().forEach(each -> leftOut.merge(each, 1L, Long::sum));
        outcome.messages().forEach(this::publish);
        runs.put(name, run);
        changed |= !outcome.messages().isEmpty();
        if (!run.ended() && rungs > 0 && run.lastRung() == rungs && run.lastStep() >= run.budgetSteps()) {
            take(name, assembler.end(run, rungs, clock.millis(), true));
        }
    }

    private <T extends SpecificRecord> void publish(Message<T> message) {
        publisher.publish(message.topic(), message.key(), message.value());
        if (message.topic() == Topics.STEP_METRICS) {
            steps++;
        } else if (message.topic() == Topics.EVALUATIONS) {
            evaluations++;
        } else {
            events++;
        }
    }

    /** The last steps of the runs of logs that have ended, for those whose budget nobody gives: of all logs first, since a run that was resumed goes on in another. */
    private void surveyNew() {
        for (Log log : found) {
            Position position = position(key(log));
            if (position.bytes() == 0 && !position.unreadable() && surveyed.add(key(log))) {
                try (LogFile file = LogFile.open(log.path())) {
                    survey(log, file);
                } catch (IOException e) {
                    LOG.debug("{} is told when it is read to be sent", log.shown(), e);
                }
            }
        }
    }

    private void survey(Log log, LogFile file) throws IOException {
        Map<String, String> facts = new HashMap<>();
        Map<String, String> ofPath = ofPath(log).orElse(Map.of());
        LogDecoder.Finder finder = new LogDecoder.Finder() {
            @Override
            public void entry(LogEntry entry) {
                if (entry.step() == null) {
                    facts.putAll(entry.facts());
                }
                RunIdentity identity = RunIdentity.of(settings.facts(), ofPath, entry.facts(), facts, log.runName());
                RunState before = surveyedRuns.getOrDefault(
                        identity.name(), RunState.of("survey-000000.any.any.s0.000000", Integer.MAX_VALUE));
                Outcome outcome = assembler.accept(before, Integer.MAX_VALUE, entry, 0); // every step is a rung
                surveyedRuns.put(identity.name(), outcome.run());
                for (Message<?> message : outcome.messages()) {
                    int step = message.value() instanceof StepMetrics metrics
                            ? metrics.getStep()
                            : message.value() instanceof Evaluation evaluation ? evaluation.getStep() : 0;
                    surveyedBudgets.merge(identity.name(), step, Math::max);
                }
            }

            @Override
            public void malformed(long place, String cause) {
                // Told when it is read to be sent.
            }
        };
        Position position = Position.START;
        int chunk = CHUNK;
        while (!position.unreadable() && chunk <= LONGEST_ENTRY) {
            byte[] bytes = file.read(position.bytes(), chunk);
            boolean toItsEnd = bytes.length < chunk;
            Position after = decode(log, position, bytes, toItsEnd, finder);
            if (toItsEnd) {
                break;
            }
            chunk = after.bytes() == position.bytes() ? 2 * chunk : chunk;
            position = after;
        }
    }

    /** What follows from silence: the newest step of a log is whole, and a run whose budget is trained has ended. */
    private void settle() {
        long now = clock.millis();
        for (Log log : found) {
            String key = key(log);
            if (now - grewAt.getOrDefault(key, now) < QUIET_MILLIS) {
                continue;
            }
            grewAt.remove(key);
            flushPending(log);
            for (String name : runsOfFile.getOrDefault(key, Set.of())) {
                if (runs.containsKey(name)) {
                    take(name, assembler.end(run(name), rungs, now, true));
                }
            }
        }
    }

    private void flushPending(Log log) {
        FileState state = files.get(key(log));
        if (state != null && state.pending() != null) {
            files.put(key(log), new FileState(state.head(), state.position(), null, state.facts()));
            changed = true;
            assemble(log, state.pending());
        }
    }

    /** A run that goes on in a new file has written all of the former one. */
    private void flushOthersOfFolder(Log log) {
        if (!log.format().oneNumberAnEntry()) {
            return;
        }
        for (Log other : found) {
            if (!other.path().equals(log.path()) && other.runName().equals(log.runName())) {
                flushPending(other);
            }
        }
    }

    private void giveUp(Log log, String cause) {
        if (givenUp.add(key(log))) {
            problem(log, 0, cause);
        }
    }

    private void problem(Log log, long place, String cause) {
        malformed++;
        problems.accept(new TailProblem(log.shown(), place, cause));
    }

    private void save() throws IOException, InterruptedException {
        if (!changed) {
            return;
        }
        publisher.flush(ACKNOWLEDGED_WITHIN); // what is not acknowledged by then is in the spool
        Files.createDirectories(stateFile.toAbsolutePath().getParent());
        new TailState(settings.study(), rungs, files, runs).save(stateFile);
        changed = false;
    }

    private static String key(Log log) {
        return log.path().toString();
    }

    private Position position(String key) {
        return state(key).position();
    }

    private FileState state(String key) {
        return files.getOrDefault(key, FileState.NEW);
    }

    private RunState run(String name) {
        return Objects.requireNonNull(runs.get(name));
    }

    /** Closes the logs; the publisher stays open. */
    @Override
    public void close() {
        List<IOException> failures = new ArrayList<>();
        for (LogFile file : open.values()) {
            try {
                file.close();
            } catch (IOException e) {
                failures.add(e);
            }
        }
        open.clear();
        Collections.reverse(failures);
        failures.forEach(failure -> LOG.warn("A log could not be closed", failure));
    }
}
