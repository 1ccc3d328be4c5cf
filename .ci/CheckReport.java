import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.File;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Checks what {@code couplet report --format json} wrote: arguments are the file, the number of backbones and of optimizers. */
final class CheckReport {

    private static final List<String> WRONG = new ArrayList<>();

    public static void main(String[] args) throws Exception {
        JsonNode report = new ObjectMapper().readTree(new File(args[0]));
        int backbones = Integer.parseInt(args[1]);
        int optimizers = Integer.parseInt(args[2]);
        for (String key : List.of("study", "cells", "backbones", "optimizers", "advice", "provenance", "counts")) {
            expect(report.hasNonNull(key), key + " is missing");
        }
        expect(report.path("cells").size() == backbones * optimizers, "cells: " + report.path("cells").size());
        expect(report.path("backbones").size() == backbones, "backbones: " + report.path("backbones").size());
        expect(report.path("optimizers").size() == optimizers, "optimizers: " + report.path("optimizers").size());
        Set<String> pairings = new HashSet<>();
        for (JsonNode cell : report.path("cells")) {
            pairings.add(cell.path("backbone").asText() + " with " + cell.path("optimizer").asText());
            for (String key : List.of("runs", "accuracy", "coupling", "steps", "seconds")) {
                expect(cell.path(key).isNumber(), key + " is no number in " + cell);
            }
            expect(cell.path("verdict").isTextual(), "no verdict in " + cell);
            double accuracy = cell.path("accuracy").asDouble(-1);
            expect(accuracy >= 0 && accuracy <= 1, "accuracy is no fraction in " + cell);
            expect(cell.path("steps").asLong() > 0, "no steps in " + cell);
        }
        expect(pairings.size() == backbones * optimizers, "pairings: " + pairings);
        JsonNode counts = report.path("counts");
        expect(counts.path("stepsTrained").asLong() > 0, "counts: " + counts);
        expect(counts.path("stepsTrained").asLong() == counts.path("stepsInTopic").asLong(-1), "counts: " + counts);
        expect(counts.path("deadLetters").asLong(-1) == 0, "counts: " + counts);
        WRONG.forEach(System.err::println);
        System.exit(WRONG.isEmpty() ? 0 : 1);
    }

    private static void expect(boolean condition, String complaint) {
        if (!condition) {
            WRONG.add(complaint);
        }
    }
}
