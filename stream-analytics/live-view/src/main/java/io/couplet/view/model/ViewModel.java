package io.couplet.view.model;

import io.couplet.schemas.RunId;
import io.couplet.schemas.avro.ConvergenceScore;
import io.couplet.schemas.avro.CouplingScore;
import io.couplet.schemas.avro.Evaluation;
import io.couplet.schemas.avro.LayerStatistics;
import io.couplet.schemas.avro.RunCommand;
import io.couplet.schemas.avro.RunCommandKind;
import io.couplet.schemas.avro.RunEvent;
import io.couplet.schemas.avro.RunEventKind;
import io.couplet.schemas.avro.RunRequest;
import io.couplet.schemas.avro.StepMetrics;
import io.couplet.schemas.avro.StudyScore;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import org.apache.avro.specific.SpecificRecord;
import org.jspecify.annotations.Nullable;

/**
 * Everything the view shows, folded record by record. The order between topics does not matter; a position of a topic
 * counts once, however often it is delivered.
 *
 * <p>One writer and any number of readers; each call holds the model's lock for its own length.
 */
public final class ViewModel {

    /** Keys of dead letters are anybody's bytes: no more studies than this are told apart among them. */
    private static final int STUDIES_OF_DEAD_LETTERS = 1000;

    /** Greatest step that is believed: while steps before it are missing each takes a bit, so one attempt takes 16 MB at most. */
    public static final int MOST_STEPS = 1 << 27;

    /** As long as the topic keeps steps; a view that is started anew would not have them either. */
    static final Duration STEPS_KEPT = Duration.ofDays(7);

    /** Records between two looks for studies whose curves can go. */
    private static final int RELEASE_EVERY = 1000;

    private final InstantSource clock;
    private final String instance = UUID.randomUUID().toString().substring(0, 8);
    private final Map<String, StudyState> studies = new LinkedHashMap<>();
    private final Map<String, RunState> runs = new HashMap<>();
    private final Map<String, Map<Integer, Long>> nextOffsets = new HashMap<>();
    private final Map<String, Long> readByTopic = new TreeMap<>();
    private final Map<String, Long> unreadableByTopic = new TreeMap<>();
    private final Map<String, Long> deadLettersByStudy = new HashMap<>();
    private @Nullable String newestUnreadable;
    private long deadLetters;
    private long version = 1;

    /** Where a record stood. */
    public record Origin(String topic, int partition, long offset) {}

    /**
     * What was read so far.
     *
     * @param version version of the model; it grows with every record
     * @param records records taken in, by topic
     * @param unreadable records that could not be decoded or placed, by topic
     * @param newestUnreadable why the newest of them could not be; null when there is none
     * @param deadLetters records of the dead-letter topic
     */
    public record Intake(
            long version,
            Map<String, Long> records,
            Map<String, Long> unreadable,
            @Nullable String newestUnreadable,
            long deadLetters) {}

    public ViewModel() {
        this(InstantSource.system());
    }

    /** @param clock what a trainer whose clock is ahead cannot move: its records make no other study old */
    public ViewModel(InstantSource clock) {
        this.clock = clock;
    }

    /** Tells this model from one built after a restart; versions of different instances do not compare. */
    public String instance() {
        return instance;
    }

    /** Takes a record in; false when its position was taken in before. */
    public synchronized boolean apply(Origin origin, SpecificRecord record) {
        if (!advance(origin)) {
            return false;
        }
        try {
            apply(record);
        } catch (IllegalArgumentException e) {
            countUnreadable(origin, String.valueOf(e.getMessage()));
        }
        if (version % RELEASE_EVERY == 0) {
            releaseCurves();
        }
        return true;
    }

    /** A study all of whose runs have ended lets go of its curves once its newest record is older than steps are kept; its scores, summaries and counts stay. */
    private void releaseCurves() {
        long newest = studies.values().stream()
                .mapToLong(StudyState::newestMillis)
                .max()
                .orElse(0);
        long old = Math.min(newest, clock.millis()) - STEPS_KEPT.toMillis();
        for (StudyState study : studies.values()) {
            if (study.newestMillis() < old && study.summary().finished()) {
                study.releaseCurves();
            }
        }
    }

    /** Counts a record that could not be decoded. */
    public synchronized void unreadable(Origin origin, String reason) {
        if (advance(origin)) {
            countUnreadable(origin, reason);
        }
    }

    /** Counts a record of the dead-letter topic; its key, when it can be read as text, tells the study. */
    public synchronized void deadLetter(Origin origin, @Nullable String key) {
        if (!advance(origin)) {
            return;
        }
        deadLetters++;
        if (key != null) {
            int end = key.indexOf('|') >= 0 ? key.indexOf('|') : key.indexOf('.');
            String studyId = end < 0 ? key : key.substring(0, end);
            if (deadLettersByStudy.size() < STUDIES_OF_DEAD_LETTERS || deadLettersByStudy.containsKey(studyId)) {
                deadLettersByStudy.merge(studyId, 1L, Long::sum);
            }
        }
    }

    private boolean advance(Origin origin) {
        Map<Integer, Long> next = nextOffsets.computeIfAbsent(origin.topic(), topic -> new HashMap<>());
        if (origin.offset() < next.getOrDefault(origin.partition(), 0L)) {
            return false;
        }
        next.put(origin.partition(), origin.offset() + 1);
        readByTopic.merge(origin.topic(), 1L, Long::sum);
        version++;
        return true;
    }

    private void countUnreadable(Origin origin, String reason) {
        unreadableByTopic.merge(origin.topic(), 1L, Long::sum);
        newestUnreadable = "%s-%d@%d: %s".formatted(origin.topic(), origin.partition(), origin.offset(), reason);
    }

    private void apply(SpecificRecord record) {
        if (record instanceof StepMetrics metrics) {
            requireStep(metrics.getStep());
            RunState run = run(metrics.getRunId());
            run.add(metrics);
            changed(run, metrics.getRunId());
        } else if (record instanceof Evaluation evaluation) {
            RunState run = run(evaluation.getRunId());
            run.add(evaluation);
            changed(run, evaluation.getRunId());
        } else if (record instanceof RunEvent event && event.getKind() != RunEventKind.PREPARING) {
            RunState run = run(event.getRunId());
            run.add(event);
            changed(run, event.getRunId());
            if (run.hasOrders()) {
                study(run.identity().studyId()).decided(version);
            }
        } else if (record instanceof ConvergenceScore score) {
            RunState run = run(score.getRunId());
            run.add(score);
            changed(run, score.getRunId());
        } else if (record instanceof LayerStatistics statistics) {
            RunState run = run(statistics.getRunId());
            run.add(statistics);
            changed(run, statistics.getRunId());
        } else if (record instanceof RunCommand command && command.getKind() == RunCommandKind.RULES) {
            study(command.getStudyId()).judgedBy(command, version);
        } else if (record instanceof RunCommand command && command.getKind() != RunCommandKind.UNKNOWN) {
            // A kind that this version does not know is no order that stands: its trainers do not know it either.
            RunState run = run(command.getRunId());
            run.add(command);
            changed(run, command.getRunId());
            study(run.identity().studyId()).decided(version);
        } else if (record instanceof RunRequest request) {
            RunState run = run(request.getRunId());
            run.add(request);
            study(run.identity().studyId()).add(request);
            changed(run, request.getRunId());
        } else if (record instanceof CouplingScore score) {
            study(score.getStudyId()).add(score, version);
        } else if (record instanceof StudyScore score) {
            study(score.getStudyId()).add(score, version);
        }
    }

    private static void requireStep(int step) {
        if (step < 1 || step > MOST_STEPS) {
            throw new IllegalArgumentException("step must be between 1 and " + MOST_STEPS + ", was " + step);
        }
    }

    private RunState run(String runId) {
        RunState known = runs.get(runId);
        if (known != null) {
            return known;
        }
        RunState created = new RunState(runId, RunId.parse(runId));
        runs.put(runId, created);
        return created;
    }

    private StudyState study(String studyId) {
        return studies.computeIfAbsent(studyId, StudyState::new);
    }

    private void changed(RunState run, String runId) {
        study(run.identity().studyId()).changed(run, runId, version);
    }

    /** The offset behind the last record taken in, of each partition of a topic; what stands before it is not taken in again. */
    public synchronized Map<Integer, Long> nextOffsets(String topic) {
        return Map.copyOf(nextOffsets.getOrDefault(topic, Map.of()));
    }

    /** Grows with every record. */
    public synchronized long version() {
        return version;
    }

    /** What was read so far. */
    public synchronized Intake intake() {
        return new Intake(
                version, Map.copyOf(readByTopic), Map.copyOf(unreadableByTopic), newestUnreadable, deadLetters);
    }

    /** All studies, the one with the newest record first. */
    public synchronized List<StudySummary> studies() {
        return studies.values().stream()
                .map(StudyState::summary)
                .sorted(Comparator.comparingLong(StudySummary::newestMillis)
                        .reversed()
                        .thenComparing(StudySummary::id))
                .toList();
    }

    /**
     * A study with the cells that have changed after a version, and of its decisions the newest ones; null when no record names it.
     *
     * @param since a version of this instance, or 0 for everything
     */
    public @Nullable StudySnapshot study(String studyId, long since) {
        return study(studyId, since, StudySnapshot.DECISIONS);
    }

    private synchronized @Nullable StudySnapshot study(String studyId, long since, int mostDecisions) {
        StudyState study = studies.get(studyId);
        return study == null
                ? null
                : study.snapshot(
                        version,
                        since,
                        mostDecisions,
                        deadLetters,
                        deadLettersByStudy.getOrDefault(studyId, 0L),
                        unreadableTotal());
    }

    /** A study, whole, with all of its decisions; null when no record names it. */
    public @Nullable StudySnapshot snapshot(String studyId) {
        return study(studyId, 0, Integer.MAX_VALUE);
    }

    /**
     * A run with its curve; null when no record names it.
     *
     * @param points at most this many points of the curve, at least 1
     */
    public synchronized @Nullable RunSnapshot run(String runId, int points) {
        RunState run = runs.get(runId);
        return run == null ? null : run.snapshot(version, points);
    }

    /** Where a run stands; null when no record names it. */
    public synchronized @Nullable RunStatus status(String runId) {
        RunState run = runs.get(runId);
        return run == null ? null : run.status();
    }

    /** A run's orders, oldest first; empty when no record names it. */
    public synchronized List<Decision> decisions(String runId) {
        RunState run = runs.get(runId);
        return run == null ? List.of() : run.decisions();
    }

    /**
     * A few points of the loss of every run of a study; null when no record names it.
     *
     * @param points at most this many points a run, at least 1
     */
    public synchronized @Nullable List<CurveSketch> sketches(String studyId, int points) {
        StudyState study = studies.get(studyId);
        return study == null ? null : study.sketches(points);
    }

    /** The newest statistics of the weights of a study's runs, of one backbone or, with null, of all; null when no record names the study. */
    public synchronized @Nullable List<LayerSnapshot> layers(String studyId, @Nullable String backbone) {
        StudyState study = studies.get(studyId);
        return study == null ? null : study.layers(backbone);
    }

    private long unreadableTotal() {
        return unreadableByTopic.values().stream().mapToLong(Long::longValue).sum();
    }
}
