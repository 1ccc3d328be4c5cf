package io.couplet.cli.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.yaml.snakeyaml.Yaml;

/** The files that Grafana and Prometheus are given; what their queries name is held against real endpoints in SystemMetricsTest and FlinkReporterTest. */
class DashboardsTest {

    @Test
    void everyDashboardIsWhole() throws IOException {
        assertThat(Dashboards.all()).hasSizeGreaterThanOrEqualTo(3).allSatisfy(dashboard -> {
            assertThat(dashboard.path("uid").asText()).startsWith("couplet-");
            assertThat(dashboard.path("title").asText()).isNotBlank();
            Iterable<JsonNode> panels = dashboard.path("panels");
            assertThat(panels).isNotEmpty().allSatisfy(panel -> {
                assertThat(panel.path("title").asText()).isNotBlank();
                assertThat(panel.path("targets")).isNotEmpty();
                assertThat(panel.path("gridPos").path("x").asInt()
                                + panel.path("gridPos").path("w").asInt())
                        .isLessThanOrEqualTo(24);
            });
            assertThat(StreamSupport.stream(panels.spliterator(), false).map(panel -> panel.path("id")))
                    .doesNotHaveDuplicates();
            assertThat(dashboard.findValues("datasource"))
                    .allSatisfy(
                            source -> assertThat(source.path("uid").asText()).isEqualTo("prometheus"));
        });
    }

    @Test
    void theDataSourceIsTheOneTheDashboardsName() throws IOException {
        assertThat(yaml("grafana/provisioning/datasources/prometheus.yaml").toString())
                .contains("uid=prometheus", "type=prometheus", "url=http://prometheus:9090");
        assertThat(yaml("grafana/provisioning/dashboards/couplet.yaml").toString())
                .contains("type=file");
    }

    @Test
    void prometheusScrapesEveryService() throws IOException {
        assertThat(yaml("prometheus/prometheus.yml").toString())
                .contains(
                        "trainer", "9404", "stopper:9404", "dashboard:8080", "jobmanager:9249", "taskmanager", "9249");
    }

    private static Map<String, Object> yaml(String file) throws IOException {
        return new Yaml().load(Files.readString(Path.of("../../docker").resolve(file)));
    }
}
