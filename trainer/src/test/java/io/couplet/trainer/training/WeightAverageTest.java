package io.couplet.trainer.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WeightAverageTest {
    private static final int ELEMENTS = 8_192 + 5;

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void theAverageFollowsTheFormulaOnTheHostAndAsWholeBuffers(boolean onHost) {
        Torch.start();
        try (NDManager manager = NDManager.newBaseManager(Torch.device("cpu"), "PyTorch")) {
            WeightAverage average =
                    new WeightAverage(0.5, manager.create(net(0)), manager.create(new float[] {1, 2}), manager, onHost);
            double[] expected = {0, 0};
            for (int step = 1; step <= 30; step++) {
                average.update(manager.create(net(step)), manager.create(new float[] {1 + step, 2 + step}), step);
                double decay = Math.min(0.5, (1.0 + step) / (10 + step));
                expected[0] = decay * expected[0] + (1 - decay) * step;
                expected[1] = decay * expected[1] + (1 - decay) * step * (ELEMENTS - 1);
            }
            float[] parameters = average.parameters().toFloatArray();
            NDArray buffers = average.buffers();
            assertThat(parameters).hasSize(ELEMENTS);
            assertThat(parameters[1]).isCloseTo((float) expected[0], within(1e-4f));
            assertThat(parameters[ELEMENTS - 1]).isCloseTo((float) expected[1], within(1f));
            assertThat(buffers).isNotNull();
            if (buffers != null) {
                assertThat(buffers.toFloatArray()[1]).isCloseTo((float) expected[0] + 2, within(1e-4f));
            }
        }
    }

    /** Element k of the net after step t is t · k. */
    private static float[] net(int step) {
        float[] values = new float[ELEMENTS];
        for (int k = 0; k < ELEMENTS; k++) {
            values[k] = (float) step * k;
        }
        return values;
    }

    @Test
    void theAverageMovesMuchAtFirstAndByTheDecayLater() {
        assertThat(WeightAverage.weight(0.9999, 1)).isCloseTo(9.0 / 11, within(1e-12));
        assertThat(WeightAverage.weight(0.9999, 320)).isCloseTo(9.0 / 330, within(1e-12));
        assertThat(WeightAverage.weight(0.9999, 1_000_000)).isCloseTo(1e-4, within(1e-12));
        assertThat(WeightAverage.weight(0.5, 100)).isEqualTo(0.5);
    }

    @Test
    void whatIsRestoredGoesOnAsIfNeverStopped() {
        Torch.start();
        try (NDManager manager = NDManager.newBaseManager(Torch.device("cpu"), "PyTorch")) {
            WeightAverage straight = new WeightAverage(0.9, manager.create(net(0)), null, manager, true);
            WeightAverage resumed = new WeightAverage(0.9, manager.create(net(7)), null, manager, true);
            for (int step = 1; step <= 20; step++) {
                straight.update(manager.create(net(step)), null, step);
                if (step == 10) {
                    resumed.restore(straight.state());
                } else if (step > 10) {
                    resumed.update(manager.create(net(step)), null, step);
                }
            }
            assertThat(resumed.parameters().toFloatArray())
                    .isEqualTo(straight.parameters().toFloatArray());
            assertThatThrownBy(() -> resumed.restore(Map.of()))
                    .hasMessage("the checkpoint has no average of the weights where the recipe needs one of " + ELEMENTS
                            + ": begin again, or train with the recipe that it was saved with");
        }
    }
}
