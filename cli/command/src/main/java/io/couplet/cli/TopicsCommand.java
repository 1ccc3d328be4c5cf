package io.couplet.cli;

import io.couplet.cli.local.UserError;
import io.couplet.schemas.AsyncApi;
import io.couplet.schemas.Topic;
import io.couplet.schemas.TopicCreation;
import io.couplet.schemas.Topics;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code couplet topics}: lists the table of topics, creates those that are missing, or describes them. */
@Command(
        name = "topics",
        mixinStandardHelpOptions = true,
        description = "List the table of topics, create those that are missing, or describe them as AsyncAPI 3.0.")
final class TopicsCommand implements Callable<Integer> {

    @Mixin
    KafkaOptions kafka = new KafkaOptions();

    /** What to do about topics. */
    enum Action {
        LIST,
        CREATE,
        DESCRIBE
    }

    @Parameters(
            arity = "0..1",
            paramLabel = "ACTION",
            defaultValue = "list",
            description = "list the table of topics, create those that are missing, or describe all of them as AsyncAPI"
                    + " (default: ${DEFAULT-VALUE}).")
    Action action = Action.LIST;

    @Option(
            names = "--replication-factor",
            paramLabel = "N",
            defaultValue = "1",
            description = "Copies of each partition (default: ${DEFAULT-VALUE}).")
    int replicationFactor;

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it.
    CommandSpec spec;

    @Override
    public Integer call() throws ExecutionException, InterruptedException {
        PrintWriter out = spec.commandLine().getOut();
        if (action == Action.LIST) {
            print(out);
            return 0;
        }
        if (action == Action.DESCRIBE) {
            out.println(AsyncApi.json());
            return 0;
        }
        if (replicationFactor < 1) {
            throw new UserError("--replication-factor must be at least 1, was " + replicationFactor + ".");
        }
        Map<String, Object> properties = new HashMap<>(kafka.clientProperties());
        properties.put("default.api.timeout.ms", "15000");
        properties.put("request.timeout.ms", "15000");
        try (Admin admin = Admin.create(properties)) {
            TopicCreation.Result result = TopicCreation.createMissing(admin, replicationFactor);
            out.printf(
                    "created %d, already there %d%n",
                    result.created().size(), result.existing().size());
            result.created().forEach(name -> out.println("  created " + name));
        }
        return 0;
    }

    private static void print(PrintWriter out) {
        out.printf("%-34s %-34s %10s  %s%n", "topic", "key", "partitions", "kept");
        for (Topic<?> topic : Topics.all()) {
            out.printf("%-34s %-34s %10d  %s%n", topic.name(), topic.key(), topic.partitions(), kept(topic));
        }
    }

    private static String kept(Topic<?> topic) {
        String newest = "newest per key";
        if (topic.retention().equals(Duration.ZERO)) {
            return newest;
        }
        return (topic.compacted() ? newest + ", " : "") + topic.retention().toDays() + " days";
    }
}
