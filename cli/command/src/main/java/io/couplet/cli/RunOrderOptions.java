package io.couplet.cli;

import io.couplet.cli.local.KafkaOrders;
import io.couplet.cli.local.UserError;
import io.couplet.schemas.RunId;
import io.couplet.schemas.TopicAccess;
import io.couplet.schemas.Topics;
import io.couplet.view.http.OrderDesk;
import io.couplet.view.model.ViewModel;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Which run an order is about, and why. */
final class RunOrderOptions {

    /** What tells how a run stands and what it was ordered. */
    private static final List<String> READ =
            List.of(Topics.RUN_REQUESTS.name(), Topics.RUN_EVENTS.name(), Topics.RUN_COMMANDS.name());

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

    /**
     * Gives an order as the page does: to a run that can obey it, and once until it is acknowledged.
     *
     * @throws UserError in the page's words, when it is refused
     */
    OrderDesk.Given give(OrderDesk.Kind kind, Map<String, String> properties) {
        ViewModel model = Views.read(properties, READ);
        if (model.status(runId) == null) {
            requireTopics(properties);
        }
        try (KafkaOrders orders = new KafkaOrders(properties)) {
            OrderDesk.Outcome outcome = new OrderDesk(model, orders).order(runId, kind, user(), reason);
            if (outcome instanceof OrderDesk.Given given) {
                return given;
            }
            throw new UserError(((OrderDesk.Refused) outcome).sentence());
        }
    }

    /** A topic that is not there, or may not be read, reads as an empty one. */
    private static void requireTopics(Map<String, String> properties) {
        try (Admin admin = Admin.create(new HashMap<>(properties))) {
            TopicAccess.hindrance(admin, Views.bootstrapServers(properties), READ, List.of(Topics.RUN_COMMANDS.name()))
                    .ifPresent(hindrance -> {
                        throw new UserError(hindrance);
                    });
        } catch (ExecutionException e) {
            throw new IllegalStateException(e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new UserError("Interrupted while Kafka was asked for its topics: give the order again.", e);
        }
    }

    /** Who asks. */
    static String user() {
        return System.getProperty("user.name", "a person");
    }
}
