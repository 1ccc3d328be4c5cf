package io.couplet.cli;

import io.couplet.cli.local.UserError;
import io.couplet.schemas.RunId;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Which run an order is about, and why. */
final class RunOrderOptions {

    @Parameters(paramLabel = "RUN", description = "Id of the run, as the page and `couplet watch` show it.")
    String runId = "";

    @Option(
            names = "--reason",
            paramLabel = "TEXT",
            defaultValue = "asked for by a person",
            description = "Why, for the record (default: ${DEFAULT-VALUE}).")
    String reason = "";

    /**
     * The run, checked before anything is connected.
     *
     * @throws UserError when it is no run's id
     */
    String run() {
        try {
            return RunId.parse(runId).toString();
        } catch (IllegalArgumentException e) {
            throw new UserError(e.getMessage() + ".", e);
        }
    }

    /** Who asks. */
    static String user() {
        return System.getProperty("user.name", "a person");
    }
}
