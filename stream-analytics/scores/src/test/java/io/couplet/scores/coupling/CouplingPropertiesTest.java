package io.couplet.scores.coupling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.quicktheories.QuickTheory.qt;
import static org.quicktheories.generators.SourceDSL.integers;
import static org.quicktheories.generators.SourceDSL.longs;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class CouplingPropertiesTest {

    @Test
    void relabellingPermutesEverything() {
        qt().withExamples(100)
                .forAll(integers().between(2, 6), integers().between(2, 6), longs().all())
                .checkAssert((rows, columns, seed) -> {
                    double[][] table = random(rows, columns, seed);
                    Coupling straight = Coupling.of(CouplingTest.grid(table), 500);
                    List<Observation> renamed = new ArrayList<>();
                    for (Observation run : CouplingTest.observations(table)) {
                        renamed.add(new Observation(
                                reversed(run.backbone()),
                                reversed(run.optimizer()),
                                0,
                                1,
                                run.accuracy(),
                                false,
                                run.deviceSeconds()));
                    }
                    Collections.shuffle(renamed, new Random(seed));
                    Coupling permuted = Coupling.of(Table.of(List.of(), List.of(), renamed, 0.1), 500);
                    assertThat(permuted.shares().interaction().value())
                            .isCloseTo(straight.shares().interaction().value(), within(1e-9));
                    for (Coupling.CellCoupling cell : straight.cells()) {
                        Coupling.CellCoupling other =
                                permuted.cell(reversed(cell.backbone()), reversed(cell.optimizer()));
                        assertThat(other.residualPoints().value())
                                .isCloseTo(cell.residualPoints().value(), within(1e-6));
                        assertThat(other.residualPoints().low())
                                .isCloseTo(cell.residualPoints().low(), within(1e-6));
                        assertThat(other.failed()).isEqualTo(cell.failed());
                        assertThat(other.indistinguishableFromBest()).isEqualTo(cell.indistinguishableFromBest());
                    }
                });
    }

    @Test
    void halvingAccuraciesHalvesResidualsAndKeepsShares() {
        qt().withExamples(100)
                .forAll(integers().between(2, 6), integers().between(2, 6), longs().all())
                .checkAssert((rows, columns, seed) -> {
                    double[][] table = random(rows, columns, seed);
                    double[][] half = new double[rows][columns];
                    for (int b = 0; b < rows; b++) {
                        for (int o = 0; o < columns; o++) {
                            half[b][o] = table[b][o] / 2;
                        }
                    }
                    Coupling whole = Coupling.of(CouplingTest.grid(table), 0);
                    Coupling halved = Coupling.of(CouplingTest.grid(half), 0);
                    for (Coupling.CellCoupling cell : whole.cells()) {
                        assertThat(halved.cell(cell.backbone(), cell.optimizer())
                                        .residualPoints()
                                        .value())
                                .isCloseTo(cell.residualPoints().value() / 2, within(1e-9));
                    }
                    assertThat(halved.shares().backbone().value())
                            .isCloseTo(whole.shares().backbone().value(), within(1e-9));
                });
    }

    @Test
    void duplicatesAndOrderChangeNothing() {
        qt().withExamples(100)
                .forAll(integers().between(1, 5), integers().between(1, 5), longs().all())
                .checkAssert((rows, columns, seed) -> {
                    List<Observation> runs = new ArrayList<>(CouplingTest.observations(random(rows, columns, seed)));
                    List<Observation> twice = new ArrayList<>(runs);
                    twice.addAll(runs);
                    Collections.shuffle(twice, new Random(seed));
                    assertThat(Table.of(List.of(), List.of(), twice, 0.1))
                            .isEqualTo(Table.of(List.of(), List.of(), runs, 0.1));
                    assertThat(Coupling.of(Table.of(List.of(), List.of(), twice, 0.1), 100))
                            .isEqualTo(Coupling.of(Table.of(List.of(), List.of(), runs, 0.1), 100));
                });
    }

    @Test
    void aPlantedAdditiveTableHasNoInteraction() {
        qt().withExamples(100)
                .forAll(integers().between(2, 8), integers().between(2, 8), longs().all())
                .checkAssert((rows, columns, seed) -> {
                    SplittableRandom random = new SplittableRandom(seed);
                    double[] backbone = random.doubles(rows, 0, 0.4).toArray();
                    double[] optimizer = random.doubles(columns, 0, 0.4).toArray();
                    double[][] table = new double[rows][columns];
                    for (int b = 0; b < rows; b++) {
                        for (int o = 0; o < columns; o++) {
                            table[b][o] = 0.1 + backbone[b] + optimizer[o];
                        }
                    }
                    Coupling coupling = Coupling.of(CouplingTest.grid(table), 0);
                    assertThat(coupling.shares().interaction().value()).isCloseTo(0, within(1e-12));
                    assertThat(coupling.cells())
                            .allSatisfy(
                                    c -> assertThat(c.residualPoints().value()).isCloseTo(0, within(1e-9)));
                });
    }

    @Test
    void sharesAddUpToOneWithCellsMissing() {
        qt().withExamples(100)
                .forAll(integers().between(3, 6), integers().between(3, 6), longs().all())
                .checkAssert((rows, columns, seed) -> {
                    double[][] table = random(rows, columns, seed);
                    table[0][0] = Double.NaN;
                    table[rows - 1][columns - 1] = Double.NaN;
                    VarianceShares shares =
                            Coupling.of(CouplingTest.grid(table), 0).shares();
                    assertThat(shares.backbone().value()
                                    + shares.optimizer().value()
                                    + shares.interaction().value())
                            .isCloseTo(1, within(1e-9));
                });
    }

    private static String reversed(String label) {
        return label.charAt(0) + "r" + (9 - Integer.parseInt(label.substring(1)));
    }

    private static double[][] random(int rows, int columns, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        double[][] table = new double[rows][];
        for (int b = 0; b < rows; b++) {
            table[b] = random.doubles(columns, 0.05, 0.95).toArray();
        }
        return table;
    }
}
