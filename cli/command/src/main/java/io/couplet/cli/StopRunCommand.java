package io.couplet.cli;

import io.couplet.cli.local.UserError;
import io.couplet.schemas.RunId;
import io.couplet.schemas.Topics;
import io.couplet.schemas.WireFormat;
import io.couplet.schemas.avro.RunCommand;
import io.couplet.schemas.avro.RunCommandKind;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code couplet stop}: a person ends a run. */
@Command(
        name = "stop",
        mixinStandardHelpOptions = true,
        description = "Ask the trainer of a run to end it after its present step.")
final class StopRunCommand implements Callable<Integer> {

    @Mixin
    ReachOptions reach = new ReachOptions();

    @Parameters(paramLabel = "RUN", description = "Id of the run, as the page and `couplet watch` show it.")
    String runId = "";

    @Option(
            names = "--reason",
            paramLabel = "TEXT",
            defaultValue = "asked for by a person",
            description = "Why, for the record (default: ${DEFAULT-VALUE}).")
    String reason = "";

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it.
    CommandSpec spec;

    @Override
    public Integer call() throws ExecutionException, InterruptedException {
        RunCommand command = command(runId, reason, System.currentTimeMillis());
        Map<String, Object> properties = new HashMap<>(reach.clientProperties());
        properties.put(ProducerConfig.ACKS_CONFIG, "all");
        properties.put(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, "15000");
        properties.put(ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG, "10000");
        properties.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, "15000");
        try (KafkaProducer<String, RunCommand> producer = new KafkaProducer<>(
                properties,
                Topics.RUN_COMMANDS.keySerde().serializer(),
                Topics.RUN_COMMANDS
                        .valueSerde(WireFormat.of(properties))
                        .serializer())) {
            producer.send(new ProducerRecord<>(Topics.RUN_COMMANDS.name(), runId, command))
                    .get();
        }
        spec.commandLine()
                .getOut()
                .println("Asked " + runId + " to stop; its trainer answers with an event that names "
                        + command.getCommandId() + ".");
        return 0;
    }

    private static RunCommand command(String runId, String reason, long nowMillis) {
        try {
            return RunCommand.newBuilder()
                    .setRunId(runId)
                    .setStudyId(RunId.parse(runId).studyId())
                    .setCommandId("person-" + UUID.randomUUID())
                    .setKind(RunCommandKind.STOP)
                    .setRule("person")
                    .setRuleVersion(0)
                    .setRequestedBy(System.getProperty("user.name", "a person"))
                    .setReason(reason)
                    .setTimeMillis(nowMillis)
                    .build();
        } catch (IllegalArgumentException e) {
            throw new UserError(e.getMessage() + ".", e);
        }
    }
}
