package io.couplet.cli;

import io.couplet.cli.acls.Service;
import io.couplet.cli.local.UserError;
import io.couplet.schemas.AsyncApi;
import io.couplet.schemas.KafkaRefusal;
import io.couplet.schemas.SchemaRegistry;
import io.couplet.schemas.Topic;
import io.couplet.schemas.TopicCreation;
import io.couplet.schemas.Topics;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.errors.SecurityDisabledException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code couplet topics}: the table of topics, and what a cluster needs before the first service starts: topics, schemas, ACLs. */
@Command(
        name = "topics",
        mixinStandardHelpOptions = true,
        description =
                "List the table of topics; create those that are missing, and their schemas with --schema-registry; check both; print or apply the ACLs of the services; or describe the topics as AsyncAPI 3.0.")
final class TopicsCommand implements Callable<Integer> {

    @Mixin
    KafkaOptions kafka = new KafkaOptions();

    /** What to do about topics. */
    enum Action {
        LIST,
        CREATE,
        CHECK,
        ACLS,
        DESCRIBE
    }

    @Parameters(
            arity = "0..1",
            paramLabel = "ACTION",
            defaultValue = "list",
            description =
                    "list the table of topics, create what is missing, check that all is there, print the acls of the services, or describe all topics as AsyncAPI (default: ${DEFAULT-VALUE}).")
    Action action = Action.LIST;

    @Option(
            names = "--replication-factor",
            paramLabel = "N",
            defaultValue = "1",
            description = "Copies of each partition (default: ${DEFAULT-VALUE}).")
    int replicationFactor;

    @Option(
            names = "--partitions",
            paramLabel = "N",
            description =
                    "Partitions of each topic of what is told of runs, for create: at most so many subtasks of a job, and stoppers, share the work. To be chosen before the first record (default: as many as the topics that are there have, else 4).")
    @Nullable
    Integer partitions;

    @Option(
            names = "--principal",
            paramLabel = "SERVICE=PRINCIPAL",
            split = ",",
            description =
                    "Who a service is, for acls; only the named ones then (default: trainer=User:trainer and so on).")
    Map<String, String> principals = new LinkedHashMap<>();

    @Option(names = "--apply", description = "Have Kafka apply the acls instead of printing the commands.")
    boolean apply;

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it.
    CommandSpec spec;

    @Override
    public Integer call() throws ExecutionException, InterruptedException {
        PrintWriter out = spec.commandLine().getOut();
        if (action == Action.DESCRIBE) {
            out.println(AsyncApi.json());
            return 0;
        }
        Map<Service, String> services = services();
        if (replicationFactor < 1) {
            throw new UserError("--replication-factor must be at least 1, was " + replicationFactor + ".");
        }
        if (partitions != null && partitions < 1) {
            throw new UserError("--partitions must be at least 1, was " + partitions + ".");
        }
        switch (action) {
            case LIST -> print(out);
            case CREATE -> create(out);
            case CHECK -> {
                return check(out);
            }
            case ACLS -> {
                if (apply) {
                    apply(services, out);
                } else {
                    printAcls(services, out);
                }
            }
        }
        out.flush();
        return 0;
    }

    private void create(PrintWriter out) throws ExecutionException, InterruptedException {
        Map<String, String> properties = kafka.clientProperties();
        try (Admin admin = admin(properties)) {
            TopicCreation.Result result = TopicCreation.createMissing(
                    admin, replicationFactor, partitions == null ? OptionalInt.empty() : OptionalInt.of(partitions));
            out.printf(
                    "created %d, already there %d%n",
                    result.created().size(), result.existing().size());
            result.created().forEach(name -> out.println("  created " + name));
        } catch (IllegalArgumentException e) {
            throw new UserError(String.valueOf(e.getMessage()), e);
        } catch (ExecutionException e) {
            throw refused(properties, e);
        }
        if (properties.containsKey(SchemaRegistry.URL)) {
            SchemaRegistry.Result result = SchemaRegistry.of(properties).registerMissing();
            out.printf(
                    "schemas registered %d, already there %d%n",
                    result.registered().size(), result.existing().size());
            result.registered().forEach(name -> out.println("  registered " + name));
        }
    }

    private int check(PrintWriter out) throws ExecutionException, InterruptedException {
        Map<String, String> properties = kafka.clientProperties();
        List<String> problems = new ArrayList<>();
        try (Admin admin = admin(properties)) {
            problems.addAll(TopicCreation.problems(admin));
        } catch (ExecutionException e) {
            throw refused(properties, e);
        }
        if (properties.containsKey(SchemaRegistry.URL)) {
            problems.addAll(SchemaRegistry.of(properties).problems());
        }
        problems.forEach(out::println);
        if (problems.isEmpty()) {
            out.println(
                    properties.containsKey(SchemaRegistry.URL)
                            ? "All topics and schemas are there."
                            : "All topics are there.");
        }
        out.flush();
        return problems.isEmpty() ? 0 : Errors.USAGE;
    }

    /** Whom the ACLs are for; the default principals unless some are named. */
    private Map<Service, String> services() {
        Map<Service, String> services = new LinkedHashMap<>();
        for (Service service : Service.values()) {
            String named = principals.get(service.label());
            if (named != null || principals.isEmpty()) {
                services.put(service, named == null ? service.defaultPrincipal() : named);
            }
        }
        principals.forEach((name, principal) -> {
            if (services.keySet().stream().noneMatch(service -> service.label().equals(name))) {
                throw new UserError("--principal names no service, was " + name + ": use one of "
                        + String.join(
                                ", ",
                                java.util.Arrays.stream(Service.values())
                                        .map(Service::label)
                                        .toList()) + ".");
            }
            if (!principal.matches("\\w+:[^'\\s]+")) {
                throw new UserError(
                        "--principal " + name + "=" + principal + " is no principal: write " + name + "=User:name.");
            }
        });
        return services;
    }

    private void printAcls(Map<Service, String> services, PrintWriter out) {
        String servers = kafka.bootstrapServers == null ? "kafka:9092" : kafka.bootstrapServers;
        services.forEach((service, principal) -> {
            out.println("# " + service.label());
            service.commands(principal, servers).forEach(out::println);
        });
    }

    private void apply(Map<Service, String> services, PrintWriter out) throws ExecutionException, InterruptedException {
        Map<String, String> properties = kafka.clientProperties();
        List<AclBinding> acls = services.entrySet().stream()
                .flatMap(service -> service.getKey().acls(service.getValue()).stream())
                .distinct()
                .toList();
        try (Admin admin = admin(properties)) {
            admin.createAcls(acls).all().get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof SecurityDisabledException) {
                throw new UserError(
                        "Kafka at " + Views.bootstrapServers(properties)
                                + " has no authorizer, so that everybody may do everything: set authorizer.class.name on its brokers.",
                        e);
            }
            throw refused(properties, e);
        }
        out.printf("allowed %d things to %d services%n", acls.size(), services.size());
    }

    private static Admin admin(Map<String, String> clientProperties) {
        Map<String, Object> properties = new HashMap<>(clientProperties);
        properties.put("default.api.timeout.ms", "15000");
        properties.put("request.timeout.ms", "15000");
        return Admin.create(properties);
    }

    private static ExecutionException refused(Map<String, String> properties, ExecutionException e) {
        KafkaRefusal.sentence(Views.bootstrapServers(properties), e).ifPresent(sentence -> {
            throw new UserError(sentence, e);
        });
        return e;
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
