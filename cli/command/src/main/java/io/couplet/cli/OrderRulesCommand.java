package io.couplet.cli;

import io.couplet.cli.local.UserError;
import io.couplet.cli.policies.WrittenRule;
import io.couplet.producers.RunOrders;
import io.couplet.schemas.RunId;
import io.couplet.schemas.Topics;
import io.couplet.schemas.avro.ArmedRule;
import io.couplet.schemas.study.StudySpecification;
import io.couplet.scores.stopping.StoppingRules;
import io.couplet.view.model.StudySnapshot;
import io.couplet.view.model.ViewModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code couplet rules}: a person changes by which rules a study that is going on is judged. */
@Command(
        name = "rules",
        mixinStandardHelpOptions = true,
        description = {
            "Judge a study that is going on by these stopping rules from now on, in place of those it had.",
            "divergence stays on; what was ordered before stays ordered."
        })
final class OrderRulesCommand implements Callable<Integer> {

    @Mixin
    ReachOptions reach = new ReachOptions();

    @Parameters(
            paramLabel = "STUDY",
            description =
                    "Id of the study, as the page and `couplet watch` show it, or its name: then the newest of that name.")
    String study = "";

    @ArgGroup(multiplicity = "1")
    Wanted wanted = new Wanted();

    /** One of three ways to say which rules. */
    static final class Wanted {

        @Option(
                names = "--rule",
                paramLabel = "RULE",
                description =
                        "A rule of `couplet list rules` with options as in transfer:risk=0.3,pause=1; may be repeated.")
        List<String> rules = List.of();

        @Option(
                names = "--file",
                paramLabel = "STUDY.yaml",
                description = "The rules under early-stopping in this file.")
        @Nullable
        Path file;

        @Option(names = "--none", description = "No rule but divergence.")
        boolean none;
    }

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
    public Integer call() {
        List<ArmedRule> rules = wanted.file != null ? read(wanted.file) : read(wanted.rules);
        Map<String, String> properties = reach.clientProperties();
        String studyId = studyId(properties);
        try (RunOrders orders = new RunOrders(properties, Clock.systemUTC())) {
            String commandId = orders.rules(studyId, rules, RunOrderOptions.user(), reason);
            List<String> names = rules.stream().map(ArmedRule::getRule).toList();
            spec.commandLine()
                    .getOut()
                    .println("Ordered for " + studyId + ": "
                            + (names.isEmpty() ? "divergence only" : String.join(", ", names))
                            + ", from when the early stopper reads it (" + commandId + ").");
        } catch (IllegalArgumentException e) {
            throw new UserError(e.getMessage() + ".", e);
        }
        return 0;
    }

    private static List<ArmedRule> read(List<String> texts) {
        return texts.stream()
                .map(WrittenRule::read)
                .map(rule -> checked("--rule " + rule.text(), rule.name(), rule.options()))
                .toList();
    }

    /** The study's id, looked up among the requests; where there is none of that name, what reads like an id is one. */
    private String studyId(Map<String, String> properties) {
        StudySelection selection = new StudySelection();
        selection.study = study;
        ViewModel model = Views.read(properties, List.of(Topics.RUN_REQUESTS.name()));
        StudySnapshot found = selection.in(model);
        if (found != null) {
            return found.summary().id();
        }
        if (RunId.isStudyId(study)) {
            return study;
        }
        throw selection.missing(model);
    }

    private static List<ArmedRule> read(Path file) {
        try {
            StudySpecification study =
                    StudySpecification.parse(Files.readString(file), file.toString(), StudyNames.known());
            return study.earlyStopping().stream()
                    .map(rule -> checked(file.toString(), rule.rule(), rule.options()))
                    .toList();
        } catch (IOException e) {
            throw new UserError("--file " + file + " cannot be read: give a study file.", e);
        } catch (io.couplet.schemas.study.InvalidStudyException e) {
            throw new UserError(String.valueOf(e.getMessage()), e);
        }
    }

    private static ArmedRule checked(String where, String rule, Map<String, Double> options) {
        try {
            StoppingRules known = StoppingRules.named(rule);
            if (!known.forStudies()) {
                throw new UserError(where + ": " + rule + " cannot be armed for a study: choose another rule.");
            }
            known.ofStudy(options);
            return new ArmedRule(rule, new TreeMap<>(options));
        } catch (IllegalArgumentException e) {
            throw new UserError(where + ": " + e.getMessage() + ".", e);
        }
    }
}
