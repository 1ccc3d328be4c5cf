package io.couplet.flink;

import io.couplet.schemas.RunId;
import io.couplet.schemas.avro.Evaluation;
import io.couplet.schemas.avro.Provenance;
import io.couplet.schemas.avro.RunEvent;
import io.couplet.schemas.avro.RunRequest;
import io.couplet.schemas.study.RunsAsked;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What is known of a study as a whole; the same whatever order its records come in.
 *
 * @param backbones backbones of the newest submission, in its order
 * @param optimizers optimizers of the newest submission
 * @param runs runs of that submission; 0 while no request was seen
 * @param submittedMillis when it was submitted
 * @param fractions fraction of the budget of each rung; 0 where not yet known
 * @param budgetSteps the steps a run may take
 * @param classes classes of the data; 0 while unknown
 * @param samples validation images; 0 while unknown
 * @param hasTarget whether the study aims at an accuracy or a loss
 */
public record StudyGrid(
        String[] backbones,
        String[] optimizers,
        int runs,
        long submittedMillis,
        double[] fractions,
        int budgetSteps,
        int classes,
        int samples,
        boolean hasTarget) {

    static final StudyGrid EMPTY = new StudyGrid(new String[0], new String[0], 0, 0, new double[0], 0, 0, 0, false);

    StudyGrid plus(RunRequest request) {
        double[] known = fractions;
        List<Double> rungs = request.getRungs();
        for (int i = 0; i < rungs.size(); i++) {
            known = withFraction(known, i + 1, rungs.get(i));
        }
        List<String> names = request.getGrid().getBackbones();
        List<String> optimizerNames = request.getGrid().getOptimizers();
        int size = RunsAsked.runs(request.getGrid());
        boolean newer = request.getSubmittedMillis() > submittedMillis
                || request.getSubmittedMillis() == submittedMillis && size > runs;
        return new StudyGrid(
                newer ? names.toArray(String[]::new) : backbones,
                newer ? optimizerNames.toArray(String[]::new) : optimizers,
                newer ? size : runs,
                Math.max(submittedMillis, request.getSubmittedMillis()),
                known,
                Math.max(budgetSteps, request.getBudgetSteps()),
                classes,
                samples,
                hasTarget || request.getTargetTop1() != null || request.getTargetLoss() != null);
    }

    StudyGrid plus(Evaluation evaluation) {
        return new StudyGrid(
                backbones,
                optimizers,
                runs,
                submittedMillis,
                withFraction(fractions, evaluation.getRung(), evaluation.getFraction()),
                Math.max(budgetSteps, evaluation.getBudgetSteps()),
                Math.max(classes, evaluation.getClasses()),
                Math.max(samples, evaluation.getSamples()),
                hasTarget || evaluation.getTargetTop1() != null || evaluation.getTargetLoss() != null);
    }

    StudyGrid plus(RunEvent event) {
        Provenance provenance = event.getProvenance();
        return new StudyGrid(
                backbones,
                optimizers,
                runs,
                submittedMillis,
                fractions,
                Math.max(budgetSteps, event.getBudgetSteps()),
                provenance == null ? classes : Math.max(classes, provenance.getClasses()),
                provenance == null ? samples : Math.max(samples, provenance.getValidationImages()),
                hasTarget);
    }

    private static double[] withFraction(double[] fractions, int rung, double fraction) {
        if (rung <= fractions.length && fractions[rung - 1] == fraction) {
            return fractions;
        }
        double[] copy = Arrays.copyOf(fractions, Math.max(rung, fractions.length));
        copy[rung - 1] = Math.max(copy[rung - 1], fraction);
        return copy;
    }

    /** Whether every run has ended, of the newest submission and of those before it; never while a run of the newest one may be unknown. */
    boolean isOver(Collection<StudyRun> known) {
        Set<String> columns = parts(backbones);
        Set<String> rows = parts(optimizers);
        long before = known.stream()
                .filter(run ->
                        !columns.contains(RunId.part(run.backbone())) || !rows.contains(RunId.part(run.optimizer())))
                .count();
        return runs > 0 && known.size() >= runs + before && known.stream().allMatch(StudyRun::hasEnded);
    }

    private static Set<String> parts(String[] names) {
        return Arrays.stream(names).map(RunId::part).collect(Collectors.toSet());
    }

    int rungs() {
        return fractions.length;
    }

    /** The step at which a rung is evaluated. */
    long stepOf(int rung) {
        return Math.round(fractions[rung - 1] * budgetSteps);
    }

    /** Accuracy of guessing; 0 while the number of classes is unknown. */
    double chanceLevel() {
        return classes == 0 ? 0 : 1.0 / classes;
    }
}
