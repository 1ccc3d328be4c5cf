package io.couplet.producers.tail;

import io.couplet.producers.RecordedCurves.Column;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What the logs do not say, and what overrides them.
 *
 * @param study the study's name
 * @param facts run, backbone, optimizer, seed and budget of all runs, as far as they are given; they come before those of the path, these before those in the log
 * @param pattern what paths say of their runs; null for nothing
 * @param format the form of all files; null tells it by their names
 * @param columns what the logs call metrics, where not by a usual name
 * @param accuraciesInPercent whether accuracies are percentages; null takes a run's for such when its first one is above 1
 * @param stepsPerEpoch steps of an epoch, for logs that count epochs; 0 when unknown
 * @param rungs evaluations of a whole run; 0 takes the budget by the step of the study's first one
 * @param warmupSteps steps of learning-rate warm-up
 * @param schedule cosine, step or constant; null when unknown
 * @param drops with step: the first steps with a lower rate
 * @param classes number of classes; 0 when unknown
 * @param samples validation images; 0 when unknown
 */
public record TailSettings(
        String study,
        Map<String, String> facts,
        @Nullable PathPattern pattern,
        @Nullable LogFormat format,
        Map<Column, String> columns,
        @Nullable Boolean accuraciesInPercent,
        long stepsPerEpoch,
        int rungs,
        int warmupSteps,
        @Nullable String schedule,
        List<Integer> drops,
        int classes,
        int samples) {

    /** More are a mistake: each is scored on its own. */
    static final int MOST_RUNGS = 2_000;

    public TailSettings {
        facts = Map.copyOf(facts);
        columns = Map.copyOf(columns);
        drops = List.copyOf(drops);
        if (rungs < 0 || rungs > MOST_RUNGS) {
            throw new IllegalArgumentException("rungs must be from 0 to " + MOST_RUNGS + ", was " + rungs);
        }
        if (stepsPerEpoch < 0) {
            throw new IllegalArgumentException("stepsPerEpoch must not be negative, was " + stepsPerEpoch);
        }
    }

    /** With everything left to the logs. */
    public static TailSettings of(String study) {
        return new TailSettings(study, Map.of(), null, null, Map.of(), null, 0, 0, 0, null, List.of(), 0, 0);
    }

    /** The same with what holds for all runs. */
    public TailSettings withFacts(Map<String, String> newFacts) {
        return new TailSettings(
                study,
                newFacts,
                pattern,
                format,
                columns,
                accuraciesInPercent,
                stepsPerEpoch,
                rungs,
                warmupSteps,
                schedule,
                drops,
                classes,
                samples);
    }

    /** The same with a pattern of paths. */
    public TailSettings withPattern(PathPattern newPattern) {
        return new TailSettings(
                study,
                facts,
                newPattern,
                format,
                columns,
                accuraciesInPercent,
                stepsPerEpoch,
                rungs,
                warmupSteps,
                schedule,
                drops,
                classes,
                samples);
    }
}
