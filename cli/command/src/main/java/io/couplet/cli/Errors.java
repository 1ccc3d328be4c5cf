package io.couplet.cli;

import io.couplet.cli.local.UserError;
import io.couplet.cli.watch.PrintableWriter;
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
        Optional<String> mendable = mendable(thrown);
        // Not the arguments: one of them may be a secret.
        if (mendable.isPresent()) {
            LOG.debug("couplet {} ended", commandLine.getCommandName(), thrown);
        } else {
            LOG.error("couplet {} ended", commandLine.getCommandName(), thrown);
        }
        PrintableWriter.over(commandLine.getErr())
                .println("couplet: " + mendable.orElseGet(() -> message(root(thrown)) + Logs.whereToRead()));
        return mendable.isPresent() ? USAGE : FAILED;
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
        PrintableWriter.over(commandLine.getErr())
                .println(sentence + " (couplet "
                        + (commandLine.getParent() == null ? "" : commandLine.getCommandName() + " ") + "--help)");
        return USAGE;
    }

    /** The sentence for what the user can mend; empty when it broke while it ran. */
    private static Optional<String> mendable(Throwable thrown) {
        if (saysItself(thrown)) {
            return Optional.of(thrown.getMessage() == null ? "" : thrown.getMessage());
        }
        Optional<String> refusal = KafkaRefusal.sentence("the named address", thrown);
        if (refusal.isPresent()) {
            return refusal;
        }
        ConfigException refused = refusedSetting(thrown);
        if (refused != null) {
            return Optional.of("Kafka's client refuses its settings (" + message(refused)
                    + "); correct --bootstrap-servers HOST:PORT or --kafka-config.");
        }
        return root(thrown) instanceof TimeoutException silent
                ? Optional.of(
                        "Kafka did not answer (" + message(silent) + "); check --bootstrap-servers and --kafka-config.")
                : Optional.empty();
    }

    /** Whether its message is the sentence, with the fix. */
    private static boolean saysItself(Throwable thrown) {
        return thrown instanceof UserError
                || thrown instanceof TorchException
                || thrown instanceof SchemaRegistryException
                || thrown instanceof LiveViewException
                || thrown instanceof EarlyStopperException
                || thrown instanceof RunOrderException;
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

    private static Throwable root(Throwable thrown) {
        Throwable root = thrown;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        return root;
    }

    private static String message(Throwable thrown) {
        return thrown.getMessage() == null ? thrown.getClass().getSimpleName() : oneLine(thrown.getMessage());
    }

    private static String oneLine(@Nullable String text) {
        return text == null ? "" : text.replaceAll("\\s*\\R\\s*", " ");
    }
}
