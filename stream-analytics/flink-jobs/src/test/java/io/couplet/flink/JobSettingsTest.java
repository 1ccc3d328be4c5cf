package io.couplet.flink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.couplet.schemas.SchemaRegistry;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.graph.StreamGraph;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class JobSettingsTest {

    @Test
    void argumentsAndTheClientFileAreRead(@TempDir Path directory) throws Exception {
        Path file = Files.writeString(directory.resolve("client.properties"), "security.protocol=SSL\n");
        JobSettings settings = JobSettings.fromArguments(new String[] {
            "--bootstrap-servers", "kafka:9092", "--kafka-config", file.toString(), "--parallelism", "3"
        });
        assertThat(settings.bootstrapServers()).isEqualTo("kafka:9092");
        assertThat(settings.clientProperties()).containsEntry("security.protocol", "SSL");
        assertThat(settings.parallelism()).isEqualTo(3);
        assertThat(settings.checkpoints()).isNull();
    }

    @Test
    void whatIsNotGivenComesFromTheEnvironment() throws Exception {
        Map<String, String> environment = Map.of(
                "COUPLET_BOOTSTRAP_SERVERS", "kafka:9092",
                "COUPLET_SCHEMA_REGISTRY", "http://registry:8080",
                "COUPLET_PARALLELISM", "2");
        JobSettings settings = JobSettings.fromArguments(new String[] {"--parallelism", "3"}, environment);
        assertThat(settings.bootstrapServers()).isEqualTo("kafka:9092");
        assertThat(settings.clientProperties()).containsExactly(Map.entry(SchemaRegistry.URL, "http://registry:8080"));
        assertThat(settings.parallelism()).isEqualTo(3);
    }

    @Test
    void anEmptyVariableIsNone() throws Exception {
        Map<String, String> environment = Map.of(
                "COUPLET_BOOTSTRAP_SERVERS", "kafka:9092", "COUPLET_SCHEMA_REGISTRY", "", "COUPLET_KAFKA_CONFIG", "");
        assertThat(JobSettings.fromArguments(new String[0], environment).clientProperties())
                .isEmpty();
    }

    @Test
    void missingBrokersAreToldWithTheFix() {
        assertThatThrownBy(() -> JobSettings.fromArguments(new String[0], Map.of()))
                .hasMessage("--bootstrap-servers is missing: name a broker, e.g. kafka:9092");
    }

    @Test
    void theFileMayNameTheBrokersAndTheFlagGoesFirst(@TempDir Path directory) throws Exception {
        String file = Files.writeString(directory.resolve("client.properties"), "bootstrap.servers=in-file:9092\n")
                .toString();
        JobSettings settings = JobSettings.fromArguments(new String[] {"--kafka-config", file}, Map.of());
        assertThat(settings.bootstrapServers()).isEqualTo("in-file:9092");
        assertThat(settings.clientProperties()).isEmpty();
        assertThat(JobSettings.fromArguments(
                                new String[] {"--kafka-config", file, "--bootstrap-servers", "flag:9092"}, Map.of())
                        .bootstrapServers())
                .isEqualTo("flag:9092");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--checkpoint file:/c    | There is no --checkpoint: the flags are --bootstrap-servers, --kafka-config, --schema-registry, --checkpoints, --parallelism, each with its value behind it",
                "--parallelism=3         | There is no --parallelism=3: the flags are --bootstrap-servers, --kafka-config, --schema-registry, --checkpoints, --parallelism, each with its value behind it",
                "checkpoints file:/c     | There is no checkpoints: the flags are --bootstrap-servers, --kafka-config, --schema-registry, --checkpoints, --parallelism, each with its value behind it",
                "--checkpoints           | --checkpoints has no value: write it behind the flag",
                "--parallelism two       | --parallelism must be a whole number, was two",
                "--parallelism -1        | parallelism must not be negative, was -1",
                "--kafka-config /not/there | --kafka-config /not/there cannot be read: give a Java properties file"
            })
    void whatIsWrongIsToldInOneSentence(String arguments, String sentence) {
        String[] all = ("--bootstrap-servers kafka:9092 " + arguments).split(" ");
        assertThatThrownBy(() -> JobSettings.fromArguments(all, Map.of()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(sentence);
    }

    /** Building fails when an operator has no uid or a type would go through Kryo: both are switched off for the jobs. */
    @Test
    void bothGraphsBuildWithNamedOperatorsThatFlinkCanFindAgain() throws Exception {
        JobSettings settings = JobSettings.fromArguments(new String[] {"--bootstrap-servers", "kafka:9092"});
        assertThat(names(AnalyticsJobs.convergence(settings)))
                .contains("Source: couplet.step-metrics.v1", "read steps", "convergence");
        assertThat(names(AnalyticsJobs.coupling(settings)))
                .contains(
                        "Source: couplet.run-requests.v1",
                        "Source: couplet.run-events.v1",
                        "Source: couplet.evaluations.v1",
                        "read runs",
                        "coupling");
    }

    private static java.util.List<String> names(StreamExecutionEnvironment environment) {
        StreamGraph graph = environment.getStreamGraph();
        assertThat(graph.getJobGraph().getVertices()).isNotEmpty();
        return graph.getStreamNodes().stream()
                .map(org.apache.flink.streaming.api.graph.StreamNode::getOperatorName)
                .toList();
    }
}
