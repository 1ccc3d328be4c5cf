package io.couplet.view;

import io.couplet.view.model.ViewModel;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListOffsetsResult.ListOffsetsResultInfo;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;

/**
 * Whether topics are still those that were read. One that was made again, or has lost its end, has new records at positions that the model has taken in: it would
 * leave them out. Belongs to one thread.
 */
final class SourceCheck {

    private static final String FIX = ": start the view again, so that it shows what the topic holds now.";

    private final List<String> topics;
    private final ViewModel model;
    private final Duration patience;
    private final Map<String, Uuid> ids = new HashMap<>();

    /** @param patience how long Kafka has for an answer */
    SourceCheck(List<String> topics, ViewModel model, Duration patience) {
        this.topics = List.copyOf(topics);
        this.model = model;
        this.patience = patience;
    }

    /**
     * What became of one of them, in one sentence with the fix; empty while all are as they were when this was asked first.
     *
     * @throws ExecutionException when Kafka does not say
     */
    Optional<String> change(Admin admin) throws ExecutionException, InterruptedException, TimeoutException {
        Map<TopicPartition, Long> read = positions(); // before the ends, which grow meanwhile
        for (TopicDescription topic :
                got(admin.describeTopics(topics).allTopicNames()).values()) {
            Uuid known = ids.putIfAbsent(topic.name(), topic.topicId());
            if (known != null && !known.equals(topic.topicId())) {
                return Optional.of("The topic " + topic.name() + " was made again while the view read it" + FIX);
            }
        }
        Map<TopicPartition, OffsetSpec> latest = new HashMap<>();
        read.keySet().forEach(partition -> latest.put(partition, OffsetSpec.latest()));
        Map<TopicPartition, ListOffsetsResultInfo> ends =
                got(admin.listOffsets(latest).all());
        for (Map.Entry<TopicPartition, ListOffsetsResultInfo> end : ends.entrySet()) {
            long upTo = read.getOrDefault(end.getKey(), 0L);
            if (end.getValue().offset() < upTo) {
                return Optional.of("The topic " + end.getKey().topic() + " ends at offset "
                        + end.getValue().offset() + " of partition "
                        + end.getKey().partition()
                        + ", and the view has read up to " + upTo + ", so records of it were lost" + FIX);
            }
        }
        return Optional.empty();
    }

    private <T> T got(KafkaFuture<T> answer) throws ExecutionException, InterruptedException, TimeoutException {
        return answer.get(patience.toMillis(), TimeUnit.MILLISECONDS);
    }

    private Map<TopicPartition, Long> positions() {
        Map<TopicPartition, Long> positions = new HashMap<>();
        for (String topic : topics) {
            model.nextOffsets(topic)
                    .forEach((partition, next) -> positions.put(new TopicPartition(topic, partition), next));
        }
        return positions;
    }
}
