package io.couplet.schemas.study;

import io.couplet.schemas.study.InvalidStudyException.Problem;
import java.io.StringReader;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.error.Mark;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.NodeTuple;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.SequenceNode;
import org.yaml.snakeyaml.nodes.Tag;

/**
 * Reads a study from YAML's node graph, which knows where everything stands, and gathers every mistake before it gives
 * up. Nothing is ever constructed from the file but texts and numbers.
 */
final class StudyReader {

    private static final int MOST_BYTES = 1 << 20;
    private static final int MOST_ALIASES = 50;
    private static final int DEEPEST = 20;
    private static final Pattern NUMBER = Pattern.compile("[-+]?(\\d+(\\.\\d*)?|\\.\\d+)([eE][-+]?\\d+)?");
    private static final StudySpecification DEFAULTS = StudySpecification.defaults();

    private final String sourceName;
    private final KnownNames names;
    private final List<Problem> problems = new ArrayList<>();
    private final Map<String, Mark> places = new HashMap<>();
    private final Set<String> unread = new HashSet<>();

    StudyReader(String sourceName, KnownNames names) {
        this.sourceName = sourceName;
        this.names = names;
    }

    StudySpecification read(String yaml) throws InvalidStudyException {
        Fields study = new Fields("", root(yaml));
        String name = study.text("name", DEFAULTS.name());
        DataSpecification data = data(study.fields("data"));
        List<String> backbones =
                study.names("backbones", DEFAULTS.backbones(), "backbone", names.backbones(), BackboneFile::isMeantBy);
        String size = study.name("size", DEFAULTS.size(), "size", names.sizes());
        SortedMap<String, String> weights = weights(study, backbones);
        Set<String> knownOptimizers = names.optimizers().keySet();
        List<String> optimizers = study.names("optimizers", DEFAULTS.optimizers(), "optimizer", knownOptimizers);
        List<Long> seeds = study.numbers("seeds", DEFAULTS.seeds(), Bounds.SEED).stream()
                .map(Number::longValue)
                .toList();
        Budget budget = budget(study.fields("budget"));
        RecipeSpecification recipe = recipe(study);
        HyperparameterGrid hyperparameters = hyperparameters(study);
        SortedMap<String, OptimizerOptions> optimizerOptions = optimizerOptions(study.fields("optimizer-options"));
        List<StoppingRuleSpecification> earlyStopping = earlyStopping(study);
        List<Double> rungs = doubles(study.numbers("rungs", StudySpecification.eighths(budget.steps()), Bounds.RUNG));
        Target target = target(study.fields("target"));
        String device = study.optionalText("device");
        study.end();

        for (StudySpecification.Contradiction contradiction : StudySpecification.contradictions(
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
                device)) {
            // What could not be read stands at its default, and what contradicts that is not the author's doing.
            if (!unread.contains(contradiction.key()) && !unread.contains(contradiction.with())) {
                problem(places.get(contradiction.key()), contradiction.text());
            }
        }
        if (!problems.isEmpty()) {
            problems.sort(Comparator.comparingInt(Problem::line).thenComparingInt(Problem::column));
            throw new InvalidStudyException(
                    sourceName, problems.stream().distinct().toList());
        }
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

    private @Nullable Target target(Fields fields) {
        Double accuracy = doubleOrNull(fields.optionalNumber("accuracy", Bounds.TARGET_ACCURACY));
        Double loss = doubleOrNull(fields.optionalNumber("loss", Bounds.TARGET_LOSS));
        if (accuracy != null && loss != null) {
            problem(places.get("target.loss"), Target.ONE_OF_TWO);
            return null;
        }
        fields.end();
        return accuracy == null && loss == null ? null : new Target(accuracy, loss);
    }

    private @Nullable Node root(String yaml) throws InvalidStudyException {
        if (yaml.length() > MOST_BYTES) {
            problem(null, "the file has more than a megabyte, this is no study");
            throw new InvalidStudyException(sourceName, problems);
        }
        LoaderOptions options = new LoaderOptions();
        options.setCodePointLimit(MOST_BYTES);
        options.setMaxAliasesForCollections(MOST_ALIASES);
        options.setNestingDepthLimit(DEEPEST);
        try {
            return new Yaml(new SafeConstructor(options)).compose(new StringReader(yaml));
        } catch (MarkedYAMLException e) {
            Mark mark = e.getProblemMark() == null ? e.getContextMark() : e.getProblemMark();
            problem(mark, "this is no YAML: " + e.getProblem());
        } catch (YAMLException | StackOverflowError e) {
            problem(null, "this is no YAML: " + e.getMessage());
        }
        throw new InvalidStudyException(sourceName, problems);
    }

    private DataSpecification data(Fields fields) {
        DataSpecification usual = DEFAULTS.data();
        String path = fields.optionalText("path");
        String validationPath = fields.optionalText("validation-path");
        if (validationPath != null && path == null) {
            problem(places.get("data.validation-path"), DataSpecification.VALIDATION_WITHOUT_PATH);
            validationPath = null;
        }
        Number limit = fields.optionalNumber("limit", Bounds.LIMIT);
        DataSpecification data = new DataSpecification(
                path,
                validationPath,
                fields.number("validation-fraction", usual.validationFraction(), Bounds.VALIDATION_FRACTION)
                        .doubleValue(),
                fields.number("image-size", usual.imageSize(), Bounds.IMAGE_SIZE)
                        .intValue(),
                fields.number("seed", usual.seed(), Bounds.SEED).longValue(),
                limit == null ? usual.limit() : Integer.valueOf(limit.intValue()));
        fields.end();
        return data;
    }

    private Budget budget(Fields fields) {
        Node epochs = fields.isGiven("epochs") ? fields.take("epochs") : null;
        if (epochs != null) {
            problem(
                    epochs.getStartMark(),
                    "budget.epochs is not known, a budget is in steps: write budget.steps, epochs × images / batch-size");
        }
        Budget budget = new Budget(
                fields.number("steps", DEFAULTS.budget().steps(), Bounds.STEPS).intValue(),
                fields.number("batch-size", DEFAULTS.budget().batchSize(), Bounds.BATCH_SIZE)
                        .intValue());
        fields.end();
        return budget;
    }

    private RecipeSpecification recipe(Fields study) {
        RecipeSpecification usual = DEFAULTS.recipe();
        if (study.isText("recipe")) {
            String name = study.name("recipe", usual.name(), "recipe", names.recipes());
            return RecipeSpecification.of(name, usual.warmup());
        }
        Fields fields = study.fields("recipe");
        Number steps = fields.optionalNumber("warmup-steps", Bounds.WARMUP_STEPS);
        Number fraction = fields.optionalNumber("warmup-fraction", Bounds.WARMUP_FRACTION);
        Warmup warmup = usual.warmup();
        if (steps != null) {
            warmup = new Warmup.Steps(steps.intValue());
            if (fraction != null) {
                problem(
                        places.get("recipe.warmup-fraction"),
                        "recipe has both warmup-steps and warmup-fraction: keep one");
            }
        } else if (fraction != null) {
            warmup = new Warmup.Fraction(fraction.doubleValue());
        }
        RecipeSpecification recipe = new RecipeSpecification(
                fields.name("name", usual.name(), "recipe", names.recipes()),
                warmup,
                doubleOrNull(fields.optionalNumber("label-smoothing", Bounds.LABEL_SMOOTHING)),
                doubleOrNull(fields.optionalNumber("clip-gradient-norm", Bounds.CLIP_GRADIENT_NORM)),
                fields.optionalName("augmentation", "augmentation", names.augmentations()),
                doubleOrNull(fields.optionalNumber("mixup", Bounds.MIXING_ALPHA)),
                doubleOrNull(fields.optionalNumber("cutmix", Bounds.MIXING_ALPHA)),
                doubleOrNull(fields.optionalNumber("random-erasing", Bounds.RANDOM_ERASING)),
                doubleOrNull(fields.optionalNumber("drop-path", Bounds.DROP_PATH)),
                doubleOrNull(fields.optionalNumber("ema-decay", Bounds.EMA_DECAY)),
                fields.optionalName("loss", "loss", names.losses()));
        fields.end();
        return recipe;
    }

    private SortedMap<String, String> weights(Fields study, List<String> backbones) {
        SortedMap<String, String> weights = new TreeMap<>();
        if (study.isText("weights")) {
            String path = study.text("weights", "");
            if (backbones.size() == 1) {
                weights.put(backbones.get(0), path);
                places.put("weights." + backbones.get(0), places.get("weights"));
            } else {
                problem(
                        places.get("weights"),
                        "weights names one file for " + backbones.size()
                                + " backbones: write a group of keys, e.g. weights: {" + backbones.get(0) + ": " + path
                                + "}");
            }
            return weights;
        }
        Fields fields = study.fields("weights");
        for (String backbone : fields.keys()) {
            String path = fields.optionalText(backbone);
            if (path != null) {
                weights.put(backbone, path);
            }
        }
        return weights;
    }

    private HyperparameterGrid hyperparameters(Fields study) {
        if (study.isText("hyperparameters")) {
            return study.name("hyperparameters", "", "way to choose hyperparameters", List.of(StudyYaml.GRID))
                            .isEmpty()
                    ? HyperparameterGrid.DEFAULTS
                    : HyperparameterGrid.AROUND_DEFAULTS;
        }
        Fields fields = study.fields("hyperparameters");
        HyperparameterGrid grid = new HyperparameterGrid(
                axis(fields, "learning-rates", Bounds.LEARNING_RATE),
                axis(fields, "weight-decays", Bounds.WEIGHT_DECAY));
        fields.end();
        return grid;
    }

    private static HyperparameterGrid.Axis axis(Fields fields, String key, Bounds bounds) {
        if (fields.isTheText(key, StudyYaml.GRID)) {
            fields.take(key);
            return HyperparameterGrid.Axis.GRID;
        }
        return HyperparameterGrid.Axis.of(doubles(fields.numbers(key, List.of(), bounds)));
    }

    private SortedMap<String, OptimizerOptions> optimizerOptions(Fields fields) {
        SortedMap<String, OptimizerOptions> all = new TreeMap<>();
        for (String optimizer : fields.keys()) {
            List<String> options = names.optimizers().get(optimizer);
            if (options == null) {
                problem(
                        fields.keyMark(optimizer),
                        Nearest.unknown(
                                "optimizer", optimizer, names.optimizers().keySet()));
                fields.take(optimizer);
                continue;
            }
            Fields own = fields.fields(optimizer);
            List<Double> learningRates = doubles(own.oneOrMore("learning-rate", Bounds.LEARNING_RATE));
            List<Double> weightDecays = doubles(own.oneOrMore("weight-decay", Bounds.WEIGHT_DECAY));
            all.put(optimizer, new OptimizerOptions(learningRates, weightDecays, own.options(options)));
            own.end();
        }
        fields.end();
        return all;
    }

    private List<StoppingRuleSpecification> earlyStopping(Fields study) {
        List<Node> items = study.list("early-stopping");
        if (items == null) {
            return DEFAULTS.earlyStopping();
        }
        List<StoppingRuleSpecification> rules = new ArrayList<>();
        for (Node item : items) {
            if (item instanceof ScalarNode scalar) {
                if (known(scalar, "early-stopping rule", names.rules().keySet())) {
                    rules.add(StoppingRuleSpecification.of(scalar.getValue()));
                }
                continue;
            }
            Fields fields = new Fields("early-stopping", item);
            if (!fields.isGiven("rule")) {
                problem(item.getStartMark(), "early-stopping has an entry without its rule: write 'rule: NAME' in it");
                continue;
            }
            String rule =
                    fields.name("rule", "", "early-stopping rule", names.rules().keySet());
            List<String> options = names.rules().get(rule);
            if (options != null) {
                rules.add(new StoppingRuleSpecification(rule, fields.options(options)));
                fields.end();
            }
        }
        return rules;
    }

    private boolean known(ScalarNode node, String what, Collection<String> known) {
        if (known.contains(node.getValue())) {
            return true;
        }
        problem(node.getStartMark(), Nearest.unknown(what, node.getValue(), known));
        return false;
    }

    private static List<Double> doubles(List<? extends Number> numbers) {
        return numbers.stream().map(Number::doubleValue).toList();
    }

    private static @Nullable Double doubleOrNull(@Nullable Number number) {
        return number == null ? null : Double.valueOf(number.doubleValue());
    }

    private void problem(@Nullable Mark mark, String text) {
        problems.add(
                mark == null ? new Problem(1, 1, text) : new Problem(mark.getLine() + 1, mark.getColumn() + 1, text));
    }

    private static boolean isNull(Node node) {
        return node.getTag().equals(Tag.NULL);
    }

    private static String shown(Node node) {
        if (node instanceof ScalarNode scalar) {
            return "'" + scalar.getValue() + "'";
        }
        return node instanceof SequenceNode ? "a list" : "a group of keys";
    }

    /** One level of the file: keys are taken one by one, and what remains at the end nobody knows. */
    private final class Fields {

        private final String path;
        private final Map<String, NodeTuple> rest = new HashMap<>();
        private final List<String> keys = new ArrayList<>();
        private final List<String> taken = new ArrayList<>();

        Fields(String path, @Nullable Node node) {
            this.path = path;
            if (node == null || isNull(node)) {
                return;
            }
            if (!(node instanceof MappingNode mapping)) {
                String what = path.isEmpty() ? "a study" : path;
                problem(node.getStartMark(), what + " must be a group of keys, was " + shown(node));
                return;
            }
            for (NodeTuple tuple : mapping.getValue()) {
                if (!(tuple.getKeyNode() instanceof ScalarNode key)) {
                    problem(
                            tuple.getKeyNode().getStartMark(),
                            "a key must be a name, was " + shown(tuple.getKeyNode()));
                } else if (rest.putIfAbsent(key.getValue(), tuple) != null) {
                    problem(key.getStartMark(), "'" + pathTo(key.getValue()) + "' stands here twice: keep one");
                } else {
                    keys.add(key.getValue());
                    places.put(pathTo(key.getValue()), key.getStartMark());
                }
            }
        }

        private String pathTo(String key) {
            return path.isEmpty() ? key : path + "." + key;
        }

        private void wrong(String key, Node node, String text) {
            unread.add(pathTo(key));
            problem(node.getStartMark(), pathTo(key) + text + shown(node));
        }

        List<String> keys() {
            return List.copyOf(keys);
        }

        @Nullable
        Mark keyMark(String key) {
            return places.get(pathTo(key));
        }

        boolean isGiven(String key) {
            NodeTuple tuple = rest.get(key);
            return tuple != null && !isNull(tuple.getValueNode());
        }

        boolean isText(String key) {
            NodeTuple tuple = rest.get(key);
            return tuple != null && tuple.getValueNode() instanceof ScalarNode && !isNull(tuple.getValueNode());
        }

        boolean isTheText(String key, String text) {
            NodeTuple tuple = rest.get(key);
            return tuple != null
                    && tuple.getValueNode() instanceof ScalarNode scalar
                    && scalar.getValue().equals(text);
        }

        /** The value of a key; null when it is not given. */
        @Nullable
        Node take(String key) {
            taken.add(key);
            NodeTuple tuple = rest.remove(key);
            return tuple == null || isNull(tuple.getValueNode()) ? null : tuple.getValueNode();
        }

        Fields fields(String key) {
            return new Fields(pathTo(key), take(key));
        }

        @Nullable
        String optionalText(String key) {
            Node node = take(key);
            if (node == null || node instanceof ScalarNode) {
                return node == null ? null : ((ScalarNode) node).getValue();
            }
            wrong(key, node, " must be a text, was ");
            return null;
        }

        String text(String key, String otherwise) {
            String text = optionalText(key);
            return text == null ? otherwise : text;
        }

        String name(String key, String otherwise, String what, Collection<String> known) {
            Node node = take(key);
            if (node == null) {
                return otherwise;
            }
            if (!(node instanceof ScalarNode scalar)) {
                wrong(key, node, " must be a name, was ");
                return otherwise;
            }
            if (known(scalar, what, known)) {
                return scalar.getValue();
            }
            unread.add(pathTo(key));
            return otherwise;
        }

        @Nullable
        String optionalName(String key, String what, Collection<String> known) {
            if (!isGiven(key)) {
                take(key);
                return null;
            }
            String name = name(key, "", what, known);
            return name.isEmpty() ? null : name;
        }

        @Nullable
        List<Node> list(String key) {
            Node node = take(key);
            if (node == null) {
                return null;
            }
            if (node instanceof SequenceNode sequence) {
                return sequence.getValue();
            }
            wrong(key, node, " must be a list, e.g. [a, b], was ");
            return null;
        }

        List<String> names(String key, List<String> otherwise, String what, Collection<String> known) {
            return names(key, otherwise, what, known, name -> false);
        }

        List<String> names(
                String key,
                List<String> otherwise,
                String what,
                Collection<String> known,
                Predicate<String> alsoAllowed) {
            List<Node> items = list(key);
            if (items == null) {
                return otherwise;
            }
            List<String> values = new ArrayList<>();
            for (Node item : items) {
                if (!(item instanceof ScalarNode scalar)) {
                    wrong(key, item, " must be a list of names, has ");
                } else if (alsoAllowed.test(scalar.getValue()) || known(scalar, what, known)) {
                    values.add(scalar.getValue());
                } else {
                    unread.add(pathTo(key));
                }
            }
            return values.isEmpty() && unread.contains(pathTo(key)) ? otherwise : values;
        }

        List<Number> numbers(String key, List<? extends Number> otherwise, Bounds bounds) {
            List<Node> items = list(key);
            return items == null ? List.copyOf(otherwise) : numbers(key, items, otherwise, bounds);
        }

        private List<Number> numbers(String key, List<Node> items, List<? extends Number> otherwise, Bounds bounds) {
            List<Number> values = new ArrayList<>();
            for (Node item : items) {
                Number value = number(key, item, bounds);
                if (value == null) {
                    return List.copyOf(otherwise);
                }
                values.add(value);
            }
            return values;
        }

        /** A number, or a list of them; empty when it is not given. */
        List<Number> oneOrMore(String key, Bounds bounds) {
            Node node = take(key);
            if (node == null) {
                return List.of();
            }
            return numbers(
                    key,
                    node instanceof SequenceNode sequence ? sequence.getValue() : List.of(node),
                    List.of(),
                    bounds);
        }

        Number number(String key, Number otherwise, Bounds bounds) {
            Number number = optionalNumber(key, bounds);
            return number == null ? otherwise : number;
        }

        @Nullable
        Number optionalNumber(String key, Bounds bounds) {
            Node node = take(key);
            return node == null ? null : number(key, node, bounds);
        }

        private @Nullable Number number(String key, Node node, Bounds bounds) {
            if (node instanceof ScalarNode scalar
                    && NUMBER.matcher(scalar.getValue()).matches()) {
                Number number = parsed(scalar.getValue(), bounds);
                if (number != null && bounds.allows(number.doubleValue())) {
                    return number;
                }
            }
            wrong(key, node, " must be " + bounds.inWords() + ", was ");
            return null;
        }

        private static @Nullable Number parsed(String text, Bounds bounds) {
            if (!bounds.whole()) {
                return Double.valueOf(text);
            }
            try {
                return Long.valueOf(text);
            } catch (NumberFormatException e) { // a fraction, an exponent or too many digits
                return null;
            }
        }

        /** All keys that remain, as options: numbers, or true and false for 1 and 0. */
        SortedMap<String, Double> options(List<String> known) {
            SortedMap<String, Double> options = new TreeMap<>();
            for (String key : keys) {
                if (!rest.containsKey(key) || !known.contains(key)) {
                    continue;
                }
                Node node = take(key);
                if (node instanceof ScalarNode scalar && scalar.getTag().equals(Tag.BOOL)) {
                    boolean on = scalar.getValue().toLowerCase(Locale.ROOT).matches("true|yes|on|y");
                    options.put(key, on ? 1.0 : 0.0);
                } else if (node != null) {
                    Number number = number(key, node, Bounds.OPTION);
                    if (number != null) {
                        options.put(key, number.doubleValue());
                    }
                }
            }
            taken.addAll(known);
            return options;
        }

        /** Whatever has not been taken is a mistake. */
        void end() {
            List<String> allowed = taken.stream().distinct().toList();
            for (String key : keys) {
                if (rest.containsKey(key)) {
                    problem(keyMark(key), Nearest.unknown(path.isEmpty() ? "key" : "key of " + path, key, allowed));
                }
            }
        }
    }
}
