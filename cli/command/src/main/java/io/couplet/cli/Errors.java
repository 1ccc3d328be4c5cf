package io.couplet.cli;

import io.couplet.cli.local.UserError;
import io.couplet.producers.RunOrderException;
import io.couplet.schemas.KafkaRefusal;
import io.couplet.schemas.SchemaRegistryException;
import io.couplet.stopper.EarlyStopperException;
import io.couplet.trainer.training.TorchException;
import io.couplet.view.LiveViewException;
import java.util.Optional;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.common.errors.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.IParameterExceptionHandler;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/** The one place that turns an exception into one sentence and an exit code; the stack trace goes to the log only. */
final class Errors implements IExecutionExceptionHandler, IParameterExceptionHandler {

    /** The user can mend it. */
    static final int USAGE = 2;
    /** It broke while it ran. */
    static final int FAILED = 1;

    private static final Logger LOG = LoggerFactory.getLogger(Errors.class);

    @Override
    public int handleExecutionException(Exception thrown, CommandLine commandLine, ParseResult arguments) {
        // Not the arguments: one of them may be a secret.
        if (isUsersToMend(thrown) || thrown instanceof RunOrderException) {
            LOG.debug("couplet {} ended", commandLine.getCommandName(), thrown);
        } else {
            LOG.error("couplet {} ended", commandLine.getCommandName(), thrown);
        }
        commandLine.getErr().println("couplet: " + sentence(thrown));
        return isUsersToMend(thrown) ? USAGE : FAILED;
    }

    @Override
    public int handleParseException(ParameterException thrown, String[] arguments) {
        CommandLine commandLine = thrown.getCommandLine();
        StringBuilder sentence = new StringBuilder("couplet: ").append(oneLine(thrown.getMessage()));
        if (thrown instanceof UnmatchedArgumentException unmatched
                && !unmatched.getUnmatched().isEmpty()) {
            var near = unmatched.getSuggestions();
            if (!near.isEmpty()) {
                sentence.append("; did you mean ").append(near.get(0)).append('?');
            }
        }
        commandLine
                .getErr()
                .println(sentence + " (couplet "
                        + (commandLine.getParent() == null ? "" : commandLine.getCommandName() + " ") + "--help)");
        return USAGE;
    }

    private static boolean isUsersToMend(Throwable thrown) {
        return saysItself(thrown) || refusedSetting(thrown) != null;
    }

    /** Whether its message is the sentence, with the fix. */
    private static boolean saysItself(Throwable thrown) {
        return thrown instanceof UserError
                || thrown instanceof TorchException
                || thrown instanceof SchemaRegistryException
                || thrown instanceof LiveViewException
                || thrown instanceof EarlyStopperException;
    }

    /** What Kafka's client does not take of its settings, which are the user's; null when it is something else. */
    private static @Nullable ConfigException refusedSetting(Throwable thrown) {
        for (Throwable cause = thrown; cause != null; cause = cause.getCause()) {
            if (cause instanceof ConfigException refused) {
                return refused;
            }
        }
        return null;
    }

    private static String sentence(Throwable thrown) {
        if (saysItself(thrown) || thrown instanceof RunOrderException) {
            return thrown.getMessage() == null ? "" : thrown.getMessage();
        }
        Optional<String> refusal = KafkaRefusal.sentence("the named address", thrown);
        if (refusal.isPresent()) {
            return refusal.get();
        }
        ConfigException refused = refusedSetting(thrown);
        if (refused != null) {
            return "Kafka's client refuses its settings (" + oneLine(refused.getMessage())
                    + "); correct --bootstrap-servers HOST:PORT or --kafka-config.";
        }
        Throwable root = thrown;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        if (root instanceof TimeoutException) {
            return "Kafka did not answer (" + oneLine(root.getMessage())
                    + "); check --bootstrap-servers and --kafka-config.";
        }
        String message = root.getMessage() == null ? root.getClass().getSimpleName() : oneLine(root.getMessage());
        return message;
    }

    private static String oneLine(@Nullable String text) {
        return text == null ? "" : text.replaceAll("\\s*\\R\\s*", " ");
    }
}
