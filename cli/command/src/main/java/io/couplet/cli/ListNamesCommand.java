package io.couplet.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.couplet.cli.local.Label;
import io.couplet.scores.stopping.StoppingRules;
import io.couplet.trainer.backbones.Backbones;
import io.couplet.trainer.data.Augmentation;
import io.couplet.trainer.data.RandAugment;
import io.couplet.trainer.optimizers.Optimizers;
import io.couplet.trainer.recipes.Loss;
import io.couplet.trainer.recipes.Recipe;
import io.couplet.trainer.recipes.Recipes;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code couplet list}: every name a study may use. */
@Command(
        name = "list",
        mixinStandardHelpOptions = true,
        description =
                "List every name a study may use: backbones and their sizes, optimizers, recipes, augmentations, losses, data formats, stopping rules.")
final class ListNamesCommand implements Callable<Integer> {

    private static final int NARROWEST = 14;

    /** What can be listed. */
    enum Kind {
        ALL,
        BACKBONES,
        SIZES,
        OPTIMIZERS,
        RECIPES,
        AUGMENTATIONS,
        LOSSES,
        DATA,
        RULES
    }

    @Parameters(
            arity = "0..1",
            paramLabel = "KIND",
            defaultValue = "all",
            description = "One of: ${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}).")
    Kind kind = Kind.ALL;

    @Option(names = "--json", description = "Print JSON.")
    boolean json;

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it.
    CommandSpec spec;

    @Override
    public Integer call() throws JsonProcessingException {
        Map<String, List<Map<String, Object>>> lists = new LinkedHashMap<>();
        put(lists, Kind.BACKBONES, backbones());
        put(lists, Kind.SIZES, sizes());
        put(lists, Kind.OPTIMIZERS, optimizers());
        put(lists, Kind.RECIPES, recipes());
        put(lists, Kind.AUGMENTATIONS, augmentations());
        put(lists, Kind.LOSSES, losses());
        put(lists, Kind.DATA, data());
        put(lists, Kind.RULES, rules());
        PrintWriter out = spec.commandLine().getOut();
        if (json) {
            out.println(new ObjectMapper().writerWithDefaultPrettyPrinter().writeValueAsString(lists));
            return 0;
        }
        lists.forEach((name, rows) -> {
            out.println(name);
            int width = rows.stream().mapToInt(row -> nameOf(row).length()).reduce(NARROWEST, Math::max);
            for (Map<String, Object> row : rows) {
                String rest = row.entrySet().stream()
                        .skip(1)
                        .map(entry -> String.valueOf(entry.getValue()))
                        .collect(Collectors.joining("  "));
                out.println(
                        "  " + nameOf(row) + " ".repeat(width + 1 - nameOf(row).length()) + rest);
            }
        });
        return 0;
    }

    private static String nameOf(Map<String, Object> row) {
        return String.valueOf(row.get("name"));
    }

    private void put(Map<String, List<Map<String, Object>>> lists, Kind of, List<Map<String, Object>> rows) {
        if (kind == Kind.ALL || kind == of) {
            lists.put(of.name().toLowerCase(Locale.ROOT), rows);
        }
    }

    private static List<Map<String, Object>> backbones() {
        return Backbones.entries().stream()
                .map(entry -> row("name", entry.name(), "title", entry.title(), "family", Label.of(entry.family())))
                .toList();
    }

    private static List<Map<String, Object>> sizes() {
        return Arrays.stream(Backbones.Size.values())
                .map(size -> row("name", size.key(), "what", meaning(size)))
                .toList();
    }

    private static String meaning(Backbones.Size size) {
        return switch (size) {
            case NANO ->
                "the default: a backbone's blocks, few and narrow, for images of about 32 × 32 on a CPU (image-size a multiple of 16);"
                        + " how optimizers compare, not what the backbone of that title reaches";
            case CIFAR ->
                "the backbones as the paper has them, with its stem for images of 32 × 32 (image-size a multiple of 32); for GPUs";
            case PAPER ->
                "the backbones as the paper and timm have them, for images of 224 × 224 (image-size a multiple of 32); for GPUs, and for timm's weights";
        };
    }

    private static List<Map<String, Object>> optimizers() {
        return Optimizers.entries().stream()
                .map(entry -> row(
                        "name",
                        entry.name(),
                        "title",
                        entry.title(),
                        "family",
                        Label.of(entry.family()),
                        "options",
                        entry.options()))
                .toList();
    }

    private static List<Map<String, Object>> recipes() {
        List<Map<String, Object>> rows = new ArrayList<>();
        for (String name : Recipes.names()) {
            Recipe recipe = Recipes.named(name);
            rows.add(row(
                    "name",
                    name,
                    "augmentation",
                    "augmentation " + recipe.augmentation(),
                    "schedule",
                    "cosine with warm-up",
                    "settings",
                    settings(recipe)));
        }
        rows.add(row("name", Recipes.AUTO, "what", "the one of these that belongs to each backbone"));
        return rows;
    }

    /** What of a recipe is switched on, under the names that a study has for it. */
    private static Map<String, Object> settings(Recipe recipe) {
        Map<String, Object> settings = new LinkedHashMap<>();
        settings.put("loss", recipe.loss().key());
        settings.put("label-smoothing", recipe.labelSmoothing());
        settings.put("mixup", recipe.mixup());
        settings.put("cutmix", recipe.cutmix());
        settings.put("random-erasing", recipe.randomErasing());
        settings.put("drop-path", recipe.dropPath());
        settings.put("clip-gradient-norm", recipe.clipGradientNorm());
        settings.put("ema-decay", recipe.emaDecay());
        settings.values().removeIf(value -> value.equals(0.0));
        return settings;
    }

    private static List<Map<String, Object>> augmentations() {
        return Augmentation.names().stream()
                .map(name -> row("name", name, "what", meaning(Augmentation.named(name))))
                .toList();
    }

    private static String meaning(Augmentation augmentation) {
        String window = switch (augmentation.window()) {
            case WHOLE -> "images as they are";
            case MOVED -> "padded by an eighth and cropped at random, mirrored";
            case ENLARGED -> "a random window of 8 to 100 % enlarged to the whole, mirrored";
        };
        RandAugment colours = augmentation.randAugment();
        return colours == null ? window : window + ", RandAugment of magnitude " + Math.round(colours.magnitude());
    }

    private static List<Map<String, Object>> losses() {
        return Arrays.stream(Loss.values())
                .map(loss -> row(
                        "name",
                        loss.key(),
                        "what",
                        switch (loss) {
                            case CROSS_ENTROPY -> "of the softmax over all classes";
                            case BINARY_CROSS_ENTROPY -> "of a sigmoid for each class on its own";
                        }))
                .toList();
    }

    private static List<Map<String, Object>> data() {
        return List.of(
                row("name", "(none)", "what", "built-in procedural images, 10 classes"),
                row(
                        "name",
                        "class folders",
                        "what",
                        "of JPEG, PNG, BMP or GIF; train/ or training/ beside val/, valid/, validation/, test/ or testing/ is taken as the split"),
                row("name", "CIFAR", "what", "the CIFAR-10 or CIFAR-100 binary version"),
                row("name", "IDX", "what", "MNIST-format files, plain or .gz"),
                row("name", "(archives)", "what", "any of these may be a folder, a zip, a tar or a tar.gz"));
    }

    private static List<Map<String, Object>> rules() {
        return Arrays.stream(StoppingRules.values())
                .filter(StoppingRules::forStudies)
                .map(rule -> row("name", rule.key(), "what", rule.summary(), "options", options(rule)))
                .toList();
    }

    /** Defaults by name; null for an option that must be given. */
    private static Map<String, @Nullable Double> options(StoppingRules rule) {
        Map<String, @Nullable Double> options = new LinkedHashMap<>();
        rule.defaults().forEach((name, value) -> options.put(name, Double.isNaN(value) ? null : value));
        return options;
    }

    private static Map<String, Object> row(Object... namesAndValues) {
        Map<String, Object> row = new LinkedHashMap<>();
        for (int i = 0; i < namesAndValues.length; i += 2) {
            row.put((String) namesAndValues[i], namesAndValues[i + 1]);
        }
        return row;
    }
}
