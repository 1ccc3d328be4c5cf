package io.couplet.trainer.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class RanksTest {

    @Test
    void countsLabelsAmongTheBestAndSumsTheLoss() {
        float[] logits = {3, 1, 2, 0, 0, 0, -1, 5, 4};
        Ranks ranks = Ranks.of(logits, 3, new int[] {0, 1, 0}, 3);
        assertThat(ranks.withinBest(1)).isEqualTo(1);
        assertThat(ranks.withinBest(2)).isEqualTo(2);
        assertThat(ranks.withinBest(3)).isEqualTo(3);
        double first = Math.log(Math.exp(3) + Math.exp(1) + Math.exp(2)) - 3;
        double third = Math.log(Math.exp(-1) + Math.exp(5) + Math.exp(4)) + 1;
        assertThat(ranks.lossSum()).isCloseTo(first + Math.log(3) + third, within(1e-6));
    }

    @Test
    void equalLogitsAreRankedByClassSoThatAConstantModelIsAtChance() {
        Ranks ranks = Ranks.of(new float[] {1, 1, 1, 1}, 2, new int[] {0, 1}, 2);
        assertThat(ranks.withinBest(1)).isEqualTo(1);
    }

    @Test
    void aLabelWhoseLogitIsNotANumberIsNeverRight() {
        Ranks ranks = Ranks.of(new float[] {Float.NaN, Float.NaN}, 2, new int[] {0}, 1);
        assertThat(ranks.withinBest(1)).isZero();
        assertThat(ranks.lossSum()).isNaN();
    }
}
