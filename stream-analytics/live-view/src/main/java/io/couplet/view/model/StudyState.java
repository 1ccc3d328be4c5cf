package io.couplet.view.model;

import io.couplet.schemas.avro.CouplingScore;
import io.couplet.schemas.avro.Evaluation;
import io.couplet.schemas.avro.Provenance;
import io.couplet.schemas.avro.RunCommand;
import io.couplet.schemas.avro.RunRequest;
import io.couplet.schemas.avro.StoppingRule;
import io.couplet.schemas.avro.StudyGrid;
import io.couplet.schemas.avro.StudyScore;
import io.couplet.schemas.study.RunsAsked;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * One study: its grid, its runs, its scores. Cells and runs are kept sorted, so that sums do not depend on the order in
 * which the partitions were read: to the last bit, a replay shows what was shown live.
 */
final class StudyState {

    private final String id;
    private final Set<String> backbones = new LinkedHashSet<>();
    private final Set<String> optimizers = new LinkedHashSet<>();
    private final TreeMap<Pairing, CellState> cells =
            new TreeMap<>(Comparator.comparing(Pairing::backbone).thenComparing(Pairing::optimizer));
    private final TreeMap<Integer, StudyScore> scores = new TreeMap<>();
    private @Nullable RunRequest newestRequest;
    private final RunsAsked asked = new RunsAsked();
    private final Set<Pairing> pairingsAsked = new HashSet<>();
    private final Map<String, Integer> pointsAsked = new HashMap<>();
    private final Map<String, RuleChange> ruleChanges = new LinkedHashMap<>();
    private long scoresChangedAt;
    private long decidedAt;
    private long decisionsAt;
    private List<Decision> decisions = List.of();
    private long firstMillis = Long.MAX_VALUE;
    private long newestMillis;
    private @Nullable StudySummary summary;

    private record Pairing(String backbone, String optimizer) {}

    /** What belongs to one pairing. */
    private static final class CellState {
        private final TreeMap<String, RunState> runs = new TreeMap<>();
        private final TreeMap<Integer, CouplingScore> couplings = new TreeMap<>();
        private long changedAt;
    }

    StudyState(String id) {
        this.id = id;
    }

    /** Puts a run into its cell, or notes that it has changed. */
    void changed(RunState run, String runId, long version) {
        CellState cell = cell(run.identity().backbone(), run.identity().optimizer());
        if (cell.runs.putIfAbsent(runId, run) == null) {
            asked.add(run.identity());
        }
        cell.changedAt = version;
        lived(run.newestMillis());
    }

    /** Notes that a run was told to stop, or said that it was. */
    void decided(long version) {
        decidedAt = version;
    }

    /** Takes in other rules; the same command twice counts once. */
    void judgedBy(RunCommand command, long version) {
        ruleChanges.put(
                command.getCommandId(),
                new RuleChange(
                        command.getCommandId(),
                        command.getRules().stream()
                                .map(rule -> rule.getOptions().isEmpty()
                                        ? rule.getRule()
                                        : rule.getRule() + ' ' + new TreeMap<>(rule.getOptions()))
                                .toList(),
                        command.getRequestedBy(),
                        command.getReason(),
                        command.getTimeMillis()));
        decidedAt = version;
        lived(command.getTimeMillis());
    }

    /** The grid as a request tells it; a study asked for twice has the union of both grids, the newer order first. */
    void add(RunRequest request) {
        if (newestRequest == null || request.getSubmittedMillis() >= newestRequest.getSubmittedMillis()) {
            newestRequest = request;
            putFirst(backbones, request.getGrid().getBackbones());
            putFirst(optimizers, request.getGrid().getOptimizers());
        } else {
            backbones.addAll(request.getGrid().getBackbones());
            optimizers.addAll(request.getGrid().getOptimizers());
        }
        if (asked.add(request)) {
            for (String backbone : request.getGrid().getBackbones()) {
                for (String optimizer : request.getGrid().getOptimizers()) {
                    pairingsAsked.add(new Pairing(backbone, optimizer));
                }
            }
        }
        pointsAsked.merge(request.getOptimizer(), request.getHyperparameterPoint() + 1, Math::max);
        lived(request.getSubmittedMillis());
    }

    private static void putFirst(Set<String> names, List<String> first) {
        List<String> others = List.copyOf(names);
        names.clear();
        names.addAll(first);
        names.addAll(others);
    }

    void add(CouplingScore score, long version) {
        CellState cell = cell(score.getBackbone(), score.getOptimizer());
        cell.couplings.put(score.getRung(), score);
        cell.changedAt = version;
        lived(score.getTimeMillis());
    }

    void add(StudyScore score, long version) {
        scores.put(score.getRung(), score);
        scoresChangedAt = version;
        lived(score.getTimeMillis());
    }

    private CellState cell(String backbone, String optimizer) {
        backbones.add(backbone);
        optimizers.add(optimizer);
        return cells.computeIfAbsent(new Pairing(backbone, optimizer), pairing -> new CellState());
    }

    /** Whatever changes the summary ends here. */
    private void lived(long millis) {
        summary = null;
        if (millis > 0) {
            firstMillis = Math.min(firstMillis, millis);
            newestMillis = Math.max(newestMillis, millis);
        }
    }

    /** A few points of every run's loss, in the order of the grid. */
    List<CurveSketch> sketches(int points) {
        return runs().stream().map(run -> run.sketch(points)).toList();
    }

    /** The newest statistics of the weights of every run that has some, of one backbone or, with null, of all. */
    List<LayerSnapshot> layers(@Nullable String backbone) {
        List<LayerSnapshot> measured = new ArrayList<>();
        for (RunState run : runs()) {
            LayerSnapshot layers =
                    backbone == null || backbone.equals(run.identity().backbone()) ? run.layers() : null;
            if (layers != null) {
                measured.add(layers);
            }
        }
        return List.copyOf(measured);
    }

    long newestMillis() {
        return newestMillis;
    }

    /** Lets go of the curves of all its runs. */
    void releaseCurves() {
        runs().forEach(RunState::releaseCurves);
    }

    /** Made anew only after a record of the study: each delta has the summaries of all studies, and deltas are asked for ten times a second. */
    StudySummary summary() {
        StudySummary known = summary;
        if (known == null) {
            known = summed();
            summary = known;
        }
        return known;
    }

    private StudySummary summed() {
        Map<RunStatus, Integer> byStatus = new EnumMap<>(RunStatus.class);
        double progress = 0;
        double deviceSeconds = 0;
        for (RunState run : runs()) {
            byStatus.merge(run.status(), 1, Integer::sum);
            progress += run.progress();
            deviceSeconds += run.deviceSeconds();
        }
        int known = runs().size();
        int expected = asked.atLeast();
        return new StudySummary(
                id,
                newestRequest == null ? id : newestRequest.getStudyName(),
                backbones.size(),
                optimizers.size(),
                expected,
                byStatus.getOrDefault(RunStatus.WAITING, 0) + expected - known,
                byStatus.getOrDefault(RunStatus.RUNNING, 0),
                byStatus.getOrDefault(RunStatus.COMPLETED, 0),
                byStatus.getOrDefault(RunStatus.STOPPED, 0),
                byStatus.getOrDefault(RunStatus.PAUSED, 0),
                byStatus.getOrDefault(RunStatus.DIVERGED, 0),
                byStatus.getOrDefault(RunStatus.FAILED, 0),
                expected == 0 ? 0 : progress / expected,
                deviceSeconds,
                etaSeconds(byStatus.getOrDefault(RunStatus.RUNNING, 0), expected - known),
                firstMillis == Long.MAX_VALUE ? 0 : firstMillis,
                newestMillis);
    }

    /** Runs that a cell will have, as far as the requests tell: none where no grid has the pairing. */
    private int runsOf(String backbone, String optimizer) {
        RunRequest request = newestRequest;
        if (request == null || !pairingsAsked.contains(new Pairing(backbone, optimizer))) {
            return 0;
        }
        StudyGrid grid = request.getGrid();
        int seeds = Math.max(1, grid.getSeeds().size());
        int most = Math.max(1, grid.getHyperparameterPoints());
        boolean allAlike = RunsAsked.runs(grid)
                == grid.getBackbones().size() * grid.getOptimizers().size() * seeds * most;
        return seeds * (allAlike ? most : pointsAsked.getOrDefault(optimizer, 1));
    }

    private List<RunState> runs() {
        return cells.values().stream()
                .flatMap(cell -> cell.runs.values().stream())
                .toList();
    }

    /** Steps left times the seconds a step takes on that backbone (on the others, when it has not run), over the runs at work. */
    private @Nullable Double etaSeconds(int running, int unknownRuns) {
        Map<String, double[]> paces = new HashMap<>();
        double[] overall = new double[2];
        for (RunState run : runs()) {
            Double pace = run.secondsPerStep();
            if (pace != null) {
                double[] sum = paces.computeIfAbsent(run.identity().backbone(), backbone -> new double[2]);
                sum[0] += pace;
                sum[1]++;
                overall[0] += pace;
                overall[1]++;
            }
        }
        if (overall[1] == 0 || running == 0) {
            return null;
        }
        double seconds = 0;
        for (RunState run : runs()) {
            if (!run.status().ended()) {
                double[] sum = paces.getOrDefault(run.identity().backbone(), overall);
                seconds += (run.budgetSteps() - run.step()) * sum[0] / sum[1];
            }
        }
        RunRequest request = newestRequest;
        if (request != null) {
            seconds += (double) unknownRuns * request.getBudgetSteps() * overall[0] / overall[1];
        }
        return seconds / running;
    }

    /** @param mostDecisions of the newest decisions, at most so many */
    StudySnapshot snapshot(
            long version, long since, int mostDecisions, long allDeadLetters, long deadLetters, long unreadable) {
        StudySummary summed = summary();
        List<CellSnapshot> shown = new ArrayList<>();
        for (String optimizer : optimizers) {
            for (String backbone : backbones) {
                CellState cell = cells.get(new Pairing(backbone, optimizer));
                if (since == 0 || (cell != null && cell.changedAt > since)) {
                    shown.add(snapshot(backbone, optimizer, cell == null ? new CellState() : cell));
                }
            }
        }
        List<Decision> decisions = decisionsNewestFirst();
        return new StudySnapshot(
                version,
                since,
                summed,
                settings(),
                List.copyOf(backbones),
                List.copyOf(optimizers),
                shown,
                since == 0 || scoresChangedAt > since ? rungScores() : null,
                reportRung(summed.finished()),
                counts(allDeadLetters, deadLetters, unreadable),
                since == 0 || decidedAt > since
                        ? decisions.stream().limit(mostDecisions).toList()
                        : null,
                decisions.size(),
                since == 0 || decidedAt > since ? List.copyOf(ruleChanges.values()) : null,
                provenance());
    }

    /** Made anew only after a command or its acknowledgement: deltas are asked for ten times a second. */
    private List<Decision> decisionsNewestFirst() {
        if (decisionsAt != decidedAt) {
            decisionsAt = decidedAt;
            decisions = runs().stream()
                    .flatMap(run -> run.decisions().stream())
                    .sorted(Comparator.comparingLong(Decision::timeMillis)
                            .reversed()
                            .thenComparing(Decision::commandId))
                    .toList();
        }
        return decisions;
    }

    private CellSnapshot snapshot(String backbone, String optimizer, CellState cell) {
        List<RunSummary> runs = cell.runs.values().stream()
                .map(RunState::summary)
                .sorted(Comparator.comparingInt(RunSummary::hyperparameterPoint)
                        .thenComparingLong(RunSummary::seed)
                        .thenComparing(RunSummary::runId))
                .toList();
        int expected = Math.max(runs.size(), runsOf(backbone, optimizer));
        double progress =
                cell.runs.values().stream().mapToDouble(RunState::progress).sum();
        return new CellSnapshot(
                backbone,
                optimizer,
                status(runs, expected),
                expected,
                verdict(runs),
                expected == 0 ? 0 : progress / expected,
                runs.stream().mapToLong(RunSummary::stepsTrained).sum(),
                runs.stream().mapToDouble(RunSummary::deviceSeconds).sum(),
                rungs(cell),
                runs);
    }

    private static RunStatus status(List<RunSummary> runs, int expected) {
        TreeSet<RunStatus> statuses = new TreeSet<>();
        runs.forEach(run -> statuses.add(run.status()));
        if (statuses.contains(RunStatus.RUNNING)) {
            return RunStatus.RUNNING;
        }
        if (runs.size() < expected || statuses.isEmpty() || statuses.contains(RunStatus.WAITING)) {
            return RunStatus.WAITING;
        }
        return statuses.last();
    }

    private static final List<String> VERDICTS_WORSE_LAST =
            List.of("converged", "converging", "warming-up", "plateaued", "diverging", "diverged");

    private static @Nullable String verdict(List<RunSummary> runs) {
        Map<String, Integer> votes = new HashMap<>();
        for (RunSummary run : runs) {
            if (run.verdict() != null) {
                votes.merge(run.verdict(), 1, Integer::sum);
            }
        }
        String winner = null;
        int most = 0;
        for (String verdict : VERDICTS_WORSE_LAST) {
            int count = votes.getOrDefault(verdict, 0);
            if (count > 0 && count >= most) {
                winner = verdict;
                most = count;
            }
        }
        return winner;
    }

    private static List<RungValue> rungs(CellState cell) {
        TreeSet<Integer> rungs = new TreeSet<>(cell.couplings.keySet());
        cell.runs.values().forEach(run -> rungs.addAll(run.evaluations().keySet()));
        List<RungValue> values = new ArrayList<>();
        for (int rung : rungs) {
            CouplingScore score = cell.couplings.get(rung);
            values.add(score == null ? evaluated(cell, rung) : scored(score));
        }
        return values;
    }

    private static RungValue scored(CouplingScore score) {
        return new RungValue(
                score.getRung(),
                score.getFraction(),
                score.getAccuracy(),
                score.getAccuracyStandardError(),
                true,
                score.getRuns(),
                score.getSeeds(),
                score.getCoupling(),
                score.getCouplingLower(),
                score.getCouplingUpper(),
                score.getLearningRate(),
                score.getWeightDecay(),
                score.getDiverged(),
                score.getFailed(),
                score.getIndistinguishableFromBest(),
                score.getDeviceSeconds());
    }

    /** What the evaluations alone say, until the score is there: the best point's mean over the seeds that got so far. */
    private static RungValue evaluated(CellState cell, int rung) {
        TreeMap<Integer, List<Evaluation>> byPoint = new TreeMap<>();
        for (RunState run : cell.runs.values()) {
            Evaluation evaluation = run.evaluations().get(rung);
            if (evaluation != null) {
                byPoint.computeIfAbsent(run.hyperparameterPoint(), point -> new ArrayList<>())
                        .add(evaluation);
            }
        }
        List<Evaluation> best = byPoint.values().stream()
                .max(Comparator.comparingDouble(StudyState::meanTop1))
                .orElseThrow();
        return new RungValue(
                rung,
                best.get(0).getFraction(),
                meanTop1(best),
                null,
                false,
                0,
                best.size(),
                null,
                null,
                null,
                best.get(0).getLearningRate(),
                best.get(0).getWeightDecay(),
                false,
                false,
                false,
                best.stream()
                        .mapToDouble(Evaluation::getDeviceSeconds)
                        .average()
                        .orElseThrow());
    }

    private static double meanTop1(List<Evaluation> evaluations) {
        return evaluations.stream().mapToDouble(Evaluation::getTop1).average().orElse(Double.NaN);
    }

    /** With every run ended, the last rung that has a score; before that, the highest one that every cell has reached, else the highest. */
    private int reportRung(boolean finished) {
        if (scores.isEmpty()) {
            return 0;
        }
        if (!finished) {
            for (StudyScore score : scores.descendingMap().values()) {
                if (score.getTooFew() == null && score.getCellsReporting() >= score.getCellsExpected()) {
                    return score.getRung();
                }
            }
        }
        return scores.lastKey();
    }

    private StudyCounts counts(long allDeadLetters, long deadLetters, long unreadable) {
        long trained = 0;
        long inTopic = 0;
        long duplicates = 0;
        long spooled = 0;
        int withoutEnding = 0;
        int differing = 0;
        for (RunState run : runs()) {
            trained += run.stepsTrained();
            inTopic += run.stepsInTopic();
            duplicates += run.duplicates();
            spooled += run.recordsSpooled();
            withoutEnding += run.attemptsWithoutEnding();
            differing += run.status().ended() && run.stepsTrained() != run.stepsInTopic() ? 1 : 0;
        }
        return new StudyCounts(
                trained,
                inTopic,
                duplicates,
                withoutEnding,
                differing,
                spooled,
                allDeadLetters,
                deadLetters,
                unreadable);
    }

    private @Nullable StudySettings settings() {
        RunRequest request = newestRequest;
        if (request == null) {
            return null;
        }
        return new StudySettings(
                request.getRecipe(),
                request.getBackboneSize(),
                request.getBudgetSteps(),
                request.getWarmupSteps(),
                request.getBatchSize(),
                request.getData().getImageSize(),
                request.getData().getPath(),
                request.getData().getValidationPath(),
                request.getData().getValidationFraction(),
                request.getData().getLimit(),
                List.copyOf(request.getGrid().getSeeds()),
                request.getGrid().getHyperparameterPoints(),
                List.copyOf(request.getRungs()),
                request.getStoppingRules().stream().map(StoppingRule::getRule).toList(),
                request.getSubmittedMillis());
    }

    private List<RungScore> rungScores() {
        return scores.values().stream().map(StudyState::rungScore).toList();
    }

    private static RungScore rungScore(StudyScore score) {
        return new RungScore(
                score.getRung(),
                score.getFraction(),
                score.getCellsReporting(),
                score.getCellsExpected(),
                score.getTooFew(),
                score.getOverall(),
                score.getBackboneShare(),
                score.getOptimizerShare(),
                score.getInteractionShare(),
                interval(score.getBackboneShareLower(), score.getBackboneShareUpper()),
                interval(score.getOptimizerShareLower(), score.getOptimizerShareUpper()),
                interval(score.getInteractionShareLower(), score.getInteractionShareUpper()),
                score.getNoiseShare(),
                score.getInteractionTest(),
                score.getInteractionPValue(),
                score.getBackbones().stream()
                        .map(each -> new RungScore.Backbone(
                                each.getName(),
                                each.getEffect(),
                                each.getCoupling(),
                                each.getMean(),
                                each.getStd(),
                                each.getRange(),
                                each.getPrintedMean(),
                                each.getPrintedStd(),
                                each.getPrintedRange(),
                                each.getFailures(),
                                List.copyOf(each.getBest())))
                        .toList(),
                score.getOptimizers().stream()
                        .map(each -> new RungScore.Optimizer(
                                each.getName(),
                                each.getEffect(),
                                each.getCoupling(),
                                each.getFailures(),
                                each.getOverallRank(),
                                each.getRobustnessSteps(),
                                each.getWorstRegret()))
                        .toList(),
                score.getMinimaxOptimizer(),
                score.getMinimaxRegret(),
                score.getPareto().stream()
                        .map(each -> new RungScore.Pareto(
                                each.getBackbone(), each.getOptimizer(), each.getAccuracy(), each.getDeviceSeconds()))
                        .toList());
    }

    private static RungScore.@Nullable Interval interval(@Nullable Double lower, @Nullable Double upper) {
        return lower == null || upper == null ? null : new RungScore.Interval(lower, upper);
    }

    private StudyProvenance provenance() {
        Map<StudyProvenance.Environment, Integer> environments = new LinkedHashMap<>();
        Map<StudyProvenance.Data, Integer> data = new LinkedHashMap<>();
        for (RunState run : runs()) {
            for (Provenance from : run.provenances()) {
                environments.merge(environment(from, 0), 1, Integer::sum);
                data.merge(data(from, 0), 1, Integer::sum);
            }
        }
        return new StudyProvenance(
                environments.entrySet().stream()
                        .map(entry -> entry.getKey().times(entry.getValue()))
                        .sorted(Comparator.comparing(StudyProvenance.Environment::toString))
                        .toList(),
                data.entrySet().stream()
                        .map(entry -> entry.getKey().times(entry.getValue()))
                        .sorted(Comparator.comparing(StudyProvenance.Data::toString))
                        .toList());
    }

    private static StudyProvenance.Environment environment(Provenance from, int attempts) {
        return new StudyProvenance.Environment(
                from.getCoupletVersion(),
                from.getGitRevision(),
                from.getJavaVersion(),
                from.getEngine(),
                from.getOperatingSystem(),
                from.getHost(),
                from.getDevice(),
                from.getRecipe(),
                attempts);
    }

    private static StudyProvenance.Data data(Provenance from, int attempts) {
        return new StudyProvenance.Data(
                from.getDataSource(),
                from.getDataFingerprint(),
                from.getClasses(),
                from.getTrainingImages(),
                from.getValidationImages(),
                from.getImagesSkipped(),
                attempts);
    }
}
