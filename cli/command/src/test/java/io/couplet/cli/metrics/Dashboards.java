package io.couplet.cli.metrics;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The Grafana dashboards of {@code docker/grafana}. */
public final class Dashboards {

    /** A metric's name as a query has it: not a function, a label, nor what is in quotes. */
    private static final Pattern METRIC = Pattern.compile("\\b(?:couplet|flink|kafka|jvm|process)_[a-zA-Z0-9_]+");

    private Dashboards() {}

    public static List<JsonNode> all() throws IOException {
        try (Stream<Path> files = Files.list(Path.of("../../docker/grafana/dashboards"))) {
            ObjectMapper json = new ObjectMapper();
            return files.sorted()
                    .map(file -> {
                        try {
                            return json.readTree(file.toFile());
                        } catch (IOException e) {
                            throw new UncheckedIOException(e);
                        }
                    })
                    .toList();
        }
    }

    /** Every metric that a query of any panel names. */
    public static Set<String> metrics() throws IOException {
        Set<String> names = new TreeSet<>();
        for (JsonNode dashboard : all()) {
            for (JsonNode expression : dashboard.findValues("expr")) {
                Matcher found = METRIC.matcher(expression.asText().replaceAll("\"[^\"]*\"", ""));
                while (found.find()) {
                    names.add(found.group());
                }
            }
        }
        return names;
    }
}
