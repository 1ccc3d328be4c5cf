package io.couplet.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.couplet.broker.EmbeddedBroker;
import io.couplet.producers.Submission;
import io.couplet.schemas.TopicCreation;
import io.couplet.schemas.study.StudySpecification;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.kafka.clients.admin.Admin;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code stop} and {@code resume} answer as the page does. */
@Timeout(180)
class RunOrderCommandsTest {

    private static final Pattern COMMAND_ID = Pattern.compile("person-[0-9a-f-]{36}");

    @Test
    void anOrderIsGivenOnceAndOnlyToARunThatCanObey(@TempDir Path directory) throws Exception {
        StudySpecification study = StudySpecification.defaults();
        String runId = study.requests(1_000).get(0).getRunId();
        try (EmbeddedBroker broker = EmbeddedBroker.startInTemporaryDirectory();
                Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()))) {
            String none = runId.replace(".vgg.", ".gvv.");
            refused(
                    couplet(broker, "stop", runId),
                    "Kafka at " + broker.bootstrapServers()
                            + " has no topic couplet.run-commands.v1, couplet.run-events.v1, couplet.run-requests.v1:"
                            + " create them with couplet topics create.");
            TopicCreation.createMissing(admin, 1);
            new Submission(broker.bootstrapServers(), Map.of(), Duration.ofSeconds(30))
                    .submit(study.requests(1_000), Submission.Failed.LEAVE);

            refused(couplet(broker, "stop", none), "No run " + none + " has been read.");
            refused(
                    couplet(broker, "resume", runId),
                    "Run " + runId + " is not paused, so there is nothing to resume.");
            Ended first = couplet(broker, "stop", runId);
            assertThat(first.out())
                    .startsWith("Asked " + runId + " to stop; its trainer answers with an event that names ");
            Ended second = couplet(broker, "stop", runId);
            assertThat(second.out()).contains(" has asked " + runId + " to stop already; ");
            assertThat(commandId(second)).isEqualTo(commandId(first));

            Path curves = Files.writeString(
                    directory.resolve("curves.csv"),
                    "run,backbone,optimizer,seed,step,budget,loss\na,vgg,sgd,0,1,1,2.0\n");
            String replayed = couplet(broker, "replay", curves.toString(), "--json")
                    .json()
                    .get("study")
                    .asText();
            String ended = Objects.requireNonNull(Views.read(Map.of("bootstrap.servers", broker.bootstrapServers()))
                            .snapshot(replayed))
                    .cells()
                    .get(0)
                    .runs()
                    .get(0)
                    .runId();
            refused(couplet(broker, "stop", "--pause", ended), "Run " + ended + " has ended already.");
        }
    }

    private static String commandId(Ended ended) {
        Matcher matcher = COMMAND_ID.matcher(ended.out());
        assertThat(matcher.find()).as(ended.out()).isTrue();
        return matcher.group();
    }

    private static void refused(Ended ended, String sentence) {
        assertThat(ended.err().strip()).isEqualTo("couplet: " + sentence);
        assertThat(ended.exitCode()).isEqualTo(2);
    }

    private static Ended couplet(EmbeddedBroker broker, String... arguments) {
        List<Object> all = new ArrayList<>(List.of((Object[]) arguments));
        all.addAll(List.of("--bootstrap-servers", broker.bootstrapServers()));
        return Ended.couplet(all);
    }
}
