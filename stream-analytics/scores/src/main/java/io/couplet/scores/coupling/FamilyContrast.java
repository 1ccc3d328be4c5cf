package io.couplet.scores.coupling;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeSet;
import org.apache.commons.statistics.distribution.TDistribution;

/**
 * How much better a family of optimizers does on a family of backbones than elsewhere, beyond what either does on its own: (its lead over the other
 * optimizers on these backbones) − (its lead on the other backbones). A positive contrast of fixed-rate optimizers on CNNs is "CNNs want SGD".
 *
 * <p>The families' members stand for their families, so the error is the spread between members, not between seeds. Per optimizer i the
 * difference of its mean residual on these backbones and on the others; the contrast's variance by optimizers comes from their mean square within
 * families; likewise by backbones; both are added, and degrees of freedom are Satterthwaite's. That is Clark's min F′ (1973, J. Verbal
 * Learning and Verbal Behavior 12) with an interval: it counts the cells' own errors twice and so errs on the side of too wide. Residuals are those of the additive
 * fit; in a complete table they change nothing, with missing cells they keep main effects out.
 *
 * @param optimizerFamily the family of optimizers
 * @param backboneFamily the family of backbones
 * @param points the contrast in percentage points; no interval while every family of one kind has a single member
 * @param freedom degrees of freedom of the interval; NaN without
 * @param pValue of no contrast, two-sided; NaN without interval
 * @param adjustedPValue the same for all contrasts of the table together (Holm 1979)
 * @param cells cells of the block that report
 * @param cellsExpected cells of the block
 */
public record FamilyContrast(
        String optimizerFamily,
        String backboneFamily,
        Estimate points,
        double freedom,
        double pValue,
        double adjustedPValue,
        int cells,
        int cellsExpected) {

    private static final double UPPER = 0.975;

    /**
     * All contrasts of a table, by optimizer family, then backbone family; empty with fewer than two families of either kind.
     *
     * @param residuals of the additive fit in percentage points, of shape (backbones, optimizers), NaN where missing
     */
    static List<FamilyContrast> of(Table table, double[][] residuals, Families families) {
        List<String> rows = families(table.backbones(), families.backbones());
        List<String> columns = families(table.optimizers(), families.optimizers());
        TreeSet<String> ofRows = distinct(rows);
        TreeSet<String> ofColumns = distinct(columns);
        List<FamilyContrast> contrasts = new ArrayList<>();
        if (ofRows.size() < 2 || ofColumns.size() < 2) {
            return contrasts;
        }
        double[][] byOptimizer = transposed(residuals, columns.size());
        for (String column : ofColumns) {
            for (String row : ofRows) {
                contrasts.add(of(row, column, rows, columns, residuals, byOptimizer));
            }
        }
        return adjusted(contrasts);
    }

    private static FamilyContrast of(
            String row,
            String column,
            List<String> rows,
            List<String> columns,
            double[][] residuals,
            double[][] byOptimizer) {
        Side optimizers = Side.of(byOptimizer, columns, column, rows, row);
        Side backbones = Side.of(residuals, rows, row, columns, column);
        double value = (optimizers.contrast() + backbones.contrast()) / 2;
        double variance = optimizers.variance() + backbones.variance();
        double freedom = variance
                * variance
                / (optimizers.variance() * optimizers.variance() / optimizers.freedom()
                        + backbones.variance() * backbones.variance() / backbones.freedom());
        int cells = 0;
        int expected = 0;
        for (int b = 0; b < rows.size(); b++) {
            for (int o = 0; o < columns.size(); o++) {
                boolean inBlock = row.equals(rows.get(b)) && column.equals(columns.get(o));
                expected += inBlock ? 1 : 0;
                cells += inBlock && !Double.isNaN(residuals[b][o]) ? 1 : 0;
            }
        }
        if (Double.isNaN(value) || !(freedom > 0)) {
            Estimate alone = new Estimate(value, Double.NaN, Double.NaN);
            return new FamilyContrast(column, row, alone, Double.NaN, Double.NaN, Double.NaN, cells, expected);
        }
        TDistribution t = TDistribution.of(freedom);
        double error = Math.sqrt(variance);
        double p = Math.min(1, 2 * t.survivalProbability(Math.abs(value) / error));
        Estimate points = Estimate.around(value, t.inverseCumulativeProbability(UPPER) * error);
        return new FamilyContrast(column, row, points, freedom, p, p, cells, expected);
    }

    /**
     * The contrast seen from one kind of members.
     *
     * @param contrast mean of the family's members less mean of the others
     * @param variance its variance by the members' mean square within families; NaN without degrees of freedom
     * @param freedom members less families
     */
    private record Side(double contrast, double variance, int freedom) {

        static Side of(
                double[][] residuals, List<String> members, String family, List<String> across, String acrossFamily) {
            double[] differences = new double[members.size()];
            for (int i = 0; i < differences.length; i++) {
                differences[i] = mean(residuals[i], across, acrossFamily, true)
                        - mean(residuals[i], across, acrossFamily, false);
            }
            double within = 0;
            int freedom = 0;
            for (String each : distinct(members)) {
                double[] of = of(differences, members, each);
                within += Means.deviations(of);
                freedom += Math.max(0, Means.count(of) - 1);
            }
            double contrast = mean(differences, members, family, true) - mean(differences, members, family, false);
            double shares =
                    1.0 / count(differences, members, family, true) + 1.0 / count(differences, members, family, false);
            return new Side(contrast, freedom == 0 ? Double.NaN : within / freedom * shares, freedom);
        }

        private static double mean(double[] values, List<String> members, String family, boolean inside) {
            return Means.of(of(values, members, family, inside));
        }

        private static int count(double[] values, List<String> members, String family, boolean inside) {
            return Means.count(of(values, members, family, inside));
        }

        private static double[] of(double[] values, List<String> members, String family) {
            return of(values, members, family, true);
        }

        /** The values of a family, or of all other families; NaN elsewhere. */
        private static double[] of(double[] values, List<String> members, String family, boolean inside) {
            double[] chosen = new double[values.length];
            for (int i = 0; i < values.length; i++) {
                boolean isMember = family.equals(members.get(i));
                boolean counts =
                        inside ? isMember : !isMember && !members.get(i).isEmpty();
                chosen[i] = counts ? values[i] : Double.NaN;
            }
            return chosen;
        }
    }

    /** Holm's step-down adjustment: the k-th smallest of n p-values times n − k + 1, never less than one before it. */
    private static List<FamilyContrast> adjusted(List<FamilyContrast> contrasts) {
        List<FamilyContrast> ranked = contrasts.stream()
                .filter(c -> !Double.isNaN(c.pValue()))
                .sorted(Comparator.comparingDouble(FamilyContrast::pValue))
                .toList();
        List<FamilyContrast> adjusted = new ArrayList<>(contrasts);
        double before = 0;
        for (int k = 0; k < ranked.size(); k++) {
            FamilyContrast c = ranked.get(k);
            before = Math.max(before, Math.min(1, c.pValue() * (ranked.size() - k)));
            adjusted.set(
                    contrasts.indexOf(c),
                    new FamilyContrast(
                            c.optimizerFamily(),
                            c.backboneFamily(),
                            c.points(),
                            c.freedom(),
                            c.pValue(),
                            before,
                            c.cells(),
                            c.cellsExpected()));
        }
        return List.copyOf(adjusted);
    }

    /** The family of each member, empty for one without. */
    private static List<String> families(List<String> members, Map<String, String> families) {
        return members.stream()
                .map(member -> Objects.requireNonNullElse(families.get(member), ""))
                .toList();
    }

    private static TreeSet<String> distinct(List<String> families) {
        TreeSet<String> distinct = new TreeSet<>(families);
        distinct.remove("");
        return distinct;
    }

    private static double[][] transposed(double[][] values, int columns) {
        double[][] transposed = new double[columns][];
        for (int j = 0; j < columns; j++) {
            transposed[j] = Means.column(values, j);
        }
        return transposed;
    }
}
