package io.couplet.schemas;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;

/** Creates the topics that are missing and leaves those that exist; creating twice changes nothing. */
public final class TopicCreation {

    /** How long brokers may take to hear of new topics. */
    private static final Duration LEADERS = Duration.ofSeconds(60);

    private TopicCreation() {}

    /**
     * What was done.
     *
     * @param created names of topics that were missing
     * @param existing names of topics that were there
     */
    public record Result(List<String> created, List<String> existing) {}

    /**
     * Creates every topic of {@link Topics} that is missing.
     *
     * @param replicationFactor copies of each partition, at least 1
     * @throws IllegalArgumentException when the replication factor is below 1
     * @throws ExecutionException when the broker refuses, with its reason as the cause
     */
    public static Result createMissing(Admin admin, int replicationFactor)
            throws ExecutionException, InterruptedException {
        if (replicationFactor < 1) {
            throw new IllegalArgumentException("replicationFactor must be at least 1, was " + replicationFactor);
        }
        List<String> created = new ArrayList<>();
        List<String> existing = new ArrayList<>();
        Map<String, KafkaFuture<Void>> answers =
                admin.createTopics(newTopics((short) replicationFactor)).values();
        for (Map.Entry<String, KafkaFuture<Void>> answer : new TreeMap<>(answers).entrySet()) {
            try {
                answer.getValue().get();
                created.add(answer.getKey());
            } catch (ExecutionException e) {
                if (!(e.getCause() instanceof TopicExistsException)) {
                    throw e;
                }
                existing.add(answer.getKey());
            }
        }
        awaitLeaders(admin, created);
        return new Result(List.copyOf(created), List.copyOf(existing));
    }

    /**
     * What is missing or other than in {@link Topics}, a sentence each; empty when all is as {@link #createMissing} leaves it.
     *
     * @throws ExecutionException when the broker refuses, with its reason as the cause
     */
    public static List<String> problems(Admin admin) throws ExecutionException, InterruptedException {
        List<String> problems = new ArrayList<>();
        for (NewTopic wanted : newTopics((short) 1)) {
            ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, wanted.name());
            try {
                TopicDescription description = only(admin.describeTopics(List.of(wanted.name()))
                        .allTopicNames()
                        .get());
                int partitions = description.partitions().size();
                if (partitions != wanted.numPartitions()) {
                    problems.add("The topic " + wanted.name() + " has " + partitions + " partitions and should have "
                            + wanted.numPartitions() + ": delete it and create it anew.");
                }
                Config config =
                        only(admin.describeConfigs(List.of(resource)).all().get());
                wanted.configs().forEach((name, value) -> {
                    ConfigEntry entry = config.get(name);
                    String present = entry == null ? "nothing" : entry.value();
                    if (!value.equals(present)) {
                        problems.add("The topic " + wanted.name() + " has " + name + "=" + present + " and should have "
                                + value + ": set it with kafka-configs.sh.");
                    }
                });
            } catch (ExecutionException e) {
                if (!(e.getCause() instanceof UnknownTopicOrPartitionException)) {
                    throw e;
                }
                problems.add("The topic " + wanted.name() + " is missing: create it with couplet topics create.");
            }
        }
        return List.copyOf(problems);
    }

    private static <T> T only(Map<?, T> ofOne) {
        return ofOne.values().iterator().next();
    }

    /**
     * Waits until the leader of every new partition answers. A broker of Kafka 4.3.1 that learns of a partition between
     * two batches of one producer takes the second and refuses the first until it expires (KAFKA-15591): records sent
     * too early would be lost, however idempotent the producer.
     */
    private static void awaitLeaders(Admin admin, List<String> created)
            throws ExecutionException, InterruptedException {
        Map<TopicPartition, OffsetSpec> partitions = new HashMap<>();
        for (NewTopic topic : newTopics((short) 1)) {
            if (created.contains(topic.name())) {
                for (int partition = 0; partition < topic.numPartitions(); partition++) {
                    partitions.put(new TopicPartition(topic.name(), partition), OffsetSpec.latest());
                }
            }
        }
        long deadline = System.nanoTime() + LEADERS.toNanos();
        while (true) {
            try {
                admin.listOffsets(partitions).all().get();
                return;
            } catch (ExecutionException e) {
                // A broker that has not heard of the new topics yet says that there are none.
                if (!(e.getCause() instanceof UnknownTopicOrPartitionException) || System.nanoTime() > deadline) {
                    throw e;
                }
            }
        }
    }

    private static List<NewTopic> newTopics(short replicationFactor) {
        List<NewTopic> topics = new ArrayList<>();
        for (Topic<?> topic : Topics.all()) {
            topics.add(new NewTopic(topic.name(), topic.partitions(), replicationFactor).configs(topic.settings()));
        }
        topics.add(new NewTopic(Topics.DEAD_LETTERS, Topics.DEAD_LETTERS_PARTITIONS, replicationFactor)
                .configs(Topic.settings(Topics.DEAD_LETTERS_RETENTION, false)));
        return topics;
    }
}
