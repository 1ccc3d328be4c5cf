package io.couplet.schemas.study;

import io.couplet.schemas.RunId;
import io.couplet.schemas.avro.RunRequest;
import io.couplet.schemas.avro.StudyGrid;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * How many runs a study has, as far as the requests read so far can tell; the same whatever order they come in, and never more than there are. A study may be asked for
 * several times with different grids: each of them is there with all its runs, and so is every known run that lies outside it. Once all requests are read, that is the number of known runs.
 */
public final class RunsAsked {

    private final Map<StudyGrid, Grid> grids = new HashMap<>();
    private final Set<RunId> known = new HashSet<>();

    /** One grid, its names as run ids have them. */
    private static final class Grid {
        private final Set<String> backbones;
        private final Set<String> optimizers;
        private final Set<Long> seeds;
        private final int runs;
        private int knownOutside;

        Grid(StudyGrid grid) {
            backbones = grid.getBackbones().stream().map(RunId::part).collect(Collectors.toSet());
            optimizers = grid.getOptimizers().stream().map(RunId::part).collect(Collectors.toSet());
            seeds = Set.copyOf(grid.getSeeds());
            runs = runs(grid);
        }

        void know(RunId run) {
            if (!backbones.contains(run.backbone())
                    || !optimizers.contains(run.optimizer())
                    || !seeds.contains(run.seed())) {
                knownOutside++;
            }
        }
    }

    /**
     * Takes in a request: its grid and its run.
     *
     * @return whether the grid is a new one
     */
    public boolean add(RunRequest request) {
        boolean isNew = !grids.containsKey(request.getGrid());
        if (isNew) {
            Grid grid = new Grid(request.getGrid());
            known.forEach(grid::know);
            grids.put(request.getGrid(), grid);
        }
        add(RunId.parse(request.getRunId()));
        return isNew;
    }

    /** Takes in a run that any record tells of. */
    public void add(RunId run) {
        if (known.add(run)) {
            grids.values().forEach(grid -> grid.know(run));
        }
    }

    /** Whether any request was read: without one nobody knows whether more runs are to come. */
    public boolean asked() {
        return !grids.isEmpty();
    }

    /** So many runs at least. */
    public int atLeast() {
        return grids.values().stream()
                .mapToInt(grid -> grid.runs + grid.knownOutside)
                .reduce(known.size(), Math::max);
    }

    /** Runs of a grid; of one that does not say, as many as there are at least: of its hyper-parameter points it tells the most that any optimizer has. */
    public static int runs(StudyGrid grid) {
        return grid.getRuns() > 0
                ? grid.getRuns()
                : grid.getBackbones().size()
                        * Math.max(1, grid.getSeeds().size())
                        * (grid.getOptimizers().size() - 1 + Math.max(1, grid.getHyperparameterPoints()));
    }
}
