package io.couplet.cli;

import io.couplet.cli.local.Anchors;
import io.couplet.cli.local.UserError;
import io.couplet.producers.Submission;
import io.couplet.producers.SubmissionException;
import io.couplet.schemas.study.StudySpecification;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code couplet submit}: a study's runs into the queue of a cluster's trainers. */
@Command(
        name = "submit",
        mixinStandardHelpOptions = true,
        description = "Put the runs of a study that are missing into the queue; submitting twice trains once.")
final class SubmitStudyCommand implements Callable<Integer> {

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    @Mixin
    KafkaOptions kafka = new KafkaOptions();

    @Mixin
    StudyOptions studyOptions = new StudyOptions();

    @Option(names = "--retry-failed", description = "Submit runs that have failed once more.")
    boolean retryFailed;

    @Option(names = "--dry-run", description = "Print the study as it would be submitted, and end.")
    boolean dryRun;

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it.
    CommandSpec spec;

    @Override
    public Integer call() throws InterruptedException {
        PrintWriter out = spec.commandLine().getOut();
        StudySpecification study = studyOptions.study();
        if (dryRun) {
            out.print(study.toYaml());
            out.flush();
            return 0;
        }
        var properties = kafka.clientProperties();
        try {
            Submission.Result result = new Submission(Views.bootstrapServers(properties), properties, PATIENCE)
                    .submit(
                            study.requests(System.currentTimeMillis(), Anchors.of(study)),
                            retryFailed ? Submission.Failed.RETRY : Submission.Failed.LEAVE);
            out.printf(
                    "%s: %d submitted, %d already queued, %d already ended, %d failed before%n",
                    study.studyId(),
                    result.submitted().size(),
                    result.alreadyQueued().size(),
                    result.alreadyEnded().size(),
                    result.failed().size());
            out.flush();
            return 0;
        } catch (SubmissionException e) {
            throw new UserError(String.valueOf(e.getMessage()), e);
        }
    }
}
