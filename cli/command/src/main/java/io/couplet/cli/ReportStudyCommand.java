package io.couplet.cli;

import io.couplet.cli.local.BrokerProcess;
import io.couplet.cli.local.DataDirectory;
import io.couplet.cli.local.KnownFamilies;
import io.couplet.cli.local.RunningSystem;
import io.couplet.cli.local.UserError;
import io.couplet.view.model.StudySnapshot;
import io.couplet.view.model.ViewModel;
import io.couplet.view.report.StudyReport;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import org.apache.kafka.clients.CommonClientConfigs;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code couplet report}: what a study found, from the topics alone. */
@Command(
        name = "report",
        mixinStandardHelpOptions = true,
        description = "Print a study's report, made from the topics alone.")
final class ReportStudyCommand implements Callable<Integer> {

    /** How it is written. */
    enum Format {
        JSON,
        MARKDOWN,
        CSV,
        HTML;

        String of(StudyReport report) {
            return switch (this) {
                case JSON -> report.json();
                case MARKDOWN -> report.markdown();
                case CSV -> report.csv();
                case HTML -> report.html();
            };
        }
    }

    @Mixin
    ReachOptions reach = new ReachOptions();

    @Mixin
    StudySelection selection = new StudySelection();

    @Option(
            names = "--format",
            defaultValue = "markdown",
            description = "One of: ${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}).")
    Format format = Format.MARKDOWN;

    @Option(names = "--json", description = "The same as --format json.")
    boolean json;

    @Option(names = "--output", paramLabel = "FILE", description = "Write to this file (default: stdout).")
    @Nullable
    Path output;

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it.
    CommandSpec spec;

    @Override
    public Integer call() {
        if (reach.kafka.given() || RunningSystem.in(reach.dataDirectory).isPresent()) {
            print(Views.read(reach.clientProperties()));
            return 0;
        }
        if (!Files.isDirectory(reach.dataDirectory.resolve("kafka"))) {
            throw new UserError("There is no study in " + reach.dataDirectory
                    + ": start one with `couplet run`, or name a Kafka with --bootstrap-servers HOST:PORT.");
        }
        try (DataDirectory data = DataDirectory.take(reach.dataDirectory);
                BrokerProcess broker = BrokerProcess.start(data.kafka(), 0)) {
            Map<String, String> properties = new HashMap<>(reach.kafka.registryProperties());
            properties.put(CommonClientConfigs.BOOTSTRAP_SERVERS_CONFIG, broker.bootstrapServers());
            print(Views.read(properties));
        }
        return 0;
    }

    private void print(ViewModel model) {
        StudySnapshot study = selection.in(model);
        if (study == null) {
            throw selection.missing(model);
        }
        String text = (json ? Format.JSON : format).of(StudyReport.of(study, Instant.now(), KnownFamilies.byName()));
        if (output == null) {
            spec.commandLine().getOut().print(text);
            spec.commandLine().getOut().flush();
            return;
        }
        try {
            Files.writeString(output, text);
        } catch (IOException e) {
            throw new UserError("The report cannot be written to " + output + ": give another --output.", e);
        }
    }
}
