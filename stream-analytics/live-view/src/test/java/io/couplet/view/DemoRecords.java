package io.couplet.view;

import io.couplet.schemas.RunId;
import io.couplet.schemas.Topics;
import io.couplet.schemas.avro.BackboneSummary;
import io.couplet.schemas.avro.ConvergenceScore;
import io.couplet.schemas.avro.CouplingScore;
import io.couplet.schemas.avro.DataReference;
import io.couplet.schemas.avro.Evaluation;
import io.couplet.schemas.avro.LayerStatistic;
import io.couplet.schemas.avro.LayerStatistics;
import io.couplet.schemas.avro.OptimizerSummary;
import io.couplet.schemas.avro.ParetoPoint;
import io.couplet.schemas.avro.Provenance;
import io.couplet.schemas.avro.RunCommand;
import io.couplet.schemas.avro.RunCommandKind;
import io.couplet.schemas.avro.RunEvent;
import io.couplet.schemas.avro.RunEventKind;
import io.couplet.schemas.avro.RunRequest;
import io.couplet.schemas.avro.StepMetrics;
import io.couplet.schemas.avro.StoppingRule;
import io.couplet.schemas.avro.StudyGrid;
import io.couplet.schemas.avro.StudyScore;
import io.couplet.schemas.avro.Verdict;
import io.couplet.scores.coupling.Families;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.BiConsumer;
import org.apache.avro.specific.SpecificRecord;
import org.jspecify.annotations.Nullable;

/** Made-up records of a study, with planted couplings, in the order in which a real one would write them. */
public final class DemoRecords {

    /** Milliseconds since the epoch at which every made-up study begins: 2026-11-23 12:00 UTC. */
    public static final long BEGIN = 1_795_435_200_000L;

    /** The shape of a made-up study. */
    public record Shape(
            String name,
            List<String> backbones,
            List<String> optimizers,
            int seeds,
            int budgetSteps,
            int rungs,
            double done,
            int running) {

        public String studyId() {
            return name + "-3fa2c1";
        }
    }

    public static final List<String> EIGHT =
            List.of("alexnet", "vgg", "resnet", "mobilenet-v2", "deit", "mlp-mixer", "convnext", "poolformer-v2");
    public static final List<String> SIX = List.of("sgd", "adam", "adamw", "lamb", "lion", "rmsprop");

    /** Families of the names above. */
    public static final Families FAMILIES = new Families(
            Map.of(
                    "alexnet",
                    "primary-cnn",
                    "vgg",
                    "primary-cnn",
                    "resnet",
                    "classical-cnn",
                    "mobilenet-v2",
                    "classical-cnn",
                    "deit",
                    "modern",
                    "mlp-mixer",
                    "modern",
                    "convnext",
                    "modern",
                    "poolformer-v2",
                    "metaformer"),
            Map.of(
                    "sgd",
                    "fixed-momentum",
                    "lion",
                    "fixed-momentum",
                    "adam",
                    "adaptive-momentum",
                    "adamw",
                    "adaptive-momentum",
                    "lamb",
                    "adaptive-momentum",
                    "rmsprop",
                    "adaptive"));

    private final Shape shape;
    private final Random random = new Random(7);
    private final BiConsumer<String, SpecificRecord> out;
    private final Map<String, List<Double>> accuracies = new HashMap<>();
    private long clock = BEGIN;

    private DemoRecords(Shape shape, BiConsumer<String, SpecificRecord> out) {
        this.shape = shape;
        this.out = out;
    }

    /** Hands out all records, each with its topic's name. */
    public static void write(Shape shape, BiConsumer<String, SpecificRecord> out) {
        new DemoRecords(shape, out).write();
    }

    /** 4 × 3, two seeds, everything done, and one run of it diverged and stopped. */
    public static Shape small() {
        return new Shape(
                "small", List.of("vgg", "resnet", "deit", "convnext"), List.of("sgd", "adamw", "lion"), 2, 64, 4, 1, 0);
    }

    private record Run(RunId id, int index) {}

    private void write() {
        List<Run> runs = new ArrayList<>();
        for (String backbone : shape.backbones()) {
            for (String optimizer : shape.optimizers()) {
                for (int seed = 0; seed < shape.seeds(); seed++) {
                    runs.add(new Run(new RunId(shape.studyId(), backbone, optimizer, seed, "a0b1c2"), runs.size()));
                }
            }
        }
        runs.forEach(run -> out.accept(Topics.RUN_REQUESTS.name(), request(run.id())));
        int whole = (int) Math.round(runs.size() * shape.done());
        for (Run run : runs) {
            if (run.index() < whole) {
                train(run, shape.budgetSteps());
            } else if (run.index() < whole + shape.running()) {
                train(run, shape.budgetSteps() * (3 + 2 * (run.index() - whole)) / 10);
            }
        }
        for (int rung = 1; rung <= shape.rungs(); rung++) {
            score(rung);
        }
    }

    private RunRequest request(RunId id) {
        List<Long> seeds = new ArrayList<>();
        for (long seed = 0; seed < shape.seeds(); seed++) {
            seeds.add(seed);
        }
        List<Double> rungs = new ArrayList<>();
        for (int rung = 1; rung <= shape.rungs(); rung++) {
            rungs.add((double) rung / shape.rungs());
        }
        return RunRequest.newBuilder()
                .setRunId(id.toString())
                .setStudyId(id.studyId())
                .setStudyName(shape.name())
                .setBackbone(id.backbone())
                .setOptimizer(id.optimizer())
                .setSeed(id.seed())
                .setBackboneSize("nano")
                .setHyperparameterPoint(0)
                .setOptimizerOptions(Map.of())
                .setRecipe("quick")
                .setWarmupSteps(warmup())
                .setBudgetSteps(shape.budgetSteps())
                .setBatchSize(64)
                .setRungs(rungs)
                .setData(DataReference.newBuilder()
                        .setValidationFraction(0.2)
                        .setImageSize(32)
                        .setSeed(1)
                        .build())
                .setGrid(StudyGrid.newBuilder()
                        .setBackbones(shape.backbones())
                        .setOptimizers(shape.optimizers())
                        .setSeeds(seeds)
                        .setHyperparameterPoints(1)
                        .build())
                .setStoppingRules(List.of(StoppingRule.newBuilder()
                        .setRule("divergence")
                        .setOptions(Map.of())
                        .build()))
                .setSubmittedMillis(BEGIN)
                .build();
    }

    private int warmup() {
        return shape.budgetSteps() / 20;
    }

    private boolean diverges(RunId id) {
        return id.backbone().equals("convnext") && id.optimizer().equals("sgd") && id.seed() == 0;
    }

    /** Planted: convolutional nets like momentum, the others like adaptive rates, and two pairings stand out. */
    private double finalAccuracy(RunId id) {
        int b = shape.backbones().indexOf(id.backbone());
        int o = shape.optimizers().indexOf(id.optimizer());
        boolean classical = List.of("alexnet", "vgg", "resnet", "mobilenet-v2").contains(id.backbone());
        boolean fixedRate = id.optimizer().equals("sgd");
        double value = 0.48 - 0.016 * b + 0.03 * Math.sin(b * 2.3) - 0.011 * o + 0.012 * Math.cos(o * 1.7);
        value += fixedRate ? classical ? 0.045 : -0.075 : 0;
        value += id.optimizer().equals("lion") && id.backbone().equals("deit") ? 0.055 : 0;
        value += id.optimizer().equals("rmsprop") && id.backbone().equals("mlp-mixer") ? -0.085 : 0;
        return Math.max(0.1, value + 0.006 * random.nextGaussian());
    }

    private void train(Run run, int steps) {
        RunId id = run.id();
        double last = finalAccuracy(id);
        double secondsPerStep = 0.012 + 0.004 * shape.backbones().indexOf(id.backbone());
        int end = diverges(id) ? shape.budgetSteps() * 2 / 5 : steps;
        long began = clock;
        event(id, RunEventKind.STARTED, 0, 0, null, null);
        double floor = 2.303 * (1 - last) * 0.95;
        int nextRung = 1;
        for (int step = 1; step <= end; step++) {
            clock += Math.round(secondsPerStep * 1000);
            double share = (double) step / shape.budgetSteps();
            double loss = floor + (2.303 - floor) * Math.pow(1 + 14 * share, -0.8) + 0.09 * random.nextGaussian();
            boolean broken = diverges(id) && step > end * 3 / 4;
            loss += step == shape.budgetSteps() * 2 / 5 && id.optimizer().equals("lion") ? 1.4 : 0;
            loss = broken ? step == end ? Double.NaN : loss * Math.exp((step - end * 0.75) * 8 / end) : loss;
            out.accept(Topics.STEP_METRICS.name(), metrics(id, step, loss, last * Math.pow(share, 0.35)));
            if (step == (int) Math.round((double) nextRung / shape.rungs() * shape.budgetSteps())) {
                evaluate(id, nextRung, step, last * Math.pow(share, 0.35), loss, (clock - began) / 1000.0);
                nextRung++;
            }
        }
        out.accept(Topics.LAYER_STATISTICS.name(), layers(id, end));
        boolean ended = end == shape.budgetSteps() || diverges(id);
        out.accept(Topics.CONVERGENCE_SCORES.name(), convergence(id, end, floor, ended));
        if (id.optimizer().equals("rmsprop") && id.seed() == 0) {
            out.accept(Topics.RUN_COMMANDS.name(), shadow(id, Math.min(end, shape.budgetSteps() / 4)));
        }
        if (diverges(id)) {
            String command = "stop-" + id;
            out.accept(Topics.RUN_COMMANDS.name(), command(id, command, end));
            clock += 40;
            event(id, RunEventKind.DIVERGED, end, end, "The loss was NaN at step " + end + ".", command);
        } else if (ended) {
            event(id, RunEventKind.COMPLETED, end, end, null, null);
        }
        if (ended) {
            accuracies
                    .computeIfAbsent(id.backbone() + '|' + id.optimizer(), key -> new ArrayList<>())
                    .add(diverges(id) ? 0.1 : last);
        }
    }

    private void event(
            RunId id, RunEventKind kind, int step, int trained, @Nullable String reason, @Nullable String command) {
        boolean start = kind == RunEventKind.STARTED;
        out.accept(
                Topics.RUN_EVENTS.name(),
                RunEvent.newBuilder()
                        .setRunId(id.toString())
                        .setStudyId(id.studyId())
                        .setAttempt(1)
                        .setBackbone(id.backbone())
                        .setOptimizer(id.optimizer())
                        .setSeed(id.seed())
                        .setHyperparameterPoint(0)
                        .setKind(kind)
                        .setStep(step)
                        .setBudgetSteps(shape.budgetSteps())
                        .setWarmupSteps(warmup())
                        .setResumedAtStep(0)
                        .setLearningRate(0.001)
                        .setWeightDecay(0.05)
                        .setReason(reason)
                        .setCommandId(command)
                        .setStepsTrained(trained)
                        .setDeviceSeconds(
                                trained * (0.012 + 0.004 * shape.backbones().indexOf(id.backbone())))
                        .setProvenance(start ? provenance() : null)
                        .setRecordsEmitted(start ? null : (Long) (trained + 8L))
                        .setRecordsAcknowledged(start ? null : (Long) (trained + 8L))
                        .setRecordsSpooled(start ? null : (Long) 0L)
                        .setTimeMillis(clock)
                        .build());
    }

    private static Provenance provenance() {
        return Provenance.newBuilder()
                .setCoupletVersion("0.1.0")
                .setGitRevision("5d7afa6")
                .setJavaVersion("17.0.15")
                .setEngine("DJL 0.36.0, libtorch 2.7.1")
                .setOperatingSystem("Linux 6.1, amd64")
                .setHost("workshop")
                .setTrainerId("workshop-1")
                .setDevice("cpu")
                .setRecipe("quick")
                .setSettings(Map.of("learningRate", "0.001", "momentum", "0.9", "schedule", "cosine"))
                .setParameters(61_706L)
                .setDataSource("built-in procedural images")
                .setDataFingerprint("9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")
                .setClasses(10)
                .setTrainingImages(6800)
                .setValidationImages(1700)
                .setImagesSkipped(0)
                .build();
    }

    private StepMetrics metrics(RunId id, int step, double loss, double accuracy) {
        double share = (double) step / shape.budgetSteps();
        double rate = step <= warmup() ? 0.001 * step / warmup() : 0.0005 * (1 + Math.cos(Math.PI * share));
        return StepMetrics.newBuilder()
                .setRunId(id.toString())
                .setAttempt(1)
                .setStep(step)
                .setBudgetSteps(shape.budgetSteps())
                .setWarmupSteps(warmup())
                .setEpoch(step * 64 / 6800f)
                .setLoss(loss)
                .setLearningRate(rate)
                .setGradientNorm((float) (1.2 + 0.3 * random.nextGaussian()))
                .setUpdateRatio(0.002f)
                .setBatchAccuracy((float) Math.min(1, Math.max(0, accuracy + 0.06 * random.nextGaussian())))
                .setSamplesPerSecond(3200f)
                .setTimeMillis(clock)
                .build();
    }

    private void evaluate(RunId id, int rung, int step, double top1, double loss, double seconds) {
        out.accept(
                Topics.EVALUATIONS.name(),
                Evaluation.newBuilder()
                        .setRunId(id.toString())
                        .setStudyId(id.studyId())
                        .setAttempt(1)
                        .setBackbone(id.backbone())
                        .setOptimizer(id.optimizer())
                        .setSeed(id.seed())
                        .setHyperparameterPoint(0)
                        .setStep(step)
                        .setBudgetSteps(shape.budgetSteps())
                        .setRung(rung)
                        .setRungs(shape.rungs())
                        .setFraction((double) rung / shape.rungs())
                        .setLoss(loss)
                        .setTop1(top1)
                        .setTop5(Math.min(1, top1 * 1.7))
                        .setSamples(1700)
                        .setClasses(10)
                        .setDeviceSeconds(seconds)
                        .setTimeMillis(clock)
                        .build());
    }

    /** Twelve layers; the tail of their spectrum depends on the optimizer, more on attention than on convolutions. */
    private LayerStatistics layers(RunId id, int step) {
        int o = shape.optimizers().indexOf(id.optimizer());
        Random noise = new Random(id.hashCode());
        List<LayerStatistic> layers = new ArrayList<>();
        for (int layer = 0; layer < 12; layer++) {
            layers.add(LayerStatistic.newBuilder()
                    .setName("stages." + layer / 3 + ".blocks." + layer % 3 + ".weight")
                    .setParameters(4096L << layer / 3)
                    .setAlpha(layer == 0 ? null : (Double) (2.4 + 0.35 * o + 0.5 * noise.nextGaussian()))
                    .setEntropy(2.1 + 0.1 * layer + 0.2 * noise.nextGaussian())
                    .setL2Norm(4 + layer + o + noise.nextGaussian())
                    .setTopPcaEnergy(Math.min(1, 0.35 + 0.03 * o + 0.05 * noise.nextDouble()))
                    .build());
        }
        return LayerStatistics.newBuilder()
                .setRunId(id.toString())
                .setStudyId(id.studyId())
                .setAttempt(1)
                .setStep(step)
                .setLayers(layers)
                .setTimeMillis(clock)
                .build();
    }

    /** What a rule in shadow would have done: a forecast that lies below the best of its peers. */
    private RunCommand shadow(RunId id, int step) {
        return RunCommand.newBuilder()
                .setRunId(id.toString())
                .setStudyId(id.studyId())
                .setCommandId("shadow-" + id)
                .setKind(RunCommandKind.STOP)
                .setRule("transfer")
                .setRuleVersion(1)
                .setRequestedBy("early-stopper")
                .setReason("Its optimistic forecast lies below the leader's pessimistic one.")
                .setStep(step)
                .setRung(2)
                .setThreshold(0.44)
                .setObserved(0.28)
                .setForecast(0.37)
                .setForecastLower(0.33)
                .setForecastUpper(0.41)
                .setPeers(List.of("a", "b", "c"))
                .setInputOffsets(Map.of())
                .setShadow(true)
                .setTimeMillis(clock)
                .build();
    }

    private ConvergenceScore convergence(RunId id, int step, double floor, boolean ended) {
        int at = Math.floorMod(id.hashCode(), 10);
        Verdict verdict = diverges(id)
                ? Verdict.DIVERGED
                : !ended
                        ? Verdict.CONVERGING
                        : at < 6 ? Verdict.CONVERGED : at < 8 ? Verdict.PLATEAUED : Verdict.CONVERGING;
        return ConvergenceScore.newBuilder()
                .setRunId(id.toString())
                .setStudyId(id.studyId())
                .setAttempt(1)
                .setStep(step)
                .setBudgetSteps(shape.budgetSteps())
                .setStepsSeen(step)
                .setRecordsIgnored(0)
                .setSmoothedLoss(floor + 0.2)
                .setBestSmoothedLoss(floor + 0.18)
                .setFirstLoss(2.303)
                .setSlope(-0.31)
                .setSlopeStandardError(0.02)
                .setForecastLoss(floor + 0.15)
                .setForecastLower(floor + 0.1)
                .setForecastUpper(floor + 0.21)
                .setProgress(0.9)
                .setGradientNoise(0.22)
                .setSpikes(diverges(id) ? 12 : 0)
                .setNonFinite(diverges(id) ? "loss NaN at step " + step : null)
                .setVerdict(verdict)
                .setTimeMillis(clock)
                .build();
    }

    private RunCommand command(RunId id, String commandId, int step) {
        return RunCommand.newBuilder()
                .setRunId(id.toString())
                .setStudyId(id.studyId())
                .setCommandId(commandId)
                .setKind(RunCommandKind.STOP)
                .setRule("divergence")
                .setRuleVersion(1)
                .setRequestedBy("early-stopper")
                .setReason("The loss was NaN at step " + step + ".")
                .setStep(step)
                .setPeers(List.of())
                .setInputOffsets(Map.of())
                .setShadow(false)
                .setTimeMillis(clock)
                .build();
    }

    private void score(int rung) {
        double share = (double) rung / shape.rungs();
        int rows = shape.backbones().size();
        int columns = shape.optimizers().size();
        double[][] value = new double[rows][columns];
        int reporting = 0;
        double sum = 0;
        for (int b = 0; b < rows; b++) {
            for (int o = 0; o < columns; o++) {
                List<Double> known = accuracies.get(
                        shape.backbones().get(b) + '|' + shape.optimizers().get(o));
                value[b][o] = known == null
                        ? Double.NaN
                        : known.stream()
                                        .mapToDouble(Double::doubleValue)
                                        .average()
                                        .orElseThrow()
                                * Math.pow(share, 0.35);
                reporting += known == null ? 0 : 1;
                sum += known == null ? 0 : value[b][o];
            }
        }
        if (reporting == 0) {
            return;
        }
        double overall = sum / reporting;
        double[] rowEffect = effects(value, overall, false);
        double[] columnEffect = effects(value, overall, true);
        List<BackboneSummary> backbones = new ArrayList<>();
        for (int b = 0; b < rows; b++) {
            backbones.add(backbone(b, value, overall, rowEffect, columnEffect));
        }
        List<OptimizerSummary> optimizers = new ArrayList<>();
        for (int o = 0; o < columns; o++) {
            optimizers.add(optimizer(o, value, overall, rowEffect, columnEffect));
        }
        for (int b = 0; b < rows; b++) {
            for (int o = 0; o < columns; o++) {
                if (!Double.isNaN(value[b][o])) {
                    double residual = 100 * (value[b][o] - overall - rowEffect[b] - columnEffect[o]);
                    out.accept(
                            Topics.COUPLING_SCORES.name(),
                            coupling(rung, b, o, value[b][o], residual, backbones.get(b)));
                }
            }
        }
        OptimizerSummary minimax = optimizers.stream()
                .min(Comparator.comparingDouble(OptimizerSummary::getWorstRegret))
                .orElseThrow();
        out.accept(
                Topics.STUDY_SCORES.name(),
                StudyScore.newBuilder()
                        .setStudyId(shape.studyId())
                        .setRung(rung)
                        .setFraction(share)
                        .setCellsReporting(reporting)
                        .setCellsExpected(rows * columns)
                        .setOverall(100 * overall)
                        .setBackboneShare(0.41)
                        .setOptimizerShare(0.22)
                        .setInteractionShare(0.37)
                        .setBackboneShareLower(0.35)
                        .setBackboneShareUpper(0.46)
                        .setOptimizerShareLower(0.18)
                        .setOptimizerShareUpper(0.27)
                        .setInteractionShareLower(0.29)
                        .setInteractionShareUpper(0.42)
                        .setNoiseShare(0.03)
                        .setInteractionTest(shape.seeds() > 1 ? "seeds" : "tukey")
                        .setInteractionPValue(0.0004)
                        .setBackbones(backbones)
                        .setOptimizers(optimizers)
                        .setMinimaxOptimizer(minimax.getName())
                        .setMinimaxRegret(minimax.getWorstRegret())
                        .setPareto(front(value, share))
                        .setTimeMillis(clock)
                        .build());
    }

    private List<ParetoPoint> front(double[][] value, double share) {
        List<ParetoPoint> all = new ArrayList<>();
        for (int b = 0; b < value.length; b++) {
            for (int o = 0; o < value[b].length; o++) {
                if (!Double.isNaN(value[b][o])) {
                    all.add(pareto(b, o, value[b][o], (3.6 + b + 0.4 * o) * share));
                }
            }
        }
        all.sort(Comparator.comparingDouble(ParetoPoint::getDeviceSeconds));
        List<ParetoPoint> front = new ArrayList<>();
        for (ParetoPoint point : all) {
            if (front.isEmpty()
                    || point.getAccuracy() > front.get(front.size() - 1).getAccuracy()) {
                front.add(point);
            }
        }
        return front;
    }

    private ParetoPoint pareto(int b, int o, double accuracy, double seconds) {
        return ParetoPoint.newBuilder()
                .setBackbone(shape.backbones().get(b))
                .setOptimizer(shape.optimizers().get(o))
                .setAccuracy(accuracy)
                .setDeviceSeconds(seconds)
                .build();
    }

    private double[] effects(double[][] value, double overall, boolean columns) {
        double[] sums = new double[columns ? value[0].length : value.length];
        int[] counts = new int[sums.length];
        for (int b = 0; b < value.length; b++) {
            for (int o = 0; o < value[b].length; o++) {
                if (!Double.isNaN(value[b][o])) {
                    sums[columns ? o : b] += value[b][o] - overall;
                    counts[columns ? o : b]++;
                }
            }
        }
        for (int i = 0; i < sums.length; i++) {
            sums[i] = counts[i] == 0 ? 0 : sums[i] / counts[i];
        }
        return sums;
    }

    private BackboneSummary backbone(int b, double[][] value, double overall, double[] rows, double[] columns) {
        double best = Double.NEGATIVE_INFINITY;
        double absolute = 0;
        int count = 0;
        for (int o = 0; o < value[b].length; o++) {
            if (!Double.isNaN(value[b][o])) {
                best = Math.max(best, value[b][o]);
                absolute += Math.abs(value[b][o] - overall - rows[b] - columns[o]);
                count++;
            }
        }
        List<String> close = new ArrayList<>();
        for (int o : java.util.stream.IntStream.range(0, value[b].length)
                .boxed()
                .filter(i -> !Double.isNaN(value[b][i]))
                .sorted(Comparator.comparingDouble(i -> -value[b][i]))
                .toList()) {
            if (value[b][o] > best - 0.012) {
                close.add(shape.optimizers().get(o));
            }
        }
        return BackboneSummary.newBuilder()
                .setName(shape.backbones().get(b))
                .setEffect(count == 0 ? null : (Double) (100 * rows[b]))
                .setCoupling(count == 0 ? null : (Double) (100 * absolute / count))
                .setMean(count == 0 ? null : (Double) (100 * (overall + rows[b])))
                .setStd(count == 0 ? null : (Double) 2.1)
                .setRange(count == 0 ? null : (Double) 6.4)
                .setFailures(0)
                .setBest(close)
                .build();
    }

    private OptimizerSummary optimizer(int o, double[][] value, double overall, double[] rows, double[] columns) {
        double absolute = 0;
        double regret = 0;
        int count = 0;
        for (int b = 0; b < value.length; b++) {
            double best = Double.NEGATIVE_INFINITY;
            for (double each : value[b]) {
                best = Double.isNaN(each) ? best : Math.max(best, each);
            }
            if (!Double.isNaN(value[b][o])) {
                absolute += Math.abs(value[b][o] - overall - rows[b] - columns[o]);
                regret = Math.max(regret, best - value[b][o]);
                count++;
            }
        }
        return OptimizerSummary.newBuilder()
                .setName(shape.optimizers().get(o))
                .setEffect(count == 0 ? null : (Double) (100 * columns[o]))
                .setCoupling(count == 0 ? null : (Double) (100 * absolute / count))
                .setFailures(0)
                .setOverallRank(count == 0 ? null : (Double) (1.0 + o))
                .setRobustnessSteps(count == 0 ? null : (Double) (0.2 * o))
                .setWorstRegret(100 * regret)
                .build();
    }

    private CouplingScore coupling(int rung, int b, int o, double value, double residual, BackboneSummary backbone) {
        boolean several = shape.seeds() > 1;
        boolean diverged = shape.backbones().get(b).equals("convnext")
                && shape.optimizers().get(o).equals("sgd");
        return CouplingScore.newBuilder()
                .setStudyId(shape.studyId())
                .setRung(rung)
                .setFraction((double) rung / shape.rungs())
                .setBackbone(shape.backbones().get(b))
                .setOptimizer(shape.optimizers().get(o))
                .setAccuracy(value)
                .setAccuracyStandardError(several ? (Double) 0.006 : null)
                .setLearningRate(0.001 * Math.pow(3, (b + o) % 4 == 0 ? 1 : o == 0 && b % 3 == 1 ? -1 : 0))
                .setWeightDecay(0.05 * ((b * o) % 5 == 4 ? 2 : 1))
                .setRuns(shape.seeds())
                .setSeeds(shape.seeds())
                .setDiverged(diverged)
                .setFailed(diverged)
                .setCoupling(residual)
                .setCouplingLower(residual - 1.1)
                .setCouplingUpper(residual + 1.2)
                .setIndistinguishableFromBest(
                        backbone.getBest().contains(shape.optimizers().get(o)))
                .setDeviceSeconds((3.6 + b + 0.4 * o) * rung / shape.rungs())
                .setTimeMillis(clock)
                .build();
    }
}
