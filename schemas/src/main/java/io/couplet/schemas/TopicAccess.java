package io.couplet.schemas;

import java.util.Collection;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.DescribeTopicsOptions;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;

/** Whether the topics a service needs are there and may be read and written, asked before it starts: a refusal later would look like a Kafka that is away. */
public final class TopicAccess {

    private TopicAccess() {}

    /**
     * What hinders, in one sentence with the fix; empty when nothing does.
     *
     * @param bootstrapServers where Kafka is, for the sentence
     * @param read names of the topics that are read
     * @param written names of the topics that are written
     * @throws ExecutionException when Kafka answers neither so nor so
     */
    public static Optional<String> hindrance(
            Admin admin, String bootstrapServers, Collection<String> read, Collection<String> written)
            throws ExecutionException, InterruptedException {
        Set<String> missing = new TreeSet<>();
        Set<String> notRead = new TreeSet<>();
        Set<String> notWritten = new TreeSet<>();
        Set<String> all = new TreeSet<>(read);
        all.addAll(written);
        Map<String, KafkaFuture<TopicDescription>> answers = admin.describeTopics(
                        all, new DescribeTopicsOptions().includeAuthorizedOperations(true))
                .topicNameValues();
        for (Map.Entry<String, KafkaFuture<TopicDescription>> answer : new TreeMap<>(answers).entrySet()) {
            String topic = answer.getKey();
            Set<AclOperation> allowed = Set.of();
            try {
                allowed = answer.getValue().get().authorizedOperations();
            } catch (ExecutionException e) {
                if (e.getCause() instanceof UnknownTopicOrPartitionException) {
                    missing.add(topic);
                    continue;
                }
                if (!(e.getCause() instanceof TopicAuthorizationException)) {
                    throw e;
                }
            }
            if (read.contains(topic) && lacks(allowed, AclOperation.READ)) {
                notRead.add(topic);
            }
            if (written.contains(topic) && lacks(allowed, AclOperation.WRITE)) {
                notWritten.add(topic);
            }
        }
        return sentence("Kafka at " + bootstrapServers, missing, notRead, notWritten);
    }

    /** A broker without an authorizer names no operations: all are allowed. */
    private static boolean lacks(@org.jspecify.annotations.Nullable Set<AclOperation> allowed, AclOperation needed) {
        return allowed != null && !allowed.contains(needed) && !allowed.contains(AclOperation.ALL);
    }

    private static Optional<String> sentence(
            String kafka, Set<String> missing, Set<String> notRead, Set<String> notWritten) {
        if (!missing.isEmpty()) {
            return Optional.of(kafka + " has no topic " + String.join(", ", missing)
                    + ": create them with couplet topics create.");
        }
        if (notRead.isEmpty() && notWritten.isEmpty()) {
            return Optional.empty();
        }
        String reading = notRead.isEmpty() ? "" : " read " + KafkaRefusal.topics(notRead);
        String writing = notWritten.isEmpty() ? "" : " write " + KafkaRefusal.topics(notWritten);
        return Optional.of(kafka + " does not let this user" + reading
                + (reading.isEmpty() || writing.isEmpty() ? "" : ", nor") + writing
                + ": have it allowed, as couplet topics acls prints it.");
    }
}
