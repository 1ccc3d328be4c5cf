package io.couplet.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.couplet.broker.EmbeddedBroker;
import io.couplet.cli.local.RunningSystem;
import io.couplet.schemas.TopicCreation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TailLogsCommandTest {

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it.
    Path directory;

    private Ended tail(Object... arguments) throws IOException {
        Path logs = directory.resolve("runs/resnet/sgd/seed1");
        Files.createDirectories(logs);
        Files.writeString(
                logs.resolve("log.jsonl"),
                "{\"step\": 1, \"train_loss\": 2.0}\noops\n{\"step\": 2, \"train_loss\": 1.5, \"val_acc\": 0.4}\n");
        List<Object> all = new ArrayList<>(
                List.of("tail", directory.resolve("runs"), "--once", "--state", directory.resolve("state")));
        all.addAll(List.of(arguments));
        return Ended.couplet(all);
    }

    @Test
    void whatWasSentIsPrintedMalformedLinesAreListedAndASecondTimeSendsNothing() throws Exception {
        try (EmbeddedBroker broker = EmbeddedBroker.startInTemporaryDirectory()) {
            try (Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()))) {
                TopicCreation.createMissing(admin, 1);
            }
            Object[] flags = {
                "--bootstrap-servers",
                broker.bootstrapServers(),
                "--path-pattern",
                "{backbone}/{optimizer}/seed{seed}/**"
            };
            Ended once = tail(flags);
            assertThat(once.err()).startsWith("resnet/sgd/seed1/log.jsonl, 2: it is no JSON");
            assertThat(once.out()).isEqualTo("""
                    tail: 1 runs in 1 logs; 2 steps, 1 evaluations and 2 events sent
                    Not sent: 0 entries without loss or accuracy, 0 steps a second time, 0 evaluations between two rungs or before training, 1 malformed. Logs cut or replaced: 0.
                    """);
            assertThat(once.exitCode()).isEqualTo(1);
            List<Object> again = new ArrayList<>(List.of(flags));
            again.add("--json");
            Ended twice = tail(again.toArray());
            assertThat(twice.exitCode()).isZero();
            JsonNode json = new ObjectMapper().readTree(twice.out());
            assertThat(json.at("/counts/steps").intValue()).isZero();
            assertThat(json.at("/records/emitted").intValue()).isZero();
            assertThat(json.at("/runIds/0").textValue()).contains(".resnet.sgd.s1.");
        }
    }

    @Test
    void withoutAKafkaItStartsOneWithTheJobsAndThePageAndEndsWhenAllIsScored() throws Exception {
        Path logs = directory.resolve("logs");
        for (String pairing : List.of("resnet/sgd", "resnet/adamw", "vgg/sgd", "vgg/adamw")) {
            Path run = Files.createDirectories(logs.resolve(pairing));
            Files.writeString(
                    run.resolve("log.jsonl"),
                    "{\"step\": 1, \"train_loss\": 2.0}\n{\"step\": 2, \"train_loss\": 1.5, \"val_acc\": 0.%d}\n"
                            .formatted(30 + pairing.length()));
        }
        Path data = directory.resolve("data");
        Ended ended = Ended.couplet(List.of(
                "tail", logs, "--once", "--data-dir", data, "--path-pattern", "{backbone}/{optimizer}/**", "--json"));

        assertThat(ended.err()).contains("The page is at http://127.0.0.1:").doesNotContain("Not everything");
        assertThat(ended.exitCode()).isZero();
        assertThat(new ObjectMapper().readTree(ended.out()).at("/counts/steps").intValue())
                .isEqualTo(8);
        assertThat(RunningSystem.in(data)).isEmpty();
        JsonNode cells = new ObjectMapper()
                .readTree(Ended.couplet(List.of("report", "--data-dir", data, "--json"))
                        .out())
                .get("cells");
        assertThat(cells).hasSize(4).allSatisfy(cell -> {
            assertThat(cell.get("coupling").isNumber()).isTrue();
            assertThat(cell.get("steps").intValue()).isEqualTo(2);
        });
    }

    @Test
    void aLogThatIsNotThereIsSaidBeforeAnythingIsStarted() {
        Path data = directory.resolve("data");
        Ended ended = Ended.couplet(List.of("tail", directory.resolve("none"), "--data-dir", data));
        assertThat(ended.err().lines()).singleElement().asString().contains("none");
        assertThat(ended.exitCode()).isEqualTo(2);
        assertThat(data).doesNotExist();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            --path-pattern {model}/** | --path-pattern: {model} is no name: a pattern may have each of {run}, {backbone}, {optimizer}, {seed}, {budget} once.
            --budget 0 | --budget must be above 0, was 0.
            --idle 5 | --once and --idle are both given: keep one.
            --column lr=alpha | --column lr=alpha: there is no lr; there are run, backbone, optimizer, seed, step, budget, seconds, loss, learning_rate, gradient_norm, batch_accuracy, validation_loss, top1, top5.
            """)
    void whatIsWrongIsSaidBeforeAnythingIsSent(String flags, String sentence) throws IOException {
        List<Object> arguments = new ArrayList<>(List.of("--bootstrap-servers", "localhost:1"));
        arguments.addAll(List.of((Object[]) flags.split(" ")));
        Ended ended = tail(arguments.toArray());
        assertThat(ended.err()).isEqualTo("couplet: " + sentence + System.lineSeparator());
        assertThat(ended.exitCode()).isEqualTo(2);
    }
}
