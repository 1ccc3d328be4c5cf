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

    private final List<RunRule> rules;

    Judge(List<RunRule> rules) {
        this.rules = List.copyOf(rules);
    }

    Turn judge(@Nullable RunWatch known, Input input, Origin origin, long nowMillis) {
        if (known != null && input.attempt() < known.attempt()) {
            return new Turn(known, new Effect.OlderAttempt());
        }
        if (input instanceof Input.Proposal proposal && proposal.command().getShadow()) {
            return recorded(known, input.attempt(), proposal, origin);
        }
        RunWatch watch =
                known == null || input.attempt() > known.attempt() ? begun(known, input.attempt(), origin) : known;
        if (input instanceof Change change) {
            return change.ends() ? ended(watch, change.event(), nowMillis) : heardOf(watch, origin);
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
        return watch instanceof Ended
                ? unremarkable(watch)
                : new Turn(
                        new Commanded(watch.attempt(), proposal.command(), proposal.evidenceMillis()),
                        new Effect.Command(proposal.command(), proposal.evidenceMillis()));
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

    private static Turn ended(RunWatch watch, RunEvent event, long nowMillis) {
        Ended ended = new Ended(watch.attempt());
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
                names(event, command),
                command.getTimeMillis() - commanded.evidenceMillis(),
                event.getTimeMillis() - command.getTimeMillis(),
                nowMillis - event.getTimeMillis());
    }

    private static boolean names(RunEvent event, RunCommand command) {
        return command.getCommandId().equals(event.getCommandId());
    }

    private Turn weighed(RunWatch watch, Evidence evidence, Origin origin, long nowMillis) {
        Decision.Stop stop = stop(evidence);
        if (stop == null || watch instanceof Ended) {
            return unremarkable(watch);
        }
        if (watch instanceof Commanded commanded) {
            return commanded.restsOn(origin)
                    ? new Turn(commanded, new Effect.CommandAgain(commanded.command()))
                    : unremarkable(commanded);
        }
        RunCommand command = command(evidence, stop, plus(((Training) watch).read(), origin), nowMillis);
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
