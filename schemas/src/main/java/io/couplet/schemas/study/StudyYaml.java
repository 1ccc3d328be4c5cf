package io.couplet.schemas.study;

import java.math.BigDecimal;
import java.util.List;
import java.util.Locale;
import java.util.SortedMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Prints studies.
 *
 * <p>{@link #shared} and {@link #run} are what identities are digests of. They leave out what is not given, so that a key
 * added later, when it is not used, changes no identity; whoever changes anything else in them gives every run a new one.
 */
final class StudyYaml {

    private static final Pattern PLAIN = Pattern.compile("[A-Za-z][A-Za-z0-9_-]*(:\\d+)?");

    /** Stands for the values around a default. */
    static final String GRID = "grid";

    private StudyYaml() {}

    static String print(StudySpecification study) {
        Lines lines = new Lines();
        lines.put("name", study.name());
        lines.open("data");
        data(study.data(), lines);
        lines.close();
        lines.put("backbones", study.backbones());
        lines.put("size", study.size());
        weights(study, lines);
        lines.put("optimizers", study.optimizers());
        lines.put("seeds", study.seeds());
        lines.open("budget");
        lines.put("steps", study.budget().steps());
        lines.put("batch-size", study.budget().batchSize());
        lines.close();
        lines.open("recipe");
        recipe(study.recipe(), lines);
        lines.close();
        hyperparameters(study.hyperparameters(), lines);
        optimizerOptions(study.optimizerOptions(), lines);
        earlyStopping(study.earlyStopping(), lines);
        lines.put("rungs", study.rungs());
        Target target = study.target();
        if (target != null) {
            lines.open("target");
            lines.putIfGiven("accuracy", target.accuracy());
            lines.putIfGiven("loss", target.loss());
            lines.close();
        }
        lines.putIfGiven("device", study.device());
        return lines.toString();
    }

    /** What all runs of a study share, and what their records do not tell of them: weights and optimizers' options. */
    static String shared(StudySpecification study) {
        Lines lines = new Lines();
        lines.put("name", study.name());
        data(study.data(), lines);
        lines.put("size", study.size());
        lines.put("steps", study.budget().steps());
        lines.put("batch-size", study.budget().batchSize());
        recipe(study.recipe(), lines);
        lines.put("rungs", study.rungs());
        weights(study, lines);
        study.optimizerOptions()
                .forEach((optimizer, own) ->
                        own.options().forEach((name, value) -> lines.put("option " + optimizer + ' ' + name, value)));
        return lines.toString();
    }

    /** What defines a run. */
    static String run(
            StudySpecification study, String backbone, String optimizer, long seed, StudySpecification.Point point) {
        Lines lines = new Lines();
        lines.put("backbone", backbone);
        lines.put("optimizer", optimizer);
        lines.put("seed", seed);
        lines.putIfGiven("learning-rate", point.learningRate().value());
        lines.putIfGiven("learning-rate step", point.learningRate().step());
        lines.putIfGiven("weight-decay", point.weightDecay().value());
        lines.putIfGiven("weight-decay step", point.weightDecay().step());
        return shared(study) + lines;
    }

    private static void data(DataSpecification data, Lines lines) {
        lines.putIfGiven("path", data.path());
        lines.putIfGiven("validation-path", data.validationPath());
        lines.put("validation-fraction", data.validationFraction());
        lines.put("image-size", data.imageSize());
        lines.put("seed", data.seed());
        lines.putIfGiven("limit", data.limit());
    }

    private static void recipe(RecipeSpecification recipe, Lines lines) {
        lines.put("name", recipe.name());
        if (recipe.warmup() instanceof Warmup.Steps steps) {
            lines.put("warmup-steps", steps.count());
        } else if (recipe.warmup() instanceof Warmup.Fraction fraction) {
            lines.put("warmup-fraction", fraction.ofBudget());
        }
        lines.putIfGiven("label-smoothing", recipe.labelSmoothing());
        lines.putIfGiven("clip-gradient-norm", recipe.clipGradientNorm());
        lines.putIfGiven("augmentation", recipe.augmentation());
        lines.putIfGiven("mixup", recipe.mixup());
        lines.putIfGiven("cutmix", recipe.cutmix());
        lines.putIfGiven("random-erasing", recipe.randomErasing());
        lines.putIfGiven("drop-path", recipe.dropPath());
        lines.putIfGiven("ema-decay", recipe.emaDecay());
        lines.putIfGiven("loss", recipe.loss());
    }

    private static void weights(StudySpecification study, Lines lines) {
        if (study.weights().isEmpty()) {
            return;
        }
        lines.open("weights");
        study.weights().forEach((backbone, path) -> lines.put(value(backbone), path));
        lines.close();
    }

    private static void hyperparameters(HyperparameterGrid grid, Lines lines) {
        if (grid.equals(HyperparameterGrid.DEFAULTS)) {
            return;
        }
        if (grid.equals(HyperparameterGrid.AROUND_DEFAULTS)) {
            lines.put("hyperparameters", GRID);
            return;
        }
        lines.open("hyperparameters");
        axis("learning-rates", grid.learningRates(), lines);
        axis("weight-decays", grid.weightDecays(), lines);
        lines.close();
    }

    private static void axis(String key, HyperparameterGrid.Axis axis, Lines lines) {
        if (axis.equals(HyperparameterGrid.Axis.GRID)) {
            lines.put(key, GRID);
        }
        lines.putUnlessEmpty(key, axis.values());
    }

    private static void optimizerOptions(SortedMap<String, OptimizerOptions> all, Lines lines) {
        if (all.isEmpty()) {
            return;
        }
        lines.open("optimizer-options");
        all.forEach((optimizer, own) -> {
            lines.open(optimizer);
            lines.putUnlessEmpty("learning-rate", own.learningRates());
            lines.putUnlessEmpty("weight-decay", own.weightDecays());
            own.options().forEach(lines::put);
            lines.close();
        });
        lines.close();
    }

    private static void earlyStopping(List<StoppingRuleSpecification> rules, Lines lines) {
        if (rules.isEmpty()) {
            lines.put("early-stopping", List.of());
            return;
        }
        lines.open("early-stopping");
        for (StoppingRuleSpecification rule : rules) {
            lines.item("rule", rule.rule());
            lines.open("");
            rule.options().forEach(lines::put);
            lines.close();
        }
        lines.close();
    }

    static String number(long value) {
        return Long.toString(value);
    }

    /** Decimal digits where they are few, an exponent where they are not; reads back as the very same number. */
    static String number(double value) {
        double size = Math.abs(value);
        if (value == 0) {
            return "0";
        }
        if (size >= 1e-5 && size < 1e15) {
            return new BigDecimal(Double.toString(value)).stripTrailingZeros().toPlainString();
        }
        return Double.toString(value).toLowerCase(Locale.ROOT);
    }

    static String value(Object value) {
        if (value instanceof List<?> values) {
            return values.stream().map(StudyYaml::value).collect(Collectors.joining(", ", "[", "]"));
        }
        if (value instanceof Double number) {
            return number(number);
        }
        if (value instanceof Number number) {
            return number.toString();
        }
        return text(value.toString());
    }

    private static String text(String text) {
        if (PLAIN.matcher(text).matches() && !text.equalsIgnoreCase("null")) {
            return text;
        }
        StringBuilder quoted = new StringBuilder("\"");
        text.chars().forEach(c -> {
            if (c == '"' || c == '\\') {
                quoted.append('\\').append((char) c);
            } else if (c < ' ' || c == 0x7f || c >= 0x80 && c < 0xa0 || c == 0x2028 || c == 0x2029 || c == 0xfeff) {
                quoted.append(String.format("\\u%04x", c));
            } else {
                quoted.append((char) c);
            }
        });
        return quoted.append('"').toString();
    }

    /** Lines with indentation. */
    private static final class Lines {

        private final StringBuilder text = new StringBuilder();
        private int depth;

        void put(String key, Object value) {
            indent().append(key).append(": ").append(value(value)).append('\n');
        }

        void putIfGiven(String key, @Nullable Object value) {
            if (value != null) {
                put(key, value);
            }
        }

        void putUnlessEmpty(String key, List<?> values) {
            if (!values.isEmpty()) {
                put(key, values);
            }
        }

        void item(String key, Object value) {
            indent().append("- ").append(key).append(": ").append(value(value)).append('\n');
        }

        void open(String key) {
            if (!key.isEmpty()) {
                indent().append(key).append(":\n");
            }
            depth++;
        }

        void close() {
            depth--;
        }

        private StringBuilder indent() {
            return text.append("  ".repeat(depth));
        }

        @Override
        public String toString() {
            return text.toString();
        }
    }
}
