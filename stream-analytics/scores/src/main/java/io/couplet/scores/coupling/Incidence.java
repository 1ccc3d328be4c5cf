package io.couplet.scores.coupling;

import java.util.Arrays;

/**
 * What a table's missing cells leave of it: the table as a bipartite graph, rows and columns its nodes, cells that report its edges.
 *
 * <p>Effects can be compared within a block (a connected component) only. A cell that no cycle of cells passes is fitted exactly by any additive
 * model: its residual is 0 whatever its value, and says nothing. Such edges are the graph's bridges (Tarjan 1974).
 *
 * @param rowBlocks block of each row; −1 for a row without cells
 * @param columnBlocks block of each column; −1 likewise
 * @param blocks how many blocks
 * @param rows rows that report
 * @param columns columns that report
 * @param cells cells that report
 * @param bridges of the table's shape: whether the additive model fits the cell exactly
 */
record Incidence(
        int[] rowBlocks, int[] columnBlocks, int blocks, int rows, int columns, int cells, boolean[][] bridges) {

    static Incidence of(double[][] values) {
        return new Search(values).incidence();
    }

    /** Degrees of freedom that the additive fit leaves: cells less its free parameters. */
    int freedom() {
        return cells - rows - columns + blocks;
    }

    /** True when every row that reports has a cell in every column that reports. */
    boolean isComplete() {
        return cells == rows * columns;
    }

    /** Depth-first search with its own stack: a table may have more rows than the call stack has frames. */
    private static final class Search {

        private final double[][] values;
        private final int rows;
        private final int nodes;
        private final int[] block;
        private final int[] seen;
        private final int[] lowest;
        private final int[] parent;
        private final int[] next;
        private final boolean[][] bridges;
        private int clock;

        Search(double[][] values) {
            this.values = values;
            this.rows = values.length;
            int columns = rows == 0 ? 0 : values[0].length;
            this.nodes = rows + columns;
            this.block = new int[nodes];
            this.seen = new int[nodes];
            this.lowest = new int[nodes];
            this.parent = new int[nodes];
            this.next = new int[nodes];
            this.bridges = new boolean[rows][columns];
            Arrays.fill(block, -1);
        }

        Incidence incidence() {
            int blocks = 0;
            for (int node = 0; node < nodes; node++) {
                if (block[node] < 0 && nextNeighbour(node) >= 0) {
                    next[node] = 0;
                    walk(node, blocks++);
                }
            }
            int cells = 0;
            for (double[] row : values) {
                cells += Means.count(row);
            }
            int[] rowBlocks = Arrays.copyOf(block, rows);
            int[] columnBlocks = Arrays.copyOfRange(block, rows, nodes);
            return new Incidence(
                    rowBlocks, columnBlocks, blocks, reporting(rowBlocks), reporting(columnBlocks), cells, bridges);
        }

        private static int reporting(int[] blocks) {
            return (int) Arrays.stream(blocks).filter(b -> b >= 0).count();
        }

        private void walk(int root, int number) {
            int[] stack = new int[nodes];
            int depth = 0;
            enter(root, -1, number);
            stack[depth++] = root;
            while (depth > 0) {
                int node = stack[depth - 1];
                int neighbour = nextNeighbour(node);
                if (neighbour < 0) {
                    depth--;
                    leave(node);
                } else if (block[neighbour] < 0) {
                    enter(neighbour, node, number);
                    stack[depth++] = neighbour;
                } else if (neighbour != parent[node]) {
                    lowest[node] = Math.min(lowest[node], seen[neighbour]);
                }
            }
        }

        private void enter(int node, int from, int number) {
            block[node] = number;
            parent[node] = from;
            seen[node] = ++clock;
            lowest[node] = clock;
        }

        private void leave(int node) {
            int above = parent[node];
            if (above >= 0) {
                lowest[above] = Math.min(lowest[above], lowest[node]);
                if (lowest[node] > seen[above]) {
                    bridges[Math.min(node, above)][Math.max(node, above) - rows] = true;
                }
            }
        }

        /** The next node that shares a cell with this one, −1 after the last. */
        private int nextNeighbour(int node) {
            boolean isRow = node < rows;
            int others = isRow ? nodes - rows : rows;
            while (next[node] < others) {
                int other = next[node]++;
                double value = isRow ? values[node][other] : values[other][node - rows];
                if (!Double.isNaN(value)) {
                    return isRow ? rows + other : other;
                }
            }
            return -1;
        }
    }
}
