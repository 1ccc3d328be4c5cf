package io.couplet.flink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.couplet.scores.convergence.ConvergenceSettings;
import io.couplet.scores.convergence.ConvergenceState;
import java.io.IOException;
import java.util.Random;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.core.memory.DataOutputSerializer;
import org.junit.jupiter.api.Test;

class RunStateTypeTest {

    @Test
    void aStateReadBackGoesOnAsTheOneThatWasWritten() throws IOException {
        Random random = new Random(3);
        for (int steps : new int[] {0, 1, 7, 500, 5_000}) {
            ConvergenceState state = run(steps, random);
            for (boolean due : new boolean[] {true, false}) {
                RunState read = read(written(new RunState(state, due)));
                assertThat(read.scoreIsDue()).isEqualTo(due);
                assertThat(read.convergence())
                        .usingRecursiveComparison()
                        .withEqualsForType((a, b) -> Double.compare(a, b) == 0, Double.class)
                        .isEqualTo(state);
                assertThat(read.convergence()
                                .plus(2, steps / 2 + 1, 0.5, 0.1, 1, 0.5, 1)
                                .convergence())
                        .isEqualTo(state.plus(2, steps / 2 + 1, 0.5, 0.1, 1, 0.5, 1)
                                .convergence());
            }
        }
    }

    @Test
    void aRunOfTenThousandStepsTakesAFewKilobytes() throws IOException {
        assertThat(written(new RunState(run(10_000, new Random(4)), true))).hasSizeLessThan(4_000);
    }

    @Test
    void aFormatOfALaterVersionIsNamed() throws IOException {
        byte[] bytes = written(new RunState(run(3, new Random(5)), true));
        bytes[0] = 9;
        assertThatThrownBy(() -> read(bytes)).hasMessageContaining("format 9").hasMessageContaining("a newer one");
    }

    private static ConvergenceState run(int steps, Random random) {
        ConvergenceState state = ConvergenceState.start(ConvergenceSettings.forBudget(steps, steps / 20));
        for (int step = 1; step <= steps; step++) {
            double loss = step == 400 ? Double.NaN : 2 / Math.sqrt(step) + 0.01 * random.nextGaussian();
            state = state.plus(1, step, loss, 0.1, random.nextDouble(), random.nextDouble(), 20L * step);
        }
        return state;
    }

    private static byte[] written(RunState state) throws IOException {
        DataOutputSerializer out = new DataOutputSerializer(64);
        RunStateType.Serializer.INSTANCE.serialize(state, out);
        return out.getCopyOfBuffer();
    }

    private static RunState read(byte[] bytes) throws IOException {
        DataInputDeserializer in = new DataInputDeserializer(bytes);
        RunState state = RunStateType.Serializer.INSTANCE.deserialize(in);
        assertThat(in.available()).isZero();
        return state;
    }
}
