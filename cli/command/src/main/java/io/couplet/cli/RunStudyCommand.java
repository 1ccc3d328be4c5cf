package io.couplet.cli;

import io.couplet.cli.local.DataDirectory;
import io.couplet.cli.local.LocalSettings;
import io.couplet.cli.local.LocalSystem;
import io.couplet.producers.Submission;
import io.couplet.schemas.study.StudySpecification;
import io.couplet.trainer.data.DataException;
import io.couplet.trainer.data.DataSets;
import io.couplet.trainer.data.DataSplit;
import io.couplet.trainer.worker.TrainingImages;
import io.couplet.view.model.StudySnapshot;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code couplet run}: everything on one machine, from the study to the report. */
@Command(
        name = "run",
        mixinStandardHelpOptions = true,
        description = "Train a study on this machine, with everything it needs, and show what suits what.")
final class RunStudyCommand implements Callable<Integer> {
    // body follows when the services stand
}
