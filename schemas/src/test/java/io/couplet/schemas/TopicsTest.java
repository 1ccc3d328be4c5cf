package io.couplet.schemas;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.couplet.broker.EmbeddedBroker;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.config.ConfigResource;
import org.junit.jupiter.api.Test;

class TopicsTest {

    private static final long DAY = 86_400_000L;

    private static String kept(int days) {
        return "delete " + days * DAY;
    }

    /** The table of the design: name, key, how it is kept. */
    private static final Map<String, List<String>> TABLE = Map.of(
            "couplet.run-requests.v1", List.of("runId", kept(30)),
            "couplet.run-events.v1", List.of("runId", kept(90)),
            "couplet.step-metrics.v1", List.of("runId", kept(7)),
            "couplet.evaluations.v1", List.of("runId", kept(90)),
            "couplet.layer-statistics.v1", List.of("runId", kept(30)),
            "couplet.convergence-scores.v1", List.of("runId", "compact -1"),
            "couplet.coupling-scores.v1", List.of("studyId|rung|backbone|optimizer", "compact -1"),
            "couplet.study-scores.v1", List.of("studyId|rung", "compact -1"),
            "couplet.run-commands.v1", List.of("runId", "compact,delete " + 30 * DAY));

    @Test
    void theTopicsAreThoseOfTheDesign() {
        Map<String, List<String>> topics = Topics.all().stream()
                .collect(Collectors.toMap(
                        Topic::name,
                        topic -> List.of(
                                topic.key(),
                                topic.settings().get("cleanup.policy") + " "
                                        + topic.settings().get("retention.ms"))));
        assertThat(topics).isEqualTo(TABLE);
        assertThat(Topics.DEAD_LETTERS).isEqualTo("couplet.dead-letters.v1");
    }

    @Test
    void whatIsToldOfRunsCanBeJoinedAndTheQueueIsOne() {
        assertThat(Topics.RUN_REQUESTS.partitions()).isEqualTo(1);
        assertThat(Topics.all().stream()
                        .filter(topic -> topic.key().equals("runId") && topic != Topics.RUN_REQUESTS)
                        .map(Topic::partitions)
                        .distinct())
                .hasSize(1);
    }

    @Test
    void keysSayTheirCell() {
        assertThat(Topics.couplingKey("study-00ff00", 3, "resnet", "adamw")).isEqualTo("study-00ff00|3|resnet|adamw");
        assertThat(Topics.studyKey("study-00ff00", 3)).isEqualTo("study-00ff00|3");
    }

    @Test
    void creatingTopicsTwiceCreatesThemOnceAsTheyAreInTheTable() throws Exception {
        try (EmbeddedBroker broker = EmbeddedBroker.startInTemporaryDirectory();
                Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()))) {
            Set<String> names = new HashSet<>(TABLE.keySet());
            names.add(Topics.DEAD_LETTERS);
            TopicCreation.Result first = TopicCreation.createMissing(admin, 1);
            assertThat(first.created()).containsExactlyInAnyOrderElementsOf(names);
            assertThat(first.existing()).isEmpty();
            TopicCreation.Result second = TopicCreation.createMissing(admin, 1);
            assertThat(second.created()).isEmpty();
            assertThat(second.existing()).containsExactlyInAnyOrderElementsOf(names);

            admin.deleteTopics(List.of(Topics.EVALUATIONS.name())).all().get();
            assertThat(TopicCreation.createMissing(admin, 1).created()).containsExactly(Topics.EVALUATIONS.name());

            assertThat(keptBy(admin, names)).containsAllEntriesOf(expectedlyKept());
            Map<String, TopicDescription> descriptions =
                    admin.describeTopics(names).allTopicNames().get();
            for (Topic<?> topic : Topics.all()) {
                assertThat(descriptions.get(topic.name()))
                        .extracting(description -> description.partitions().size())
                        .isEqualTo(topic.partitions());
            }
        }
    }

    @Test
    void whatIsToldOfRunsHasAsManyPartitionsAsAskedForAndNeverDifferentNumbers() throws Exception {
        try (EmbeddedBroker broker = EmbeddedBroker.startInTemporaryDirectory();
                Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()))) {
            TopicCreation.createMissing(admin, 1, OptionalInt.of(7));
            assertThat(TopicCreation.problems(admin)).isEmpty();
            assertThat(partitions(admin, Topics.RUN_REQUESTS.name())).isEqualTo(1);
            assertThat(partitions(admin, Topics.STUDY_SCORES.name())).isEqualTo(1);

            admin.deleteTopics(List.of(Topics.EVALUATIONS.name())).all().get();
            assertThat(TopicCreation.createMissing(admin, 1).created()).containsExactly(Topics.EVALUATIONS.name());
            assertThat(Topics.all().stream().filter(Topic::ofRuns))
                    .hasSize(6)
                    .allSatisfy(
                            topic -> assertThat(partitions(admin, topic.name())).isEqualTo(7));

            assertThatThrownBy(() -> TopicCreation.createMissing(admin, 1, OptionalInt.of(8)))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("has 7 partitions, not 8");
            admin.createPartitions(Map.of(Topics.RUN_EVENTS.name(), NewPartitions.increaseTo(8)))
                    .all()
                    .get();
            assertThat(TopicCreation.problems(admin))
                    .singleElement()
                    .asString()
                    .startsWith("The topic couplet.run-events.v1 has 8 partitions and should have 7");
            assertThatThrownBy(() -> TopicCreation.createMissing(admin, 1))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("couplet.run-events.v1 has 8 partitions, not 7");
        }
    }

    private static int partitions(Admin admin, String topic) throws Exception {
        return admin.describeTopics(List.of(topic))
                .topicNameValues()
                .values()
                .iterator()
                .next()
                .get()
                .partitions()
                .size();
    }

    private static Map<String, String> expectedlyKept() {
        Map<String, String> kept = new TreeMap<>();
        TABLE.forEach((name, row) -> kept.put(name, row.get(1)));
        kept.put(Topics.DEAD_LETTERS, kept(30));
        return kept;
    }

    private static Map<String, String> keptBy(Admin admin, Set<String> names) throws Exception {
        Map<ConfigResource, Config> configs = admin.describeConfigs(names.stream()
                        .map(name -> new ConfigResource(ConfigResource.Type.TOPIC, name))
                        .toList())
                .all()
                .get();
        Map<String, String> kept = new TreeMap<>();
        configs.forEach((resource, config) -> kept.put(
                resource.name(),
                config.get("cleanup.policy").value() + " "
                        + config.get("retention.ms").value()));
        return kept;
    }
}
