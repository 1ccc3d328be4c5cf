package io.couplet.cli.acls;

import static org.apache.kafka.common.acl.AclOperation.ALTER_CONFIGS;
import static org.apache.kafka.common.acl.AclOperation.CREATE;
import static org.apache.kafka.common.acl.AclOperation.DELETE;
import static org.apache.kafka.common.acl.AclOperation.DESCRIBE;
import static org.apache.kafka.common.acl.AclOperation.DESCRIBE_CONFIGS;
import static org.apache.kafka.common.acl.AclOperation.READ;
import static org.apache.kafka.common.acl.AclOperation.WRITE;
import static org.apache.kafka.common.resource.PatternType.LITERAL;
import static org.apache.kafka.common.resource.PatternType.PREFIXED;
import static org.apache.kafka.common.resource.ResourceType.GROUP;
import static org.apache.kafka.common.resource.ResourceType.TOPIC;

import io.couplet.flink.ConvergenceJob;
import io.couplet.flink.CouplingJob;
import io.couplet.schemas.Topic;
import io.couplet.schemas.Topics;
import io.couplet.stopper.EarlyStopperSettings;
import io.couplet.trainer.worker.TrainerSettings;
import io.couplet.view.LiveViewSettings;
import io.couplet.view.alerts.AlertSettings;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclOperation;

/** Everybody who talks to Kafka, with the least that they need there. */
public enum Service {
    /** {@code couplet topics create} and {@code check}. */
    TOPICS(List.of(new Permission(TOPIC, PREFIXED, "couplet.", Set.of(CREATE, DESCRIBE, DESCRIBE_CONFIGS)))),

    /** {@code couplet submit}. */
    SUBMIT(of(reads(Topics.RUN_REQUESTS, Topics.RUN_EVENTS), writes(Topics.RUN_REQUESTS))),

    /** {@code couplet trainer}; it writes requests because it puts the ones it gives back at the queue's end. */
    TRAINER(of(
            reads(Topics.RUN_REQUESTS, Topics.RUN_EVENTS, Topics.RUN_COMMANDS),
            writes(
                    Topics.RUN_REQUESTS,
                    Topics.RUN_EVENTS,
                    Topics.STEP_METRICS,
                    Topics.EVALUATIONS,
                    Topics.LAYER_STATISTICS),
            writesDeadLetters(),
            group(TrainerSettings.DEFAULT_GROUP, READ, ALTER_CONFIGS))),

    /** The Flink job of convergence scores. */
    CONVERGENCE(of(
            reads(Topics.STEP_METRICS, Topics.RUN_EVENTS, Topics.EVALUATIONS),
            writes(Topics.CONVERGENCE_SCORES),
            writesDeadLetters(),
            group(ConvergenceJob.NAME, READ))),

    /** The Flink job of coupling scores. */
    COUPLING(of(
            reads(Topics.RUN_REQUESTS, Topics.RUN_EVENTS, Topics.EVALUATIONS),
            writes(Topics.COUPLING_SCORES, Topics.STUDY_SCORES),
            writesDeadLetters(),
            group(CouplingJob.NAME, READ))),

    /** {@code couplet stopper}, with the internal topics of Kafka Streams; it writes requests because it puts resumed runs back into the queue. */
    STOPPER(of(
            reads(
                    Topics.RUN_REQUESTS,
                    Topics.RUN_EVENTS,
                    Topics.EVALUATIONS,
                    Topics.STEP_METRICS,
                    Topics.CONVERGENCE_SCORES,
                    Topics.RUN_COMMANDS),
            writes(Topics.RUN_COMMANDS, Topics.RUN_REQUESTS),
            writesDeadLetters(),
            List.of(new Permission(
                    TOPIC,
                    PREFIXED,
                    EarlyStopperSettings.APPLICATION_ID + "-",
                    Set.of(CREATE, READ, WRITE, DELETE, DESCRIBE_CONFIGS))),
            group(EarlyStopperSettings.APPLICATION_ID, READ))),

    /** {@code couplet dashboard --read-only} and {@code watch}: they write nothing at all; each has a group of its own, which it deletes. */
    DASHBOARD(of(
            reads(Topics.all().toArray(Topic<?>[]::new)),
            List.of(new Permission(TOPIC, LITERAL, Topics.DEAD_LETTERS, Set.of(READ))),
            List.of(new Permission(GROUP, PREFIXED, LiveViewSettings.GROUP_PREFIX, Set.of(READ, DELETE))))),

    /** {@code couplet report}, which has no group. */
    REPORT(of(
            reads(Topics.all().toArray(Topic<?>[]::new)),
            List.of(new Permission(TOPIC, LITERAL, Topics.DEAD_LETTERS, Set.of(READ))))),

    /** {@code couplet stop}, {@code resume} and {@code rules}, which looks a study's name up in the requests; a dashboard whose buttons give orders has it beside its own. */
    ORDERS(of(reads(Topics.RUN_REQUESTS), writes(Topics.RUN_COMMANDS))),

    /** {@code couplet alerts}; it asks how many steps there are, and reads none; what it could not deliver goes to the dead letters. */
    ALERTS(of(
            reads(
                    Topics.RUN_REQUESTS,
                    Topics.RUN_EVENTS,
                    Topics.EVALUATIONS,
                    Topics.CONVERGENCE_SCORES,
                    Topics.RUN_COMMANDS),
            onTopics(DESCRIBE, Topics.STEP_METRICS),
            writesDeadLetters(),
            group(AlertSettings.GROUP, READ))),

    /** {@code couplet replay} and {@code tail}. */
    REPLAY(writes(Topics.RUN_EVENTS, Topics.STEP_METRICS, Topics.EVALUATIONS));

    private final List<Permission> permissions;

    Service(List<Permission> permissions) {
        this.permissions = merged(permissions);
    }

    /** What it may do; nothing else. */
    public List<Permission> permissions() {
        return permissions;
    }

    /** The principal it has unless another is given. */
    public String defaultPrincipal() {
        return "User:" + label();
    }

    /** Its name as the command line has it. */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** The ACLs that let a principal be this service. */
    public List<AclBinding> acls(String principal) {
        return permissions.stream()
                .flatMap(permission -> permission.to(principal).stream())
                .toList();
    }

    /** Kafka's own commands that let a principal be this service. */
    public List<String> commands(String principal, String bootstrapServers) {
        return permissions.stream()
                .map(permission -> "kafka-acls.sh --bootstrap-server " + bootstrapServers
                        + " --command-config admin.properties --add --allow-principal '" + principal + "' "
                        + permission.options())
                .toList();
    }

    /** All services with what they may do, as a Markdown table. */
    public static String table() {
        return Stream.of(values())
                .map(service -> "| `" + service.label() + "` | "
                        + service.permissions.stream().map(Permission::text).collect(Collectors.joining("; ")) + " |\n")
                .collect(Collectors.joining("", "| service | may |\n| --- | --- |\n", ""));
    }

    @SafeVarargs
    private static List<Permission> of(List<Permission>... parts) {
        return Stream.of(parts).flatMap(List::stream).toList();
    }

    private static List<Permission> reads(Topic<?>... topics) {
        return onTopics(READ, topics);
    }

    private static List<Permission> writes(Topic<?>... topics) {
        return onTopics(WRITE, topics);
    }

    private static List<Permission> writesDeadLetters() {
        return List.of(new Permission(TOPIC, LITERAL, Topics.DEAD_LETTERS, Set.of(WRITE)));
    }

    private static List<Permission> onTopics(AclOperation operation, Topic<?>... topics) {
        return Stream.of(topics)
                .map(topic -> new Permission(TOPIC, LITERAL, topic.name(), Set.of(operation)))
                .toList();
    }

    private static List<Permission> group(String name, AclOperation... operations) {
        return List.of(new Permission(GROUP, LITERAL, name, Set.of(operations)));
    }

    /** One permission for each resource. */
    private static List<Permission> merged(List<Permission> permissions) {
        Map<String, Permission> byResource = new LinkedHashMap<>();
        for (Permission permission : permissions) {
            byResource.merge(permission.type() + permission.name(), permission, (one, other) -> {
                Set<AclOperation> both = EnumSet.copyOf(one.operations());
                both.addAll(other.operations());
                return new Permission(one.type(), one.pattern(), one.name(), both);
            });
        }
        return List.copyOf(new ArrayList<>(byResource.values()));
    }
}
