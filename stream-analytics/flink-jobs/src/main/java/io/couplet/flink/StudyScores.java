package io.couplet.flink;

import io.couplet.schemas.Topics;
import io.couplet.schemas.avro.BackboneSummary;
import io.couplet.schemas.avro.CouplingScore;
import io.couplet.schemas.avro.OptimizerSummary;
import io.couplet.schemas.avro.ParetoPoint;
import io.couplet.schemas.avro.StudyScore;
import io.couplet.scores.coupling.Advice;
import io.couplet.scores.coupling.Coupling;
import io.couplet.scores.coupling.CouplingSettings;
import io.couplet.scores.coupling.Estimate;
import io.couplet.scores.coupling.HyperparameterPoint;
import io.couplet.scores.coupling.InteractionTest;
import io.couplet.scores.coupling.Observation;
import io.couplet.scores.coupling.Pairing;
import io.couplet.scores.coupling.PerformanceProfiles;
import io.couplet.scores.coupling.Ranks;
import io.couplet.scores.coupling.Robustness;
import io.couplet.scores.coupling.Table;
import io.couplet.scores.coupling.VarianceShares;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.DoubleSupplier;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/** The scores of one study at one rung as the records of their topics. */
final class StudyScores {

    private final String studyId;
    private final int rung;
    private final StudyGrid grid;
    private final List<StudyRun.AtRung> runs;
    private final Map<Pairing, List<StudyRun.AtRung>> byPairing = new HashMap<>();
    private final List<Settings> points;
    private final Map<String, Robustness> robustness;
    private final Coupling coupling;
    private final TargetCosts targetCosts;
    private final @Nullable PerformanceProfiles bySteps;
    private final @Nullable PerformanceProfiles bySeconds;

    /** Hyper-parameters that make runs seeds of each other; a study submitted again with another grid may use a point's number again. */
    private record Settings(int point, double learningRate, double weightDecay) implements Comparable<Settings> {

        static Settings of(StudyRun run) {
            return new Settings(run.point(), run.learningRate(), run.weightDecay());
        }

        Optional<HyperparameterPoint> hyperparameters() {
            return Double.isFinite(learningRate) && Double.isFinite(weightDecay)
                    ? Optional.of(new HyperparameterPoint(learningRate, weightDecay))
                    : Optional.empty();
        }

        @Override
        public int compareTo(Settings other) {
            return Comparator.comparingInt(Settings::point)
                    .thenComparingDouble(Settings::learningRate)
                    .thenComparingDouble(Settings::weightDecay)
                    .compare(this, other);
        }
    }

    private StudyScores(
            String studyId, int rung, StudyGrid grid, Collection<StudyRun> all, List<StudyRun.AtRung> runs) {
        this.studyId = studyId;
        this.rung = rung;
        this.grid = grid;
        this.runs = runs;
        TreeSet<Settings> distinct = new TreeSet<>();
        runs.forEach(run -> distinct.add(Settings.of(run.run())));
        this.points = new ArrayList<>(distinct);
        List<Observation> observations = new ArrayList<>();
        for (StudyRun.AtRung at : runs) {
            StudyRun run = at.run();
            byPairing
                    .computeIfAbsent(new Pairing(run.backbone(), run.optimizer()), key -> new ArrayList<>())
                    .add(at);
            observations.add(new Observation(
                    run.backbone(),
                    run.optimizer(),
                    points.indexOf(Settings.of(run)),
                    observations.size(), // Not its seed: replayed and tailed trainings may share one, and each counts.
                    at.accuracy(),
                    at.diverged(),
                    at.deviceSeconds()));
        }
        Table table = Table.of(List.of(grid.backbones()), List.of(grid.optimizers()), observations, grid.chanceLevel());
        Map<String, Robustness> robustness = robustness(table, all);
        this.robustness = robustness;
        this.coupling = Coupling.of(
                table,
                CouplingSettings.DEFAULTS.withValidationSamples(grid.samples()).withRobustnessRanks(ranks(robustness)));
        this.targetCosts = new TargetCosts(table.backbones(), table.optimizers());
        if (grid.hasTarget()) {
            coupling.cells().forEach(this::putTargetCost);
        }
        this.bySteps = targetCosts.bySteps();
        this.bySeconds = targetCosts.bySeconds();
    }

    private void putTargetCost(Coupling.CellCoupling cell) {
        Settings best = points.get(cell.cell().point());
        List<StudyRun> seeds =
                byPairing.getOrDefault(new Pairing(cell.backbone(), cell.optimizer()), List.of()).stream()
                        .map(StudyRun.AtRung::run)
                        .filter(run -> Settings.of(run).equals(best))
                        .toList();
        targetCosts.put(cell.backbone(), cell.optimizer(), TargetCosts.Cost.of(seeds, rung));
    }

    /**
     * By optimizer, over the backbones on which several points were tried, those that ended before this rung included. Default learning rates and weight decays, and the
     * grids around them, are other ones for other kinds of backbones, so each pairing's points are counted by their place among its own.
     */
    private Map<String, Robustness> robustness(Table table, Collection<StudyRun> all) {
        Map<Pairing, Set<HyperparameterPoint>> tried = new HashMap<>();
        for (StudyRun run : all) {
            Settings.of(run)
                    .hyperparameters()
                    .ifPresent(point -> tried.computeIfAbsent(
                                    new Pairing(run.backbone(), run.optimizer()), key -> new HashSet<>())
                            .add(point));
        }
        Map<String, Robustness> robustness = new TreeMap<>();
        for (String optimizer : table.optimizers()) {
            List<HyperparameterPoint> best = new ArrayList<>();
            Set<HyperparameterPoint> places = new HashSet<>();
            for (String backbone : table.backbones()) {
                Set<HyperparameterPoint> own = tried.getOrDefault(new Pairing(backbone, optimizer), Set.of());
                Optional<HyperparameterPoint> ofBest = table.cell(backbone, optimizer)
                        .flatMap(cell -> points.get(cell.point()).hyperparameters());
                if (ofBest.isPresent() && own.size() > 1) {
                    best.add(place(ofBest.get(), own));
                    own.forEach(point -> places.add(place(point, own)));
                }
            }
            if (!best.isEmpty()) {
                robustness.put(optimizer, Robustness.of(best, places));
            }
        }
        return robustness;
    }

    /** A point by how many of the others' learning rates and weight decays are smaller. */
    private static HyperparameterPoint place(HyperparameterPoint point, Set<HyperparameterPoint> own) {
        return new HyperparameterPoint(
                smaller(own, HyperparameterPoint::learningRate, point),
                smaller(own, HyperparameterPoint::weightDecay, point));
    }

    private static long smaller(
            Set<HyperparameterPoint> own, ToDoubleFunction<HyperparameterPoint> value, HyperparameterPoint than) {
        return own.stream()
                .mapToDouble(value)
                .distinct()
                .filter(each -> each < value.applyAsDouble(than))
                .count();
    }

    private static Map<String, Double> ranks(Map<String, Robustness> robustness) {
        double[] ranks = Ranks.dense(robustness.values().stream()
                .mapToDouble(each -> each.steps().value())
                .toArray());
        Map<String, Double> by = new HashMap<>();
        int next = 0;
        for (String optimizer : robustness.keySet()) {
            by.put(optimizer, ranks[next++]);
        }
        return by;
    }

    /**
     * Scores of a rung; empty while no run was evaluated at it. The last rung is also scored when every run of the study ended without one.
     *
     * @param runs all runs of the study, in any order
     */
    static Optional<StudyScores> at(String studyId, int rung, StudyGrid grid, Collection<StudyRun> runs) {
        boolean evaluated = runs.stream().anyMatch(run -> run.isEvaluatedAt(rung));
        boolean over = rung == grid.rungs() && grid.isOver(runs);
        if (!evaluated && !over) {
            return Optional.empty();
        }
        List<StudyRun.AtRung> there = runs.stream()
                .sorted(Comparator.comparingLong(StudyRun::seed).thenComparing(StudyRun::runId))
                .flatMap(run -> run.at(rung, grid.stepOf(rung)).stream())
                .toList();
        return there.isEmpty() ? Optional.empty() : Optional.of(new StudyScores(studyId, rung, grid, runs, there));
    }

    /** All upserts of the rung: its cells, then the study. */
    List<Upsert> upserts() {
        List<Upsert> upserts = new ArrayList<>();
        for (Coupling.CellCoupling cell : coupling.cells()) {
            upserts.add(Upsert.of(
                    Topics.COUPLING_SCORES,
                    Topics.couplingKey(studyId, rung, cell.backbone(), cell.optimizer()),
                    cell(cell)));
        }
        upserts.add(Upsert.of(Topics.STUDY_SCORES, Topics.studyKey(studyId, rung), study()));
        return upserts;
    }

    private CouplingScore cell(Coupling.CellCoupling cell) {
        List<StudyRun.AtRung> ofPairing =
                byPairing.getOrDefault(new Pairing(cell.backbone(), cell.optimizer()), List.of());
        Settings best = points.get(cell.cell().point());
        TargetCosts.Cost toTarget = targetCosts.of(cell.backbone(), cell.optimizer());
        return CouplingScore.newBuilder()
                .setStudyId(studyId)
                .setRung(rung)
                .setFraction(grid.fractions()[rung - 1])
                .setBackbone(cell.backbone())
                .setOptimizer(cell.optimizer())
                .setAccuracy(cell.cell().accuracy())
                .setAccuracyStandardError(Nullables.of(cell.cell().standardError()))
                .setLearningRate(Nullables.of(best.learningRate()))
                .setWeightDecay(Nullables.of(best.weightDecay()))
                .setRuns(cell.cell().runs())
                .setSeeds(cell.cell().seeds())
                .setDiverged(cell.cell().diverged())
                .setFailed(cell.failed())
                .setCoupling(Nullables.of(cell.residualPoints().value()))
                .setCouplingLower(Nullables.of(cell.residualPoints().low()))
                .setCouplingUpper(Nullables.of(cell.residualPoints().high()))
                .setIndistinguishableFromBest(cell.indistinguishableFromBest())
                .setDeviceSeconds(cell.cell().deviceSeconds())
                .setSeedsReachedTarget(toTarget == null ? null : toTarget.seeds())
                .setStepsToTarget(toTarget == null ? null : toTarget.stepsOrNull())
                .setSecondsToTarget(toTarget == null ? null : toTarget.secondsOrNull())
                .setTimeMillis(newest(ofPairing))
                .build();
    }

    private StudyScore study() {
        Optional<Advice.Minimax> minimax = coupling.advice().minimax();
        VarianceShares shares = coupling.shares();
        return StudyScore.newBuilder()
                .setStudyId(studyId)
                .setRung(rung)
                .setFraction(grid.fractions()[rung - 1])
                .setCellsReporting(coupling.cellsReporting())
                .setCellsExpected(coupling.cellsExpected())
                .setTooFew(coupling.isKnown() ? null : coupling.tooFew())
                .setOverall(Nullables.of(coupling.overallPoints()))
                .setBackboneShare(Nullables.of(coupling.shares().backbone().value()))
                .setOptimizerShare(Nullables.of(coupling.shares().optimizer().value()))
                .setInteractionShare(
                        Nullables.of(coupling.shares().interaction().value()))
                .setBackboneShareLower(withoutNoise(shares.backbone()::low))
                .setBackboneShareUpper(withoutNoise(shares.backbone()::high))
                .setOptimizerShareLower(withoutNoise(shares.optimizer()::low))
                .setOptimizerShareUpper(withoutNoise(shares.optimizer()::high))
                .setInteractionShareLower(withoutNoise(shares.interaction()::low))
                .setInteractionShareUpper(withoutNoise(shares.interaction()::high))
                .setNoiseShare(Nullables.of(shares.noise()))
                .setInteractionTest(
                        coupling.interaction().kind() == InteractionTest.Kind.NONE
                                ? null
                                : coupling.interaction().kind().name().toLowerCase(Locale.ROOT))
                .setInteractionPValue(Nullables.of(coupling.interaction().pValue()))
                .setBackbones(
                        coupling.backbones().stream().map(StudyScores::backbone).toList())
                .setOptimizers(
                        coupling.optimizers().stream().map(this::optimizer).toList())
                .setMinimaxOptimizer(minimax.map(Advice.Minimax::optimizer).orElse(null))
                .setMinimaxRegret(minimax.map(Advice.Minimax::regretPoints).orElse(null))
                .setPareto(coupling.advice().pareto().stream()
                        .map(p -> new ParetoPoint(p.backbone(), p.optimizer(), p.accuracy(), p.deviceSeconds()))
                        .toList())
                .setTimeMillis(newest(runs))
                .build();
    }

    /** An end of a share's interval, when the interval is one of the share without noise. */
    private @Nullable Double withoutNoise(DoubleSupplier end) {
        return coupling.shares().intervals() == VarianceShares.Intervals.WITHOUT_NOISE
                ? Nullables.of(end.getAsDouble())
                : null;
    }

    private static BackboneSummary backbone(Coupling.BackboneCoupling backbone) {
        return BackboneSummary.newBuilder()
                .setName(backbone.name())
                .setEffect(Nullables.of(backbone.effectPoints()))
                .setCoupling(Nullables.of(backbone.couplingPoints()))
                .setMean(Nullables.of(backbone.statistics().mean()))
                .setStd(Nullables.of(backbone.statistics().std()))
                .setRange(Nullables.of(backbone.statistics().range()))
                .setPrintedMean(Nullables.of(backbone.statistics().printedMean()))
                .setPrintedStd(Nullables.of(backbone.statistics().printedStd()))
                .setPrintedRange(Nullables.of(backbone.statistics().printedRange()))
                .setFailures(backbone.failures())
                .setBest(backbone.best())
                .build();
    }

    private OptimizerSummary optimizer(Coupling.OptimizerCoupling optimizer) {
        Estimate steps = score(bySteps, optimizer.name());
        Estimate seconds = score(bySeconds, optimizer.name());
        return OptimizerSummary.newBuilder()
                .setName(optimizer.name())
                .setEffect(Nullables.of(optimizer.effectPoints()))
                .setCoupling(Nullables.of(optimizer.couplingPoints()))
                .setFailures(optimizer.failures())
                .setOverallRank(Nullables.of(optimizer.overallRank()))
                .setRobustnessSteps(Optional.ofNullable(robustness.get(optimizer.name()))
                        .map(each -> Nullables.of(each.steps().value()))
                        .orElse(null))
                .setWorstRegret(Nullables.of(optimizer.worstRegretPoints()))
                .setStepsScore(Nullables.of(steps.value()))
                .setStepsScoreLower(Nullables.of(steps.low()))
                .setStepsScoreUpper(Nullables.of(steps.high()))
                .setSecondsScore(Nullables.of(seconds.value()))
                .setSecondsScoreLower(Nullables.of(seconds.low()))
                .setSecondsScoreUpper(Nullables.of(seconds.high()))
                .build();
    }

    private static Estimate score(@Nullable PerformanceProfiles profiles, String optimizer) {
        return profiles == null
                ? new Estimate(Double.NaN, Double.NaN, Double.NaN)
                : profiles.profile(optimizer).score();
    }

    private static long newest(List<StudyRun.AtRung> runs) {
        return runs.stream().mapToLong(StudyRun.AtRung::timeMillis).max().orElse(0);
    }
}
