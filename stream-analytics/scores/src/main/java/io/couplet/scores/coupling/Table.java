package io.couplet.scores.coupling;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The backbone × optimizer table; cells may be missing.
 *
 * @param backbones all backbones that are expected to report, in the order in which results name them
 * @param optimizers all optimizers that are expected to report
 * @param cells the cells that report
 */
public record Table(List<String> backbones, List<String> optimizers, Map<Pairing, Cell> cells) {

    public Table {
        backbones = List.copyOf(backbones);
        optimizers = List.copyOf(optimizers);
        cells = Collections.unmodifiableMap(new HashMap<>(cells));
        Set<String> rows = new HashSet<>(backbones);
        Set<String> columns = new HashSet<>(optimizers);
        if (rows.size() < backbones.size() || columns.size() < optimizers.size()) {
            throw new IllegalArgumentException("names must be distinct, were " + backbones + " and " + optimizers);
        }
        for (Pairing pairing : cells.keySet()) {
            if (!rows.contains(pairing.backbone()) || !columns.contains(pairing.optimizer())) {
                throw new IllegalArgumentException("cell " + pairing + " lies outside the table");
            }
        }
    }

    /**
     * Makes cells of runs: the same run twice counts once (the later one), each point is averaged over its seeds, each pairing takes its best point.
     *
     * @param backbones all backbones expected; those that only observations name follow in alphabetical order
     * @param optimizers all optimizers expected, likewise
     * @param observations the runs, in any order
     * @param chanceLevel the accuracy of guessing, for runs that diverged
     */
    public static Table of(
            List<String> backbones, List<String> optimizers, Collection<Observation> observations, double chanceLevel) {
        Map<Pairing, Map<Integer, Map<Long, Observation>>> grouped = new HashMap<>();
        for (Observation run : observations) {
            grouped.computeIfAbsent(new Pairing(run.backbone(), run.optimizer()), key -> new TreeMap<>())
                    .computeIfAbsent(run.point(), key -> new TreeMap<>())
                    .put(run.seed(), run);
        }
        Map<Pairing, Cell> cells = new HashMap<>();
        grouped.forEach((pairing, points) -> cells.put(pairing, best(points, chanceLevel)));
        return new Table(
                withUnexpected(
                        backbones,
                        cells.keySet().stream().map(Pairing::backbone).toList()),
                withUnexpected(
                        optimizers,
                        cells.keySet().stream().map(Pairing::optimizer).toList()),
                cells);
    }

    private static Cell best(Map<Integer, Map<Long, Observation>> points, double chanceLevel) {
        int runs = points.values().stream().mapToInt(Map::size).sum();
        Cell best = null;
        for (Map.Entry<Integer, Map<Long, Observation>> point : points.entrySet()) {
            Cell cell = cell(point.getKey(), point.getValue().values(), runs, chanceLevel);
            best = best == null || cell.accuracy() > best.accuracy() ? cell : best;
        }
        if (best == null) {
            throw new IllegalArgumentException("a pairing must have at least one run, had none");
        }
        return best;
    }

    private static Cell cell(int point, Collection<Observation> seeds, int runs, double chanceLevel) {
        List<Double> accuracies = new ArrayList<>();
        int diverged = 0;
        double seconds = 0;
        for (Observation run : seeds) {
            accuracies.add(run.diverged() ? chanceLevel : run.accuracy());
            diverged += run.diverged() ? 1 : 0;
            seconds += run.deviceSeconds();
        }
        return new Cell(point, accuracies, diverged, runs, seconds / accuracies.size());
    }

    private static List<String> withUnexpected(List<String> expected, List<String> seen) {
        Set<String> known = new HashSet<>(expected);
        List<String> names = new ArrayList<>(expected.stream().distinct().toList());
        seen.stream().distinct().sorted().filter(name -> !known.contains(name)).forEach(names::add);
        return names;
    }

    /** The cell, empty while it does not report. */
    public Optional<Cell> cell(String backbone, String optimizer) {
        return Optional.ofNullable(cells.get(new Pairing(backbone, optimizer)));
    }

    /** Cells of the whole grid. */
    public int cellsExpected() {
        return backbones.size() * optimizers.size();
    }

    /** Cells of shape (backbones, optimizers); null where none reports. */
    @Nullable
    Cell[][] grid() {
        Cell[][] grid = new Cell[backbones.size()][optimizers.size()];
        for (int b = 0; b < grid.length; b++) {
            for (int o = 0; o < grid[b].length; o++) {
                grid[b][o] = cells.get(new Pairing(backbones.get(b), optimizers.get(o)));
            }
        }
        return grid;
    }
}
