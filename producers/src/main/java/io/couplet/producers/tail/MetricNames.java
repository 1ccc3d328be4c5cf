package io.couplet.producers.tail;

import io.couplet.producers.RecordedCurves.Column;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Which of a log's numbers is which metric: by the names given, else by the first of the usual ones that there is. Usual names are compared in lower case with every other sign
 * taken as a slash, so that {@code train_loss}, {@code train/loss} and {@code Train.Loss} are one.
 */
final class MetricNames {

    private static final Map<Column, List<String>> USUAL = usual();

    private final Map<Column, String> given;

    MetricNames(Map<Column, String> given) {
        this.given = Map.copyOf(given);
    }

    /** The usual names of a metric, in the order in which they are looked for. */
    static List<String> usual(Column column) {
        return USUAL.getOrDefault(column, List.of());
    }

    private static Map<Column, List<String>> usual() {
        Map<Column, List<String>> names = new EnumMap<>(Column.class);
        names.put(
                Column.LOSS,
                List.of("loss", "train/loss", "loss/train", "training/loss", "train/loss/step", "train/total/loss"));
        names.put(
                Column.LEARNING_RATE,
                List.of(
                        "lr",
                        "learning/rate",
                        "train/lr",
                        "train/learning/rate",
                        "lr/train",
                        "base/lr",
                        "train/base/lr"));
        names.put(
                Column.GRADIENT_NORM,
                List.of("grad/norm", "gradient/norm", "train/grad/norm", "train/gradient/norm", "gradnorm"));
        names.put(
                Column.BATCH_ACCURACY,
                List.of(
                        "batch/accuracy",
                        "train/acc",
                        "train/accuracy",
                        "acc/train",
                        "accuracy/train",
                        "train/top1",
                        "train/acc1",
                        "train/top1/acc",
                        "train/acc/one",
                        "train/head0/top1"));
        names.put(
                Column.VALIDATION_LOSS,
                List.of(
                        "val/loss",
                        "valid/loss",
                        "validation/loss",
                        "loss/val",
                        "loss/validation",
                        "eval/loss",
                        "test/loss",
                        "loss/test"));
        names.put(Column.SECONDS, List.of("seconds", "runtime"));
        names.put(Column.TOP1, top("1", List.of("acc", "accuracy")));
        names.put(Column.TOP5, top("5", List.of()));
        return names;
    }

    private static List<String> top(String k, List<String> without) {
        List<String> names = new ArrayList<>(List.of("top" + k, "accuracy/top" + k, "accuracy/top/" + k, "acc" + k));
        for (String split : List.of("val", "valid", "validation", "eval", "test")) {
            for (String metric : List.of(
                    "top" + k,
                    "acc" + k,
                    "accuracy/top" + k,
                    "accuracy/top/" + k,
                    "top" + k + "/acc",
                    "head0/top" + k)) {
                names.add(split + "/" + metric);
            }
            for (String metric : without) {
                names.add(split + "/" + metric);
                names.add(metric + "/" + split);
            }
        }
        return List.copyOf(names);
    }

    /** The metrics among the numbers. */
    Map<Column, Double> metrics(Map<String, Double> values) {
        Map<Column, Double> metrics = new EnumMap<>(Column.class);
        Map<String, Double> plain = new HashMap<>();
        values.forEach((name, value) -> plain.putIfAbsent(plain(name), value));
        for (Column column : Column.values()) {
            String name = given.get(column);
            if (name != null) {
                Double value = values.get(name);
                if (value != null) {
                    metrics.put(column, value);
                }
                continue;
            }
            for (String usual : usual(column)) {
                Double value = plain.get(usual);
                if (value != null) {
                    metrics.put(column, value);
                    break;
                }
            }
        }
        return metrics;
    }

    private static String plain(String name) {
        StringBuilder plain = new StringBuilder(name.length());
        for (char c : name.toLowerCase(Locale.ROOT).toCharArray()) {
            if (Character.isLetterOrDigit(c)) {
                plain.append(c);
            } else if (!plain.isEmpty() && plain.charAt(plain.length() - 1) != '/') {
                plain.append('/');
            }
        }
        return plain.toString();
    }
}
