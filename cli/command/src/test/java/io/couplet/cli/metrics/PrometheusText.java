package io.couplet.cli.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Prometheus' text format 0.0.4, read strictly: every line is a comment, HELP, TYPE or a sample; a TYPE stands once and before its samples; a sample stands once.
 *
 * @see <a href="https://prometheus.io/docs/instrumenting/exposition_formats/">Exposition formats</a>
 */
public record PrometheusText(Map<String, String> types, Map<String, Double> samples) {

    private static final String NAME = "[a-zA-Z_:][a-zA-Z0-9_:]*";
    private static final String LABEL = "[a-zA-Z_][a-zA-Z0-9_]*=\"(?:[^\"\\\\\\n]|\\\\[\"\\\\n])*\"";
    private static final Pattern SAMPLE =
            Pattern.compile("(" + NAME + ")(\\{(?:" + LABEL + "(?:," + LABEL + ")*)?\\})? (\\S+)( -?\\d+)?");
    private static final Pattern TYPE =
            Pattern.compile("# TYPE (" + NAME + ") (counter|gauge|histogram|summary|untyped)");
    private static final Pattern HELP = Pattern.compile("# HELP " + NAME + " .*");

    public static PrometheusText read(String text) {
        assertThat(text).endsWith("\n");
        Map<String, String> types = new HashMap<>();
        Map<String, Double> samples = new TreeMap<>();
        Set<String> begun = new HashSet<>();
        for (String line : text.split("\n")) {
            Matcher type = TYPE.matcher(line);
            if (type.matches()) {
                assertThat(types.put(type.group(1), type.group(2))).as(line).isNull();
                assertThat(begun).as(line).doesNotContain(type.group(1));
            } else if (!HELP.matcher(line).matches()) {
                Matcher sample = SAMPLE.matcher(line);
                assertThat(sample.matches()).as("is a sample: " + line).isTrue();
                String labels = sample.group(2) == null ? "" : sample.group(2);
                begun.add(sample.group(1));
                assertThat(samples.put(sample.group(1) + labels, number(sample.group(3))))
                        .as("stands once: " + line)
                        .isNull();
            }
        }
        return new PrometheusText(types, samples);
    }

    private static double number(String text) {
        return switch (text) {
            case "+Inf" -> Double.POSITIVE_INFINITY;
            case "-Inf" -> Double.NEGATIVE_INFINITY;
            default -> Double.parseDouble(text);
        };
    }

    /** A sample by its name and labels, e.g. {@code runs{state="completed"}}; labels in alphabetical order. */
    public double value(String sample) {
        assertThat(samples).containsKey(sample);
        return samples.getOrDefault(sample, Double.NaN);
    }

    /** Names of all samples, without labels. */
    public Set<String> names() {
        Set<String> names = new TreeSet<>();
        samples.keySet().forEach(sample -> names.add(sample.replaceFirst("\\{.*", "")));
        return names;
    }
}
