package io.couplet.cli.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.couplet.cli.metrics.Dashboards;
import io.couplet.cli.metrics.PrometheusText;
import io.couplet.cli.metrics.ServiceMetrics;
import io.couplet.schemas.study.Budget;
import io.couplet.schemas.study.StudySpecification;
import io.couplet.trainer.worker.TrainerSettings;
import io.couplet.trainer.worker.TrainingImages;
import io.couplet.view.alerts.AlertService;
import io.couplet.view.alerts.AlertSettings;
import io.couplet.view.model.StudySnapshot;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The whole system measured while it trains: what is scraped parses, agrees with what happened, and has every metric that a dashboard asks for. */
class SystemMetricsTest {

    private static final int STEPS = 6;
    private static final String STEP_METRICS = "{topic=\"couplet.step-metrics.v1\"}";

    @Test
    void countsAgreeWithWhatHappenedAndDashboardsAskForNothingElse(@TempDir Path directory) throws Exception {
        StudySpecification study = LocalSystemTest.STUDY.withBudget(new Budget(STEPS, 16));
        try (DataDirectory data = DataDirectory.take(directory.resolve("data"));
                ServiceMetrics metrics = new ServiceMetrics("run", "test", null);
                LocalSystem system = LocalSystem.start(
                        data,
                        new LocalSettings(TrainerSettings.cpuSlots(2), LocalSettings.Page.local(), "test", null),
                        metrics.registry(),
                        what -> {});
                AlertService alerts = new AlertService(
                                AlertSettings.of(
                                        system.bootstrapServers(),
                                        Map.of(),
                                        URI.create("http://127.0.0.1:1/"),
                                        AlertSettings.PATIENCE),
                                InstantSource.system())
                        .measureIn(metrics.registry())
                        .start()) {
            await().atMost(Duration.ofMinutes(1)).until(alerts::following);
            system.train(study, new TrainingImages(null));
            await().atMost(Duration.ofMinutes(4))
                    .until(
                            () -> system.model().snapshot(study.studyId()),
                            snapshot -> snapshot != null && scored(snapshot));
            await().atMost(Duration.ofMinutes(1)).until(() -> alerts.counts().raised() == 1);

            System.gc(); // pauses have a metric from the first one on
            PrometheusText scraped = await().atMost(Duration.ofMinutes(1))
                    .until(
                            () -> PrometheusText.read(scrape(system.dashboard())),
                            text -> text.names().contains("jvm_gc_pause_seconds_sum"));

            double steps = 4.0 * STEPS;
            assertThat(scraped.value("couplet_publisher_records_emitted_total" + STEP_METRICS))
                    .isEqualTo(steps);
            assertThat(scraped.value("couplet_publisher_records_acknowledged_total" + STEP_METRICS))
                    .isEqualTo(steps);
            assertThat(scraped.value("couplet_publisher_records_spooled" + STEP_METRICS))
                    .isZero();
            assertThat(scraped.value("couplet_publisher_records_lost_total" + STEP_METRICS))
                    .isZero();
            assertThat(scraped.value("couplet_trainer_step_seconds_count")).isEqualTo(steps);
            assertThat(scraped.value("couplet_trainer_run_events_total{kind=\"completed\"}"))
                    .isEqualTo(4);
            assertThat(scraped.value("couplet_trainer_request_wait_seconds_count"))
                    .isEqualTo(4);
            assertThat(scraped.value("couplet_trainer_slots{device=\"cpu\"}")).isEqualTo(2);
            assertThat(scraped.value("couplet_view_records_read_total" + STEP_METRICS))
                    .isEqualTo(steps);
            assertThat(scraped.value("couplet_view_runs{state=\"completed\"}")).isEqualTo(4);
            assertThat(scraped.value("couplet_view_runs{state=\"waiting\"}")).isZero();
            assertThat(scraped.value("couplet_view_studies_finished")).isEqualTo(1);
            assertThat(scraped.value("couplet_analytics_steps_folded_total")).isEqualTo(steps);
            assertThat(scraped.value("couplet_stopper_running")).isEqualTo(1);
            assertThat(scraped.value("couplet_stopper_orders_total{rule=\"transfer\",shadow=\"false\"}"))
                    .isZero();
            assertThat(scraped.value("couplet_alerts_raised_total")).isEqualTo(1);

            Set<String> asked = new TreeSet<>(Dashboards.metrics());
            asked.removeIf(name -> name.startsWith("flink_"));
            assertThat(scraped.names()).containsAll(asked);
            assertThat(undocumented(scraped.names())).isEmpty();
        }
    }

    /** Metrics of Couplet's own that no row of the documentation has; there … stands for the first two words of the row's first one. */
    private static Set<String> undocumented(Set<String> scraped) throws IOException {
        Set<String> left = new TreeSet<>();
        scraped.stream()
                .filter(name -> name.startsWith("couplet_"))
                .map(name -> name.replaceFirst("_seconds_(bucket|count|sum|max)$", "_seconds"))
                .forEach(left::add);
        for (String row : Files.readAllLines(Path.of("../../docs/metrics-and-alerts.md"))) {
            if (row.startsWith("| `couplet_")) {
                List<String> named = Pattern.compile("`(\\S+?)`")
                        .matcher(row.split("\\|")[1])
                        .results()
                        .map(found -> found.group(1))
                        .toList();
                String family = named.get(0).replaceFirst("^(couplet_[a-z]+)_.*", "$1");
                left.removeIf(name -> named.contains(name)
                        || name.startsWith(family)
                                && named.stream()
                                        .anyMatch(each -> each.startsWith("…") && name.endsWith(each.substring(1))));
            }
        }
        return left;
    }

    private static boolean scored(StudySnapshot study) {
        return study.scored() && study.counts().stepsInTopic() == 4L * STEPS;
    }

    private static String scrape(URI dashboard) throws Exception {
        HttpResponse<String> answer = HttpClient.newHttpClient()
                .send(
                        HttpRequest.newBuilder(dashboard.resolve("/metrics")).build(),
                        HttpResponse.BodyHandlers.ofString());
        assertThat(answer.statusCode()).isEqualTo(200);
        return answer.body();
    }
}
