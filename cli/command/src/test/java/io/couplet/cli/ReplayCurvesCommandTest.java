package io.couplet.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.couplet.broker.EmbeddedBroker;
import io.couplet.schemas.TopicCreation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ReplayCurvesCommandTest {

    private static final String CURVES = """
            run_id,model,optimizer,step,loss,top1
            a,vgg,sgd,1,2.3,
            a,vgg,sgd,2,2.1,0.4
            b,vgg,adam,1,2.2,
            b,vgg,adam,2,,
            """;

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it.
    Path directory;

    private Ended replay(Object... arguments) throws IOException {
        Path file = Files.writeString(directory.resolve("curves.csv"), CURVES);
        Stream<Object> columns = Stream.of("replay", file, "--column", "run=run_id", "--column", "backbone=model");
        return Ended.couplet(Stream.concat(columns, Stream.of(arguments)).toList());
    }

    @Test
    void theCountsOfWhatWasSentArePrinted() throws Exception {
        try (EmbeddedBroker broker = EmbeddedBroker.startInTemporaryDirectory()) {
            try (Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()))) {
                TopicCreation.createMissing(admin, 1);
            }
            Ended once = replay("--bootstrap-servers", broker.bootstrapServers(), "--json");
            assertThat(once.err()).isEmpty();
            JsonNode json = new ObjectMapper().readTree(once.out());
            assertThat(json.get("runs").intValue()).isEqualTo(2);
            assertThat(json.get("steps").intValue()).isEqualTo(3);
            assertThat(json.get("evaluations").intValue()).isEqualTo(1);
            assertThat(json.get("events").intValue()).isEqualTo(4);
            assertThat(json.get("rowsWithoutMetric").intValue()).isEqualTo(1);
            Ended again = replay("--bootstrap-servers", broker.bootstrapServers(), "--rate", 1_000);
            assertThat(again.out())
                    .isEqualTo(json.get("study").textValue()
                            + ": 2 runs, 3 steps, 1 evaluations and 4 events sent; 1 rows had neither loss nor top1\n");
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            --speed 2 --rate 3 | --speed and --rate are both given: keep one.
            --speed 0 | --speed must be above 0, was 0.0.
            --speed 2 | --speed needs a column seconds, which curves.csv has not: name it with --column seconds=HEADING, or give --rate STEPS.
            --drops 5 | --drops needs --schedule step.
            --schedule step --drops 5,5 | --drops must be ascending steps from 1, 5 comes after 5.
            --start yesterday | --start must be a time such as 2026-01-31T12:00:00Z, was 'yesterday'.
            --target 90 | --target must lie in (0, 1], was 90.0.
            --column lr=alpha | --column lr=alpha: there is no lr; there are run, backbone, optimizer, seed, step, budget, seconds, loss, learning_rate, gradient_norm, batch_accuracy, validation_loss, top1, top5.
            --column loss=alpha | curves.csv, line 1: there is no column alpha among run_id, model, optimizer, step, loss, top1: name it with --column, e.g. --column run=run_id.
            """)
    void whatIsWrongIsSaidBeforeAnythingIsSent(String flags, String sentence) throws IOException {
        List<Object> arguments = new ArrayList<>(List.of("--bootstrap-servers", "localhost:1"));
        arguments.addAll(List.of((Object[]) flags.split(" ")));
        Ended ended = replay(arguments.toArray());
        assertThat(ended.err()).isEqualTo("couplet: " + sentence + System.lineSeparator());
        assertThat(ended.exitCode()).isEqualTo(2);
    }

    @Test
    void withoutAKafkaItSaysHowToNameOne() throws IOException {
        Ended ended = replay("--data-dir", directory.resolve("data"));
        assertThat(ended.exitCode()).isEqualTo(2);
        assertThat(ended.err())
                .isEqualTo("couplet: No couplet runs in " + directory.resolve("data")
                        + ": start one with `couplet run`, or name a Kafka with --bootstrap-servers HOST:PORT."
                        + System.lineSeparator());
    }
}
