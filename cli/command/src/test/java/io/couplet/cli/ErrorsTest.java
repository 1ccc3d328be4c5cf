package io.couplet.cli;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import io.couplet.producers.RunOrders;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Map;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** What becomes of an exception: a sentence and an exit code. */
class ErrorsTest {

    /** A command that ends as it is told. */
    @Command(name = "made")
    private record Made(Callable<Integer> ending) implements Callable<Integer> {
        @Override
        public Integer call() throws Exception {
            return ending.call();
        }
    }

    private static Ended ended(Callable<Integer> ending) {
        StringWriter err = new StringWriter();
        CommandLine command = new CommandLine(new Made(ending))
                .setErr(new PrintWriter(err, true))
                .setExecutionExceptionHandler(new Errors());
        return new Ended(command.execute(), "", err.toString());
    }

    @AfterEach
    void logQuietly() {
        Logs.toStandardError(Level.OFF);
    }

    @Test
    void whatWasNotExpectedSaysWhereToReadMoreOfIt(@TempDir Path directory) {
        Callable<Integer> broken = () -> {
            throw new NullPointerException();
        };
        Logs.toStandardError(Level.OFF);
        assertThat(ended(broken)).isEqualTo(new Ended(1, "", "couplet: NullPointerException (more with --verbose)\n"));
        Path log = directory.resolve("couplet.log");
        Logs.toFile(log);
        assertThat(ended(broken))
                .isEqualTo(new Ended(1, "", "couplet: NullPointerException (the log is " + log + ")\n"));
        assertThat(log).content().contains("ErrorsTest");
        Logs.toStandardError(Level.INFO);
        assertThat(ended(broken)).isEqualTo(new Ended(1, "", "couplet: NullPointerException\n"));
    }

    @Test
    void aKafkaThatIsAwayIsTheUsersToMendWhateverFindsOut() {
        Callable<Integer> admin = () -> {
            throw new java.util.concurrent.ExecutionException(
                    new org.apache.kafka.common.errors.TimeoutException("no node"));
        };
        assertThat(ended(admin))
                .isEqualTo(new Ended(
                        2,
                        "",
                        "couplet: Kafka did not answer (no node); check --bootstrap-servers and --kafka-config.\n"));
        Callable<Integer> order = () -> {
            try (RunOrders orders =
                    new RunOrders(Map.of("bootstrap.servers", "127.0.0.1:1", "max.block.ms", 100), Clock.systemUTC())) {
                orders.stop("s-0a1b2c.vgg.sgd.s0.abcdef", "ada", "enough", false);
            }
            return 0;
        };
        Ended ordered = ended(order);
        assertThat(ordered.exitCode()).isEqualTo(2);
        assertThat(ordered.err()).startsWith("couplet: Kafka did not take the order within ");
    }
}
