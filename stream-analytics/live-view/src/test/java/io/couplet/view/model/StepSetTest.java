package io.couplet.view.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

final class StepSetTest {

    @Test
    void aStepCountsOnceInWhateverOrder() {
        for (long seed = 0; seed < 50; seed++) {
            Random random = new Random(seed);
            List<Integer> steps = new ArrayList<>();
            for (int i = 0; i < 300; i++) {
                steps.add(1 + random.nextInt(200));
            }
            Collections.shuffle(steps, random);
            StepSet set = new StepSet(steps.get(0) - 1);
            Set<Integer> oracle = new HashSet<>();
            for (int step : steps) {
                assertThat(set.add(step)).isEqualTo(oracle.add(step));
            }
            assertThat(set.size()).isEqualTo(oracle.size());
        }
    }
}
