package io.couplet.cli.curves;

import io.couplet.cli.local.UserError;
import io.couplet.schemas.Topics;
import io.couplet.schemas.WireFormat;
import io.couplet.schemas.avro.Evaluation;
import io.couplet.view.LiveViewException;
import io.couplet.view.report.ReportReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.kafka.clients.CommonClientConfigs;
import org.apache.kafka.common.errors.SerializationException;
import org.jspecify.annotations.Nullable;

/** The curves of a study from the evaluations that Kafka still has: one row a rung, of the newest attempt that reached it. */
public final class StudyCurves {

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final WireFormat format;
    private final Map<String, TreeMap<Integer, Evaluation>> runs = new TreeMap<>();
    private final TreeSet<String> studies = new TreeSet<>();
    private long unreadable;

    private StudyCurves(WireFormat format) {
        this.format = format;
    }

    /**
     * The study as curves with the metrics top1 and loss, in the order of the runs' ids; the points of a hyper-parameter grid are optimizers of their own, as for the
     * stopper.
     *
     * @param rungs receives the shares of the budget at which it was evaluated, but the last
     * @throws UserError when there is no such study
     * @throws LiveViewException in one sentence with the fix, when Kafka is away or stops answering
     */
    public static CurvesFile read(Map<String, String> clientProperties, String studyId, List<Double> rungs) {
        StudyCurves curves = new StudyCurves(WireFormat.of(clientProperties));
        try {
            ReportReader.forEach(
                    clientProperties.getOrDefault(CommonClientConfigs.BOOTSTRAP_SERVERS_CONFIG, ""),
                    clientProperties,
                    PATIENCE,
                    List.of(Topics.EVALUATIONS.name()),
                    (topic, partition, offset, key, value) -> curves.take(value, studyId));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        if (curves.runs.isEmpty()) {
            throw new UserError("There are no evaluations of a study " + studyId + ": "
                    + (curves.studies.isEmpty()
                            ? "there is none of any."
                            : "there are " + String.join(", ", curves.studies) + "."));
        }
        return curves.file(studyId, rungs);
    }

    private void take(byte @Nullable [] value, String studyId) {
        if (value == null) {
            return;
        }
        Evaluation evaluation;
        try {
            evaluation = format.decode(Topics.EVALUATIONS, value);
        } catch (SerializationException e) {
            unreadable++;
            return;
        }
        studies.add(evaluation.getStudyId());
        if (evaluation.getStudyId().equals(studyId)) {
            runs.computeIfAbsent(evaluation.getRunId(), each -> new TreeMap<>())
                    .merge(
                            evaluation.getRung(),
                            evaluation,
                            (known, other) -> other.getAttempt() >= known.getAttempt() ? other : known);
        }
    }

    private CurvesFile file(String studyId, List<Double> rungs) {
        TreeSet<Double> fractions = new TreeSet<>();
        List<CurvesFile.Run> read = new ArrayList<>();
        runs.forEach((runId, evaluations) -> {
            Evaluation first = evaluations.firstEntry().getValue();
            List<CurvesFile.Row> rows = new ArrayList<>();
            evaluations.values().forEach(each -> {
                rows.add(new CurvesFile.Row(
                        rows.size() + 1, each.getStep(), List.of(each.getTop1(), (double) each.getLoss())));
                fractions.add(each.getFraction());
            });
            int point = first.getHyperparameterPoint();
            read.add(new CurvesFile.Run(
                    runId,
                    first.getBackbone(),
                    point == 0 ? first.getOptimizer() : first.getOptimizer() + '#' + point,
                    String.valueOf(first.getSeed()),
                    first.getBudgetSteps(),
                    rows));
        });
        fractions.stream().filter(each -> each < 1).forEach(rungs::add);
        String name = unreadable == 0
                ? "study " + studyId
                : "study " + studyId + " (" + unreadable + " records that nobody can read left out)";
        return new CurvesFile(name, List.of("top1", "loss"), List.copyOf(read));
    }
}
