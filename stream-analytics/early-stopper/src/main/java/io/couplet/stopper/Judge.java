package io.couplet.stopper;

import io.couplet.schemas.RunId;
import io.couplet.schemas.avro.RunCommand;
import io.couplet.schemas.avro.RunCommandKind;
import io.couplet.schemas.avro.RunEvent;
import io.couplet.scores.stopping.Decision;
import io.couplet.scores.stopping.RunRule;
import io.couplet.stopper.Input.Change;
import io.couplet.stopper.Input.Evidence;
import io.couplet.stopper.RunWatch.Commanded;
import io.couplet.stopper.RunWatch.Ended;
import io.couplet.stopper.RunWatch.Paused;
import io.couplet.stopper.RunWatch.Reprieved;
import io.couplet.stopper.RunWatch.Resumed;
import io.couplet.stopper.RunWatch.Training;
import io.couplet.stopper.Turn.Answer;
import io.couplet.stopper.Turn.Effect;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What each record means for its run: a pure function of what was known, the record and the time. The same records in
 * the same order give the same commands, however often the reader was started again between them.
 */
final class Judge {

    static final String REQUESTED_BY = "early-stopper";

    /** The rule that people's orders name. */
    static final String PERSON = "person";

    private final List<RunRule> rules;

    Judge(List<RunRule> rules) {
        this.rules = List.copyOf(rules);
    }

    Turn judge(@Nullable RunWatch known, Input input, Origin origin, long nowMillis) {
        if (input instanceof Input.Ordered ordered) {
            return ordered(known, ordered.order(), origin);
        }
        if (known != null && input.attempt() < known.attempt()) {
            return new Turn(known, new Effect.OlderAttempt());
        }
        if (input instanceof Input.Proposal proposal && proposal.command().getShadow()) {
            return recorded(known, input.attempt(), proposal, origin);
        }
        RunWatch watch =
                known == null || input.attempt() > known.attempt() ? begun(known, input.attempt(), origin) : known;
        if (input instanceof Change change) {
            return change.ends() ? ended(watch, change.event(), origin, nowMillis) : heardOf(watch, origin);
        }
        if (input instanceof Input.Proposal proposal) {
            return agreed(watch, proposal);
        }
        return weighed(watch, (Evidence) input, origin, nowMillis);
    }

    /** An order in shadow is told and changes nothing. */
    private static Turn recorded(@Nullable RunWatch known, int attempt, Input.Proposal proposal, Origin origin) {
        return new Turn(known == null ? begun(null, attempt, origin) : known, new Effect.Shadow(proposal.command()));
    }

    /** What the cohort's rules propose becomes the order, unless the attempt has one already or has ended. */
    private static Turn agreed(RunWatch watch, Input.Proposal proposal) {
        if (watch instanceof Commanded commanded) {
            boolean same =
                    commanded.command().getCommandId().equals(proposal.command().getCommandId());
            return same ? new Turn(commanded, new Effect.CommandAgain(commanded.command())) : unremarkable(commanded);
        }
        return trains(watch) && !isRevoked(watch, proposal.command())
                ? new Turn(
                        new Commanded(watch.attempt(), proposal.command(), proposal.evidenceMillis()),
                        new Effect.Command(proposal.command(), proposal.evidenceMillis()))
                : unremarkable(watch);
    }

    private static boolean trains(RunWatch watch) {
        return watch instanceof Training || watch instanceof Reprieved;
    }

    private static boolean isRevoked(RunWatch watch, RunCommand command) {
        return watch instanceof Reprieved reprieved
                && reprieved.revoked().command().getCommandId().equals(command.getCommandId());
    }

    /** A person's order. Trainers read it from the topic themselves; here it is taken down, so that the answer is timed and no rule orders the same. */
    private static Turn ordered(@Nullable RunWatch known, RunCommand order, Origin origin) {
        return order.getKind() == RunCommandKind.STOP ? toStop(known, order) : toResume(known, order, origin);
    }

    private static Turn toStop(@Nullable RunWatch known, RunCommand order) {
        if (known instanceof Ended || known instanceof Paused) {
            return new Turn(known, new Effect.Needless(order, "it is not trained"));
        }
        int attempt = known == null ? 0 : known.attempt();
        return new Turn(new Commanded(attempt, order, order.getTimeMillis()), new Effect.Noted(order));
    }

    private static Turn toResume(@Nullable RunWatch known, RunCommand order, Origin origin) {
        if (known instanceof Paused paused) {
            return requeued(paused.attempt(), order, paused.timeMillis(), origin, null);
        }
        if (known instanceof Commanded commanded) {
            return new Turn(new Reprieved(known.attempt(), commanded, order), new Effect.Noted(order));
        }
        if (known instanceof Training training && training.unanswered() != null) {
            return new Turn(new Reprieved(known.attempt(), training.unanswered(), order), new Effect.Noted(order));
        }
        return new Turn(known, new Effect.Needless(order, "it is not paused"));
    }

    private static Turn requeued(
            int attempt, RunCommand resume, long pausedMillis, Origin origin, @Nullable Answer answer) {
        long submittedMillis = Math.max(resume.getTimeMillis(), pausedMillis + 1);
        return new Turn(
                new Resumed(attempt, resume, submittedMillis, origin.topicPartition(), origin.offset()),
                new Effect.Requeue(resume, submittedMillis, false, answer));
    }

    /** What follows when the newest of a person's orders is delivered again. */
    static Effect again(@Nullable RunWatch known, Origin origin) {
        return known instanceof Resumed resumed && resumed.restsOn(origin)
                ? new Effect.Requeue(resumed.resume(), resumed.submittedMillis(), true, null)
                : new Effect.None();
    }

    static String commandId(String runId, int attempt, String rule) {
        return runId + ".a" + attempt + '.' + rule;
    }

    /** The attempt that a command's id names. */
    static int attempt(RunCommand command) {
        String rest = command.getCommandId().substring(command.getRunId().length() + 2);
        return Integer.parseInt(rest.substring(0, rest.indexOf('.')));
    }

    /** A later attempt is judged anew; an order that nobody answered is kept until somebody does. */
    private static Training begun(@Nullable RunWatch known, int attempt, Origin origin) {
        Commanded unanswered = known instanceof Commanded commanded
                ? commanded
                : known instanceof Training training ? training.unanswered() : null;
        return new Training(attempt, Map.of(origin.topicPartition(), origin.offset()), unanswered);
    }

    private static Turn heardOf(RunWatch watch, Origin origin) {
        if (watch instanceof Training training) {
            return unremarkable(new Training(training.attempt(), plus(training.read(), origin), training.unanswered()));
        }
        return unremarkable(watch);
    }

    private static Turn ended(RunWatch watch, RunEvent event, Origin origin, long nowMillis) {
        RunWatch ended =
                event.getPaused() ? new Paused(watch.attempt(), event.getTimeMillis()) : new Ended(watch.attempt());
        if (watch instanceof Reprieved reprieved && event.getPaused()) {
            Answer late = answer(reprieved.revoked(), event, nowMillis);
            return requeued(watch.attempt(), reprieved.resume(), event.getTimeMillis(), origin, late);
        }
        if (watch instanceof Reprieved) {
            return unremarkable(ended);
        }
        if (watch instanceof Resumed) {
            return new Turn(watch, again(watch, origin));
        }
        if (watch instanceof Commanded commanded) {
            return new Turn(ended, new Effect.Answered(answer(commanded, event, nowMillis)));
        }
        if (watch instanceof Training training) {
            Commanded earlier = training.unanswered();
            return earlier != null && names(event, earlier.command())
                    ? new Turn(ended, new Effect.Answered(answer(earlier, event, nowMillis)))
                    : unremarkable(ended);
        }
        return unremarkable(watch);
    }

    private static Answer answer(Commanded commanded, RunEvent event, long nowMillis) {
        RunCommand command = commanded.command();
        return new Answer(
                command,
                event,
                event.getCommandId() != null,
                command.getTimeMillis() - commanded.evidenceMillis(),
                event.getTimeMillis() - command.getTimeMillis(),
                nowMillis - event.getTimeMillis());
    }

    private static boolean names(RunEvent event, RunCommand command) {
        return command.getCommandId().equals(event.getCommandId());
    }

    private Turn weighed(RunWatch watch, Evidence evidence, Origin origin, long nowMillis) {
        Decision.Stop stop = stop(evidence);
        if (stop == null) {
            return unremarkable(watch);
        }
        if (watch instanceof Commanded commanded) {
            return commanded.restsOn(origin)
                    ? new Turn(commanded, new Effect.CommandAgain(commanded.command()))
                    : unremarkable(commanded);
        }
        Map<String, Long> read = watch instanceof Training training ? training.read() : Map.of();
        RunCommand command = command(evidence, stop, plus(read, origin), nowMillis);
        if (!trains(watch) || isRevoked(watch, command)) {
            return unremarkable(watch);
        }
        return new Turn(
                new Commanded(watch.attempt(), command, evidence.timeMillis()),
                new Effect.Command(command, evidence.timeMillis()));
    }

    /** What the first rule that wants to stop says; null when all keep. */
    private Decision.@Nullable Stop stop(Evidence evidence) {
        for (RunRule rule : rules) {
            if (rule.decide(evidence.run()) instanceof Decision.Stop stop) {
                return stop;
            }
        }
        return null;
    }

    private static RunCommand command(
            Evidence evidence, Decision.Stop stop, Map<String, Long> inputOffsets, long nowMillis) {
        double threshold = stop.evidence().threshold();
        return RunCommand.newBuilder()
                .setRunId(evidence.runId())
                .setStudyId(RunId.parse(evidence.runId()).studyId())
                .setCommandId(commandId(evidence.runId(), evidence.attempt(), stop.rule()))
                .setKind(RunCommandKind.STOP)
                .setRule(stop.rule())
                .setRuleVersion(stop.version())
                .setRequestedBy(REQUESTED_BY)
                .setReason(stop.reason())
                .setStep(Math.toIntExact(evidence.run().step()))
                .setThreshold(Double.isNaN(threshold) ? null : threshold)
                .setObserved(stop.evidence().observed())
                .setInputOffsets(inputOffsets)
                .setTimeMillis(nowMillis)
                .build();
    }

    private static Map<String, Long> plus(Map<String, Long> read, Origin origin) {
        Map<String, Long> next = new HashMap<>(read);
        next.put(origin.topicPartition(), origin.offset());
        return next;
    }

    private static Turn unremarkable(RunWatch watch) {
        return new Turn(watch, new Effect.None());
    }
}
