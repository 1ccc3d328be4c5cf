package io.couplet.view.alerts;

import io.couplet.schemas.RunId;
import io.couplet.schemas.avro.ConvergenceScore;
import io.couplet.schemas.avro.Evaluation;
import io.couplet.schemas.avro.RunCommand;
import io.couplet.schemas.avro.RunCommandKind;
import io.couplet.schemas.avro.RunEvent;
import io.couplet.schemas.avro.RunEventKind;
import io.couplet.schemas.avro.RunRequest;
import io.couplet.schemas.study.RunsAsked;
import io.couplet.view.alerts.Alert.Event;
import io.couplet.view.alerts.Alert.Origin;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.apache.avro.specific.SpecificRecord;
import org.jspecify.annotations.Nullable;

/**
 * What of the records somebody must hear of: folded record by record, without a clock. An alert's id depends on the event only, never on the order in which topics
 * are read, so a reader that starts again raises the same ones.
 */
final class AlertRules {

    /** Ids kept of what was told, about 10 MB; a record that repeats one comes soon after it, if at all. */
    private static final int TOLD = 50_000;

    private final Map<String, Pulse> runs = new HashMap<>();
    private final Map<String, Study> studies = new HashMap<>();
    private final Map<String, Alert> finished = new LinkedHashMap<>();
    private final Set<String> told = new LinkedHashSet<>();

    /** A study's books. */
    private static final class Study {
        private String name = "";
        private final RunsAsked asked = new RunsAsked();
        private final Map<String, Pulse> runs = new HashMap<>();
        private int ended;
        private boolean finished;
    }

    /**
     * Takes a record in and says what it means; what an equal record has said before is not said again. Whether a study is finished {@link #studiesFinished} says.
     *
     * @throws IllegalArgumentException when its run id is none
     */
    List<Alert> accept(SpecificRecord record, Origin origin) {
        return meaning(record, origin).stream().filter(this::isNew).toList();
    }

    private boolean isNew(Alert alert) {
        boolean added = told.add(alert.id());
        if (told.size() > TOLD) {
            Iterator<String> oldest = told.iterator();
            oldest.next();
            oldest.remove();
        }
        return added;
    }

    private List<Alert> meaning(SpecificRecord record, Origin origin) {
        if (record instanceof RunRequest request) {
            Study study = studies.computeIfAbsent(request.getStudyId(), id -> new Study());
            study.name = request.getStudyName();
            study.asked.add(request);
            keep(pulse(request.getRunId(), origin).asked(request.getSubmittedMillis()));
            noteEnd(request.getStudyId(), request.getSubmittedMillis(), origin);
            return List.of();
        }
        if (record instanceof RunEvent event) {
            return event.getKind() == RunEventKind.PREPARING ? List.of() : of(event, origin);
        }
        if (record instanceof ConvergenceScore score) {
            keep(pulse(score.getRunId(), origin).plus(score, origin));
        } else if (record instanceof Evaluation evaluation) {
            keep(pulse(evaluation.getRunId(), origin)
                    .seen(evaluation.getAttempt(), evaluation.getTimeMillis(), origin));
        } else if (record instanceof RunCommand command) {
            return of(command, origin);
        }
        return List.of();
    }

    private List<Alert> of(RunEvent event, Origin origin) {
        Pulse before = pulse(event.getRunId(), origin);
        Pulse next = before.plus(event, origin);
        keep(next);
        noteEnd(next.run().studyId(), event.getTimeMillis(), origin);
        Event kind = kind(event);
        return kind == null || next.equals(before) ? List.of() : List.of(alert(next, kind, event, origin));
    }

    private static @Nullable Event kind(RunEvent event) {
        return switch (event.getKind()) {
            case DIVERGED -> Event.RUN_DIVERGED;
            case STOPPED -> Event.RUN_STOPPED;
            case FAILED -> Event.RUN_FAILED;
            default -> null;
        };
    }

    private static Alert alert(Pulse pulse, Event kind, RunEvent event, Origin origin) {
        String what = kind.label().substring("run-".length());
        String why = event.getReason() == null ? "" : ": " + event.getReason();
        return new Alert(
                pulse.run() + ".a" + event.getAttempt() + '.' + what,
                kind,
                "%s %s at step %d of %d%s"
                        .formatted(
                                name(pulse.run()),
                                event.getPaused() ? "paused" : what,
                                event.getStep(),
                                event.getBudgetSteps(),
                                why),
                pulse.run().studyId(),
                pulse.run().toString(),
                event.getAttempt(),
                pulse.run().backbone(),
                pulse.run().optimizer(),
                pulse.run().seed(),
                event.getStep(),
                event.getReason(),
                null,
                event.getCommandId(),
                event.getTimeMillis(),
                origin);
    }

    private List<Alert> of(RunCommand command, Origin origin) {
        if (command.getKind() != RunCommandKind.STOP || command.getShadow()) {
            // Other rules for a study name no run.
            return List.of();
        }
        RunId run = RunId.parse(command.getRunId());
        return List.of(new Alert(
                command.getCommandId(),
                Event.STOP_ORDERED,
                "%s is told to %s by %s (%s): %s"
                        .formatted(
                                name(run),
                                command.getPause() ? "pause" : "stop",
                                command.getRequestedBy(),
                                command.getRule(),
                                command.getReason()),
                run.studyId(),
                run.toString(),
                null,
                run.backbone(),
                run.optimizer(),
                run.seed(),
                command.getStep(),
                command.getReason(),
                command.getRule(),
                command.getCommandId(),
                command.getTimeMillis(),
                origin));
    }

    /** A study is finished when all its runs have ended; taken up again and finished once more it is another event. */
    private void noteEnd(String studyId, long timeMillis, Origin origin) {
        Study study = studies.computeIfAbsent(studyId, id -> new Study());
        int expected = study.asked.atLeast();
        boolean before = study.finished;
        study.finished = study.asked.asked() && study.ended >= expected;
        if (!study.finished) {
            finished.remove(studyId);
        } else if (!before) {
            finished.put(studyId, finished(studyId, study, expected, timeMillis, origin));
        }
    }

    private static Alert finished(String studyId, Study study, int expected, long timeMillis, Origin origin) {
        int attempts = study.runs.values().stream().mapToInt(Pulse::attempt).sum();
        return new Alert(
                studyId + ".finished." + attempts,
                Event.STUDY_FINISHED,
                "Study %s is finished: all %d runs have ended.".formatted(study.name, expected),
                studyId,
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                timeMillis,
                origin);
    }

    /** Studies that have finished since this was asked last; to be asked when all that is there has been read, since each topic alone tells half of it. */
    List<Alert> studiesFinished() {
        List<Alert> alerts = finished.values().stream().filter(this::isNew).toList();
        finished.clear();
        return alerts;
    }

    /**
     * Runs that have been silent for too long by now, each told once a silence.
     *
     * @param judgedUntilMillis stalls that began up to then have been told
     * @param countedFromMillis silence before that does not count
     */
    List<Alert> stalls(long nowMillis, long judgedUntilMillis, long leastSilenceMillis, long countedFromMillis) {
        List<Alert> alerts = new ArrayList<>();
        for (Pulse pulse : runs.values()) {
            long since = pulse.stalledFrom(leastSilenceMillis, countedFromMillis);
            if (pulse.training() && since <= nowMillis && since > judgedUntilMillis) {
                String id = pulse.run() + ".a" + pulse.attempt() + ".stalled." + pulse.millis();
                Alert stall = stalled(id, pulse, since);
                if (isNew(stall)) {
                    alerts.add(stall);
                }
            }
        }
        return alerts;
    }

    private static Alert stalled(String id, Pulse pulse, long since) {
        String reason = String.format(
                Locale.ROOT,
                "No sign of it for %.0f s; a step takes about %.2f s.",
                (since - pulse.millis()) / 1000.0,
                pulse.gapMillis() / 1000);
        return new Alert(
                id,
                Event.RUN_STALLED,
                "%s has stalled at step %d: %s".formatted(name(pulse.run()), pulse.step(), reason),
                pulse.run().studyId(),
                pulse.run().toString(),
                pulse.attempt(),
                pulse.run().backbone(),
                pulse.run().optimizer(),
                pulse.run().seed(),
                pulse.step(),
                reason,
                null,
                null,
                since,
                pulse.origin());
    }

    private Pulse pulse(String runId, Origin origin) {
        Pulse known = runs.get(runId);
        return known == null ? Pulse.none(RunId.parse(runId), origin) : known;
    }

    private void keep(Pulse pulse) {
        String runId = pulse.run().toString();
        runs.put(runId, pulse);
        Study study = studies.computeIfAbsent(pulse.run().studyId(), id -> new Study());
        Pulse before = study.runs.put(runId, pulse);
        study.ended += (pulse.ended() ? 1 : 0) - (before != null && before.ended() ? 1 : 0);
        study.asked.add(pulse.run());
    }

    private static String name(RunId run) {
        return run.backbone() + " × " + run.optimizer() + ", seed " + run.seed() + ", of " + run.studyId() + ',';
    }
}
