package io.couplet.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.Map;
import picocli.CommandLine;

/** What a command printed and how it ended. */
record Ended(int exitCode, String out, String err) {

    /** Runs {@code couplet} with these arguments. */
    static Ended couplet(List<?> arguments) {
        return couplet(System.getenv(), arguments);
    }

    /** The same in this environment. */
    static Ended couplet(Map<String, String> environment, List<?> arguments) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        CommandLine commandLine = Couplet.commandLine(environment);
        commandLine.setOut(new PrintWriter(out, true));
        commandLine.setErr(new PrintWriter(err, true));
        int exitCode =
                commandLine.execute(arguments.stream().map(Object::toString).toArray(String[]::new));
        return new Ended(exitCode, out.toString(), err.toString());
    }

    /** What it printed, where it ended well and without a word beside it. */
    JsonNode json() throws IOException {
        assertThat(err).isEmpty();
        assertThat(exitCode).isZero();
        return new ObjectMapper().readTree(out);
    }
}
