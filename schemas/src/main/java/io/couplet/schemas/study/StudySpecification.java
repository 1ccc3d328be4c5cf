package io.couplet.schemas.study;

import io.couplet.schemas.RunId;
import io.couplet.schemas.avro.DataReference;
import io.couplet.schemas.avro.RunRequest;
import io.couplet.schemas.avro.StoppingRule;
import io.couplet.schemas.avro.StudyGrid;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * A study: which backbones are paired with which optimizers, on what, and for how long. Whatever can be wrong with it is
 * checked here, so a study that exists can be submitted.
 *
 * @param name its name, as its author writes it
 * @param data the images
 * @param backbones registered backbones or {@code file:PATH.pt}, the rows of the grid
 * @param size size of the backbones, e.g. nano
 * @param weights files in the safetensors format that backbones start from, by backbone; the others start at random
 * @param optimizers registered optimizers, the columns of the grid
 * @param seeds each pairing is trained once with each
 * @param budget what each run may spend
 * @param recipe how is trained
 * @param hyperparameters the points at which each pairing is trained
 * @param optimizerOptions what single optimizers have in place of these, by optimizer
 * @param earlyStopping rules armed; divergence is always on
 * @param rungs fractions of the budget at which runs are evaluated and compared, ascending, the last one 1
 * @param target what runs aim at, or null
 * @param device cpu, gpu or gpu:N; null lets each trainer choose
 */
public record StudySpecification(
        String name,
        DataSpecification data,
        List<String> backbones,
        String size,
        SortedMap<String, String> weights,
        List<String> optimizers,
        List<Long> seeds,
        Budget budget,
        RecipeSpecification recipe,
        HyperparameterGrid hyperparameters,
        SortedMap<String, OptimizerOptions> optimizerOptions,
        List<StoppingRuleSpecification> earlyStopping,
        List<Double> rungs,
        @Nullable Target target,
        @Nullable String device) {

    /** More runs than that are a mistake, or several studies. */
    static final int MOST_RUNS = 100_000;

    private static final StudySpecification DEFAULTS = new StudySpecification(
            "default",
            new DataSpecification(null, null, 0.2, 32, 0, null),
            List.of("vgg", "resnet", "mobilenetv2", "mlp-mixer"),
            "nano",
            new TreeMap<>(),
            List.of("sgd", "adamw", "lamb", "lion"),
            List.of(0L),
            new Budget(320, 64),
            RecipeSpecification.of("torch-style", new Warmup.Fraction(0.05)),
            HyperparameterGrid.DEFAULTS,
            new TreeMap<>(),
            List.of(StoppingRuleSpecification.of("divergence")),
            eighths(240),
            null,
            null);

    public StudySpecification {
        backbones = List.copyOf(backbones);
        weights = Collections.unmodifiableSortedMap(new TreeMap<>(weights));
        optimizers = List.copyOf(optimizers);
        seeds = List.copyOf(seeds);
        optimizerOptions = Collections.unmodifiableSortedMap(new TreeMap<>(optimizerOptions));
        earlyStopping = List.copyOf(earlyStopping);
        rungs = List.copyOf(rungs);
        Bounds.SEED.requireAll("seeds", seeds);
        Bounds.RUNG.requireAll("rungs", rungs);
        List<Contradiction> contradictions = contradictions(
                name,
                data,
                backbones,
                size,
                weights,
                optimizers,
                seeds,
                budget,
                recipe,
                hyperparameters,
                optimizerOptions,
                earlyStopping,
                rungs,
                device);
        if (!contradictions.isEmpty()) {
            throw new IllegalArgumentException(contradictions.get(0).text());
        }
    }

    /** Eighths of a budget; of those that fall on the same step, because there are few, the last. */
    static List<Double> eighths(int steps) {
        TreeMap<Integer, Double> byStep = new TreeMap<>();
        for (int i = 1; i <= 8; i++) {
            int step = step(i / 8.0, steps);
            if (step > 0) {
                byStep.put(step, i / 8.0);
            }
        }
        return List.copyOf(byStep.values());
    }

    /** The study that is run when nobody says which; what a file leaves out is taken from it. */
    public static StudySpecification defaults() {
        return DEFAULTS;
    }

    /**
     * Reads a study.
     *
     * @param yaml the file's text, one megabyte at most
     * @param sourceName the file's name, for messages
     * @param names the names it may use
     * @throws InvalidStudyException when anything is wrong with it, with everything that is
     */
    public static StudySpecification parse(String yaml, String sourceName, KnownNames names)
            throws InvalidStudyException {
        return new StudyReader(sourceName, names).read(yaml);
    }

    /** The study as YAML, complete; parsing it gives this study again. */
    public String toYaml() {
        return StudyYaml.print(this);
    }

    // ---- what has to fit together -------------------------------------------------------------------------------

    /**
     * Something that does not fit.
     *
     * @param key where in the file it is said, dots between levels
     * @param with the other key, without which it could not be said
     * @param text what is wrong, and the fix
     */
    record Contradiction(String key, String with, String text) {

        Contradiction(String key, String text) {
            this(key, key, text);
        }
    }

    static List<Contradiction> contradictions(
            String name,
            DataSpecification data,
            List<String> backbones,
            String size,
            SortedMap<String, String> weights,
            List<String> optimizers,
            List<Long> seeds,
            Budget budget,
            RecipeSpecification recipe,
            HyperparameterGrid hyperparameters,
            SortedMap<String, OptimizerOptions> optimizerOptions,
            List<StoppingRuleSpecification> earlyStopping,
            List<Double> rungs,
            @Nullable String device) {
        List<Contradiction> found = new ArrayList<>();
        if (name.isBlank() || name.length() > 80 || name.codePoints().anyMatch(Character::isISOControl)) {
            found.add(new Contradiction("name", "name must be 1 to 80 printable characters, was '" + name + "'"));
        }
        distinct("backbones", backbones, found);
        distinct("optimizers", optimizers, found);
        distinct("seeds", seeds, found);
        distinct(
                "hyperparameters.learning-rates",
                hyperparameters.learningRates().values(),
                false,
                found);
        distinct("hyperparameters.weight-decays", hyperparameters.weightDecays().values(), false, found);
        distinct(
                "early-stopping",
                earlyStopping.stream().map(StoppingRuleSpecification::rule).toList(),
                false,
                found);
        files(backbones, weights, found);
        imageSize(data.imageSize(), size, backbones, found);
        optimizerOptions.forEach((optimizer, own) -> {
            String key = "optimizer-options." + optimizer;
            distinct(key + ".learning-rate", own.learningRates(), false, found);
            distinct(key + ".weight-decay", own.weightDecays(), false, found);
        });
        for (String optimizer : optimizerOptions.keySet()) {
            if (!optimizers.contains(optimizer)) {
                found.add(new Contradiction(
                        "optimizer-options." + optimizer,
                        "optimizers",
                        "optimizer-options names '" + optimizer
                                + "', which is not among the study's optimizers: add it there or take it out here"));
            }
        }
        int warmupSteps = recipe.warmup().steps(budget.steps());
        if (warmupSteps >= budget.steps()) {
            found.add(new Contradiction(
                    "recipe.warmup-steps",
                    "budget.steps",
                    "recipe.warmup-steps must be below budget.steps " + budget.steps() + ", was " + warmupSteps));
        }
        rungs(rungs, budget.steps(), found);
        if (device != null && !device.matches("cpu|gpu|gpu:\\d{1,3}")) {
            found.add(new Contradiction("device", "device must be cpu, gpu or gpu:N, was '" + device + "'"));
        }
        long runs = (long) backbones.size() * seeds.size() * points(optimizers, hyperparameters, optimizerOptions);
        if (runs > MOST_RUNS) {
            found.add(new Contradiction(
                    "name",
                    "the study has " + runs + " runs, more than " + MOST_RUNS + ": make several studies of it"));
        }
        return found;
    }

    private static void distinct(String key, List<?> values, List<Contradiction> found) {
        distinct(key, values, true, found);
    }

    private static void distinct(String key, List<?> values, boolean needed, List<Contradiction> found) {
        if (needed && values.isEmpty()) {
            found.add(new Contradiction(key, key + " is empty: name one at least, or leave it out for the default"));
        }
        HashSet<Object> seen = new HashSet<>();
        for (Object value : values) {
            if (!seen.add(value instanceof Double number ? Double.valueOf(number + 0.0) : value)) { // -0 is 0
                found.add(new Contradiction(key, key + " has " + StudyYaml.value(value) + " twice: keep one"));
            }
        }
    }

    private static void files(List<String> backbones, SortedMap<String, String> weights, List<Contradiction> found) {
        for (String backbone : backbones) {
            try {
                BackboneFile.of(backbone);
            } catch (IllegalArgumentException e) {
                found.add(new Contradiction("backbones", String.valueOf(e.getMessage())));
            }
        }
        weights.forEach((backbone, path) -> {
            String key = "weights." + backbone;
            if (!backbones.contains(backbone)) {
                found.add(new Contradiction(
                        key,
                        "backbones",
                        "weights names '" + backbone
                                + "', which is not among the study's backbones: add it there or take it out here"));
            } else if (BackboneFile.isMeantBy(backbone)) {
                found.add(new Contradiction(
                        key, "weights names '" + backbone + "', which brings its own weights: take it out here"));
            } else if (!path.endsWith(".safetensors")) {
                found.add(new Contradiction(
                        key, "weights of " + backbone + " must be a .safetensors file, was '" + path + "'"));
            }
        });
    }

    private static void imageSize(int pixels, String size, List<String> backbones, List<Contradiction> found) {
        int multiple = imageMultiple(size);
        if (pixels % multiple == 0 || backbones.stream().allMatch(BackboneFile::isMeantBy)) {
            return;
        }
        int below = pixels / multiple * multiple;
        int above = below + multiple;
        found.add(new Contradiction(
                "data.image-size",
                "size",
                "data.image-size must be a multiple of " + multiple + " for backbones of size " + size + ", was "
                        + pixels + ": take " + (below == 0 ? above : below + " or " + above)));
    }

    /** What the height and width of images must be a multiple of: backbones of this size halve them so often. TorchScript files take any. */
    static int imageMultiple(String size) {
        return size.equals("nano") ? 16 : 32;
    }

    private static void rungs(List<Double> rungs, int steps, List<Contradiction> found) {
        double last = 0;
        int lastStep = 0;
        for (double rung : rungs) {
            if (rung <= last) {
                found.add(new Contradiction(
                        "rungs",
                        "rungs must ascend, " + StudyYaml.number(rung) + " comes after " + StudyYaml.number(last)));
                return;
            }
            int step = step(rung, steps);
            if (step == 0) {
                found.add(new Contradiction(
                        "rungs",
                        "budget.steps",
                        "rung " + StudyYaml.number(rung) + " of " + steps
                                + " steps is before the first one: leave it out or take more budget.steps"));
                return;
            }
            if (step == lastStep) {
                found.add(new Contradiction(
                        "rungs",
                        "budget.steps",
                        "rungs " + StudyYaml.number(last) + " and " + StudyYaml.number(rung) + " are the same step "
                                + step + " of " + steps + ": take fewer rungs or more budget.steps"));
                return;
            }
            last = rung;
            lastStep = step;
        }
        if (last != 1) {
            found.add(new Contradiction("rungs", "rungs must end with 1, the whole budget"));
        }
    }

    /** The step of a rung: the fraction of the budget, rounded to the nearest. */
    private static int step(double rung, int steps) {
        return (int) Math.round(rung * steps);
    }

    private static long points(
            List<String> optimizers, HyperparameterGrid grid, SortedMap<String, OptimizerOptions> options) {
        return optimizers.stream()
                .mapToLong(optimizer -> grid.overriddenBy(options.getOrDefault(optimizer, OptimizerOptions.NONE))
                        .points())
                .sum();
    }

    // ---- identity -----------------------------------------------------------------------------------------------

    /**
     * {@code <name>-<6 hex digits>} of what all runs of the study share: name, data, size, budget, recipe, rungs, and the weights and optimizers' options
     * where some are given, which the records of a run do not tell. Adding backbones, optimizers, seeds, learning rates or weight decays leaves it as it is,
     * and so do the rules that stop runs and the device.
     */
    public String studyId() {
        return RunId.part(name) + '-' + digest(StudyYaml.shared(this));
    }

    /** Steps of warm-up. */
    public int warmupSteps() {
        return recipe.warmup().steps(budget.steps());
    }

    /** Number of runs. */
    public int runs() {
        return (int) (backbones.size() * seeds.size() * points(optimizers, hyperparameters, optimizerOptions));
    }

    /**
     * The study's runs, with ids that depend on nothing but what defines them: first all pairings at the first seed and
     * hyper-parameter point, backbone by backbone so that the grid fills row by row, then the next point, then the next
     * seed.
     *
     * @param nowMillis time of submission, milliseconds since the epoch
     */
    public List<RunRequest> requests(long nowMillis) {
        return requests(nowMillis, List.of());
    }

    /**
     * The same runs, but those of some backbones before all others, each with all its seeds and points: so that a rule can learn from backbones that ran
     * whole.
     *
     * @param nowMillis time of submission, milliseconds since the epoch
     * @param wholeFirst backbones of the study
     */
    public List<RunRequest> requests(long nowMillis, List<String> wholeFirst) {
        int mostPoints = optimizers.stream()
                .mapToInt(optimizer -> points(optimizer).size())
                .max()
                .orElse(0);
        StudyGrid grid = new StudyGrid(backboneNames(), optimizers, seeds, mostPoints, runs());
        List<RunRequest> requests = new ArrayList<>();
        for (String backbone : wholeFirst) {
            requests.addAll(requests(List.of(backbone), mostPoints, grid, nowMillis));
        }
        requests.addAll(requests(
                backbones.stream().filter(each -> !wholeFirst.contains(each)).toList(), mostPoints, grid, nowMillis));
        return List.copyOf(requests);
    }

    private List<RunRequest> requests(List<String> some, int mostPoints, StudyGrid grid, long nowMillis) {
        List<RunRequest> requests = new ArrayList<>();
        for (long seed : seeds) {
            for (int point = 0; point < mostPoints; point++) {
                for (String backbone : some) {
                    for (String optimizer : optimizers) {
                        List<Point> points = points(optimizer);
                        if (point < points.size()) {
                            requests.add(request(backbone, optimizer, seed, point, points.get(point), grid, nowMillis));
                        }
                    }
                }
            }
        }
        return requests;
    }

    /** A hyper-parameter point. */
    record Point(HyperparameterGrid.Place learningRate, HyperparameterGrid.Place weightDecay) {
        private int distance() {
            return learningRate.distance() + weightDecay.distance();
        }
    }

    /** In the order of the axes, but around a default those nearer to it come first. */
    private List<Point> points(String optimizer) {
        HyperparameterGrid own = hyperparameters.overriddenBy(options(optimizer));
        List<Point> points = new ArrayList<>();
        for (HyperparameterGrid.Place learningRate : own.learningRates().places()) {
            for (HyperparameterGrid.Place weightDecay : own.weightDecays().places()) {
                points.add(new Point(learningRate, weightDecay));
            }
        }
        points.sort(Comparator.comparingInt(Point::distance));
        return points;
    }

    private OptimizerOptions options(String optimizer) {
        return optimizerOptions.getOrDefault(optimizer, OptimizerOptions.NONE);
    }

    private RunRequest request(
            String backbone, String optimizer, long seed, int index, Point point, StudyGrid grid, long nowMillis) {
        String runId = new RunId(
                        studyId(),
                        RunId.part(BackboneFile.nameOf(backbone)),
                        RunId.part(optimizer),
                        seed,
                        digest(StudyYaml.run(this, backbone, optimizer, seed, point)))
                .toString();
        return RunRequest.newBuilder()
                .setRunId(runId)
                .setStudyId(studyId())
                .setStudyName(name)
                .setBackbone(BackboneFile.nameOf(backbone))
                .setBackboneFile(
                        BackboneFile.of(backbone).map(BackboneFile::path).orElse(null))
                .setOptimizer(optimizer)
                .setSeed(seed)
                .setBackboneSize(size)
                .setWeights(weights.get(backbone))
                .setHyperparameterPoint(index)
                .setLearningRate(point.learningRate.value())
                .setLearningRateGridStep(point.learningRate.step())
                .setWeightDecay(point.weightDecay.value())
                .setWeightDecayGridStep(point.weightDecay.step())
                .setOptimizerOptions(options(optimizer).options())
                .setRecipe(recipe.name())
                .setLabelSmoothing(recipe.labelSmoothing())
                .setClipGradientNorm(recipe.clipGradientNorm())
                .setAugmentation(recipe.augmentation())
                .setMixup(recipe.mixup())
                .setCutmix(recipe.cutmix())
                .setRandomErasing(recipe.randomErasing())
                .setDropPath(recipe.dropPath())
                .setEmaDecay(recipe.emaDecay())
                .setLoss(recipe.loss())
                .setWarmupSteps(warmupSteps())
                .setBudgetSteps(budget.steps())
                .setBatchSize(budget.batchSize())
                .setRungs(rungs)
                .setTargetTop1(target == null ? null : target.accuracy())
                .setTargetLoss(target == null ? null : target.loss())
                .setData(new DataReference(
                        data.path(),
                        data.validationPath(),
                        data.validationFraction(),
                        data.imageSize(),
                        data.seed(),
                        data.limit()))
                .setDevice(device)
                .setGrid(grid)
                .setStoppingRules(earlyStopping.stream()
                        .map(rule -> new StoppingRule(rule.rule(), rule.options()))
                        .toList())
                .setSubmittedMillis(nowMillis)
                .build();
    }

    /** What its backbones are called in run ids, records and tables: a file by a name of its own. */
    public List<String> backboneNames() {
        return backbones.stream().map(BackboneFile::nameOf).toList();
    }

    static String digest(String text) {
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(hash, 0, 3);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("Every Java has SHA-256", e);
        }
    }

    // ---- the same, but --------------------------------------------------------------------------------------------

    /** The same under another name. */
    public StudySpecification withName(String newName) {
        return with(draft -> draft.name = newName);
    }

    /** The same on other images. */
    public StudySpecification withData(DataSpecification newData) {
        return with(draft -> draft.data = newData);
    }

    /** The same with backbones of another size, on images of so many pixels. */
    public StudySpecification withSize(String newSize, int newImageSize) {
        return with(draft -> {
            draft.size = newSize;
            draft.data = data.withImageSize(newImageSize);
        });
    }

    /** The same with another grid; what optimizers and backbones that are no longer in it had is left out. */
    public StudySpecification withGrid(List<String> newBackbones, List<String> newOptimizers, List<Long> newSeeds) {
        return with(draft -> {
            draft.backbones = newBackbones;
            draft.optimizers = newOptimizers;
            draft.seeds = newSeeds;
            draft.optimizerOptions = new TreeMap<>(optimizerOptions);
            draft.optimizerOptions.keySet().retainAll(newOptimizers);
            draft.weights = new TreeMap<>(weights);
            draft.weights.keySet().retainAll(newBackbones);
        });
    }

    /**
     * The same with other files of weights, by backbone.
     *
     * @throws IllegalArgumentException in one sentence, if one is of no backbone of the study, or no .safetensors file
     */
    public StudySpecification withWeights(SortedMap<String, String> newWeights) {
        return with(draft -> draft.weights = newWeights);
    }

    /** The same with its files, TorchScript backbones and weights, at other paths. */
    public StudySpecification withFiles(UnaryOperator<String> newPath) {
        UnaryOperator<String> moved = backbone -> BackboneFile.of(backbone)
                .map(file -> new BackboneFile(newPath.apply(file.path())).toString())
                .orElse(backbone);
        return with(draft -> {
            draft.backbones = backbones.stream().map(moved).toList();
            draft.weights = new TreeMap<>();
            weights.forEach((backbone, path) -> draft.weights.put(moved.apply(backbone), newPath.apply(path)));
        });
    }

    /** The same with another budget; rungs that were the usual eighths are the eighths of the new one. */
    public StudySpecification withBudget(Budget newBudget) {
        return with(draft -> {
            draft.budget = newBudget;
            draft.rungs = rungs.equals(eighths(budget.steps())) ? eighths(newBudget.steps()) : rungs;
        });
    }

    /** The same at other rungs. */
    public StudySpecification withRungs(List<Double> newRungs) {
        return with(draft -> draft.rungs = newRungs);
    }

    /** The same on another device. */
    public StudySpecification withDevice(@Nullable String newDevice) {
        return with(draft -> draft.device = newDevice);
    }

    private StudySpecification with(Consumer<Draft> change) {
        Draft draft = new Draft(this);
        change.accept(draft);
        return draft.study();
    }

    /** What a study is made of, to be changed and made a study again. */
    private static final class Draft {
        private String name;
        private DataSpecification data;
        private List<String> backbones;
        private String size;
        private SortedMap<String, String> weights;
        private List<String> optimizers;
        private List<Long> seeds;
        private Budget budget;
        private RecipeSpecification recipe;
        private HyperparameterGrid hyperparameters;
        private SortedMap<String, OptimizerOptions> optimizerOptions;
        private List<StoppingRuleSpecification> earlyStopping;
        private List<Double> rungs;
        private @Nullable Target target;
        private @Nullable String device;

        Draft(StudySpecification study) {
            name = study.name;
            data = study.data;
            backbones = study.backbones;
            size = study.size;
            weights = study.weights;
            optimizers = study.optimizers;
            seeds = study.seeds;
            budget = study.budget;
            recipe = study.recipe;
            hyperparameters = study.hyperparameters;
            optimizerOptions = study.optimizerOptions;
            earlyStopping = study.earlyStopping;
            rungs = study.rungs;
            target = study.target;
            device = study.device;
        }

        StudySpecification study() {
            return new StudySpecification(
                    name,
                    data,
                    backbones,
                    size,
                    weights,
                    optimizers,
                    seeds,
                    budget,
                    recipe,
                    hyperparameters,
                    optimizerOptions,
                    earlyStopping,
                    rungs,
                    target,
                    device);
        }
    }
}
