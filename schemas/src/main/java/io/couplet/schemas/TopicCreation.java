package io.couplet.schemas;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.SortedMap;
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
     * Creates every topic of {@link Topics} that is missing, those of what is told of runs with as many partitions as the ones that are there have, else as
     * in the table.
     *
     * @throws ExecutionException when the broker refuses, with its reason as the cause
     */
    public static Result createMissing(Admin admin, int replicationFactor)
            throws ExecutionException, InterruptedException {
        return createMissing(admin, replicationFactor, OptionalInt.empty());
    }

    /**
     * Creates every topic of {@link Topics} that is missing.
     *
     * @param replicationFactor copies of each partition, at least 1
     * @param partitions of each topic of what is told of runs, at least 1: at most so many subtasks and stoppers can work on it; empty for as many as the ones
     *     that are there have, else as in the table
     * @throws IllegalArgumentException when either number is below 1, or topics are there with another number of partitions, in a sentence for the user
     * @throws ExecutionException when the broker refuses, with its reason as the cause
     */
    public static Result createMissing(Admin admin, int replicationFactor, OptionalInt partitions)
            throws ExecutionException, InterruptedException {
        if (replicationFactor < 1) {
            throw new IllegalArgumentException(
                    "The replication factor must be at least 1, was " + replicationFactor + ".");
        }
        int ofRuns = partitionsToCreate(partitionsPresent(admin), partitions);
        List<NewTopic> wanted = newTopics((short) replicationFactor, ofRuns);
        List<String> created = new ArrayList<>();
        List<String> existing = new ArrayList<>();
        Map<String, KafkaFuture<Void>> answers = admin.createTopics(wanted).values();
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
        awaitLeaders(
                admin,
                wanted.stream().filter(topic -> created.contains(topic.name())).toList());
        return new Result(List.copyOf(created), List.copyOf(existing));
    }

    /**
     * What is missing or other than in {@link Topics}, a sentence each; empty when all is as {@link #createMissing} leaves it.
     *
     * @throws ExecutionException when the broker refuses, with its reason as the cause
     */
    public static List<String> problems(Admin admin) throws ExecutionException, InterruptedException {
        List<String> problems = new ArrayList<>();
        int ofRuns = partitionsOfRuns(partitionsPresent(admin));
        for (NewTopic wanted : newTopics((short) 1, ofRuns)) {
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

    /** Of the topics of what is told of runs: how many partitions those that are there have. */
    private static SortedMap<String, Integer> partitionsPresent(Admin admin)
            throws ExecutionException, InterruptedException {
        List<String> names =
                Topics.all().stream().filter(Topic::ofRuns).map(Topic::name).toList();
        SortedMap<String, Integer> present = new TreeMap<>();
        for (Map.Entry<String, KafkaFuture<TopicDescription>> answer :
                admin.describeTopics(names).topicNameValues().entrySet()) {
            try {
                present.put(
                        answer.getKey(), answer.getValue().get().partitions().size());
            } catch (ExecutionException e) {
                if (!(e.getCause() instanceof UnknownTopicOrPartitionException)) {
                    throw e;
                }
            }
        }
        return present;
    }

    private static int partitionsToCreate(SortedMap<String, Integer> present, OptionalInt asked) {
        int partitions = asked.orElse(partitionsOfRuns(present));
        if (partitions < 1) {
            throw new IllegalArgumentException("The number of partitions must be at least 1, was " + partitions + ".");
        }
        present.forEach((name, number) -> {
            if (number != partitions) {
                throw new IllegalArgumentException(
                        "The topic " + name + " has " + number + " partitions, not " + partitions
                                + ", and all that is told of runs needs the same number: create with the number that is there, or begin anew without topics (docs/scale.md).");
            }
        });
        return partitions;
    }

    /** The number that most have, of equally common ones the smallest; the table's where there are none. */
    private static int partitionsOfRuns(SortedMap<String, Integer> present) {
        Collection<Integer> numbers = present.values();
        return numbers.stream()
                .max(Comparator.<Integer>comparingInt(number -> Collections.frequency(numbers, number))
                        .thenComparing(Comparator.reverseOrder()))
                .orElse(Topics.OF_RUNS);
    }

    private static <T> T only(Map<?, T> ofOne) {
        return ofOne.values().iterator().next();
    }

    /**
     * Waits until the leader of every new partition answers. A broker of Kafka 4.3.1 that learns of a partition between
     * two batches of one producer takes the second and refuses the first until it expires (KAFKA-15591): records sent
     * too early would be lost, however idempotent the producer.
     */
    private static void awaitLeaders(Admin admin, List<NewTopic> created)
            throws ExecutionException, InterruptedException {
        Map<TopicPartition, OffsetSpec> partitions = new HashMap<>();
        for (NewTopic topic : created) {
            for (int partition = 0; partition < topic.numPartitions(); partition++) {
                partitions.put(new TopicPartition(topic.name(), partition), OffsetSpec.latest());
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

    private static List<NewTopic> newTopics(short replicationFactor, int ofRuns) {
        List<NewTopic> topics = new ArrayList<>();
        for (Topic<?> topic : Topics.all()) {
            int partitions = topic.ofRuns() ? ofRuns : topic.partitions();
            topics.add(new NewTopic(topic.name(), partitions, replicationFactor).configs(topic.settings()));
        }
        topics.add(new NewTopic(Topics.DEAD_LETTERS, Topics.DEAD_LETTERS_PARTITIONS, replicationFactor)
                .configs(Topic.settings(Topics.DEAD_LETTERS_RETENTION, false)));
        return topics;
    }
}
