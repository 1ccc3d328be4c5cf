package io.couplet.trainer.training;

import io.couplet.trainer.optimizers.HostUpdater;
import io.couplet.trainer.optimizers.Optimizers;
import io.couplet.trainer.optimizers.Tensors;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** Measures an optimizer's step on the CPU by itself, over one tensor outside the heap, as torch's are. */
public final class UpdaterBenchmark {
    private UpdaterBenchmark() {}

    /**
     * @param elements of the tensor
     * @return median of a step, milliseconds, the norms that every step shows included
     */
    public static double millis(String optimizer, int elements, int warmUp, int steps) {
        HostUpdater updater = new HostUpdater(
                Optimizers.entry(optimizer).constructor().apply(TrainingPlan.options(optimizer, null, Map.of())),
                new Tensors(List.of(new Tensors.Tensor(0, elements, true))));
        FloatBuffer parameters = noise(elements, 0);
        FloatBuffer gradient = noise(elements, 1);
        double[] times = new double[steps];
        for (int i = -warmUp; i < steps; i++) {
            long start = System.nanoTime();
            updater.step(parameters, gradient, 1e-3, Double.POSITIVE_INFINITY);
            if (i >= 0) {
                times[i] = (System.nanoTime() - start) / 1e6;
            }
        }
        return StepBenchmark.median(times);
    }

    private static FloatBuffer noise(int elements, long seed) {
        FloatBuffer values = ByteBuffer.allocateDirect(Math.multiplyExact(4, elements))
                .order(ByteOrder.nativeOrder())
                .asFloatBuffer();
        Random random = new Random(seed);
        for (int i = 0; i < elements; i++) {
            values.put(i, (float) random.nextGaussian());
        }
        return values;
    }
}
