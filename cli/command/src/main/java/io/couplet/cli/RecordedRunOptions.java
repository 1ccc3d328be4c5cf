package io.couplet.cli;

import io.couplet.cli.local.UserError;
import io.couplet.producers.RecordedCurves.Column;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What files of runs that were trained elsewhere do not say of themselves. */
final class RecordedRunOptions {

    /** What accuracies are. */
    enum Unit {
        AUTO,
        PERCENT,
        FRACTION
    }

    /** Forms of learning-rate schedules. */
    enum ScheduleName {
        COSINE,
        STEP,
        CONSTANT
    }

    @Option(
            names = "--column",
            paramLabel = "NAME=HEADING",
            description =
                    "What the files call a column or metric, e.g. top1=eval/acc; may be given several times. Names: loss,"
                            + " learning_rate, gradient_norm, batch_accuracy, validation_loss, top1, top5, seconds; where rows name"
                            + " their runs also run, backbone, optimizer, seed, step, budget.")
    private Map<String, String> columns = Map.of();

    @Option(
            names = "--unit",
            defaultValue = "auto",
            description =
                    "Unit of accuracies, one of: ${COMPLETION-CANDIDATES}; auto takes percent when there is one above 1"
                            + " (default: ${DEFAULT-VALUE}).")
    private Unit unit = Unit.AUTO;

    @Option(
            names = "--warmup-steps",
            paramLabel = "N",
            defaultValue = "0",
            description = "Steps of learning-rate warm-up, in which nothing is judged (default: ${DEFAULT-VALUE}).")
    int warmupSteps;

    @Option(
            names = "--schedule",
            description = "Learning rate after the warm-up, one of: ${COMPLETION-CANDIDATES} (default: unknown).")
    private @Nullable ScheduleName schedule;

    @Option(
            names = "--drops",
            paramLabel = "STEP",
            split = ",",
            description = "With --schedule step: the first steps with a lower learning rate, ascending.")
    List<Integer> drops = List.of();

    @Option(
            names = "--classes",
            paramLabel = "N",
            defaultValue = "0",
            description = "Classes of the data, for chance level; 0 for unknown (default: ${DEFAULT-VALUE}).")
    int classes;

    @Option(
            names = "--samples",
            paramLabel = "N",
            defaultValue = "0",
            description = "Validation images of each accuracy; 0 for unknown (default: ${DEFAULT-VALUE}).")
    int samples;

    /** @throws UserError naming the first flag that cannot be meant */
    void check() {
        require(warmupSteps >= 0, "--warmup-steps must not be negative, was " + warmupSteps + ".");
        require(classes >= 0, "--classes must not be negative, was " + classes + ".");
        require(samples >= 0, "--samples must not be negative, was " + samples + ".");
        require(drops.isEmpty() || schedule == ScheduleName.STEP, "--drops needs --schedule step.");
        int before = 0;
        for (int drop : drops) {
            require(drop > before, "--drops must be ascending steps from 1, " + drop + " comes after " + before + ".");
            before = drop;
        }
    }

    /** Null where the runs themselves show it. */
    @Nullable
    Boolean percent() {
        return unit == Unit.AUTO ? null : Boolean.valueOf(unit == Unit.PERCENT);
    }

    @Nullable
    String schedule() {
        return schedule == null ? null : schedule.name().toLowerCase(Locale.ROOT);
    }

    Map<Column, String> headings() {
        Map<Column, String> headings = new EnumMap<>(Column.class);
        columns.forEach((name, heading) -> {
            try {
                headings.put(Column.valueOf(name.toUpperCase(Locale.ROOT)), heading);
            } catch (IllegalArgumentException e) {
                throw new UserError(
                        "--column " + name + "=" + heading + ": there is no " + name + "; there are "
                                + Arrays.stream(Column.values())
                                        .map(Column::heading)
                                        .collect(Collectors.joining(", "))
                                + ".",
                        e);
            }
        });
        return headings;
    }

    private static void require(boolean holds, String sentence) {
        if (!holds) {
            throw new UserError(sentence);
        }
    }
}
