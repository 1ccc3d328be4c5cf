package io.couplet.trainer.training;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.jni.JniUtils;
import io.couplet.trainer.optimizers.Optimizer;
import io.couplet.trainer.optimizers.Optimizers;
import io.couplet.trainer.optimizers.Tensors;
import io.couplet.trainer.optimizers.Updater;
import java.util.List;
import java.util.Map;

/** Measures an optimizer's step on the CPU by itself, over one tensor outside the heap, as torch's are. */
public final class UpdaterBenchmark {
    private UpdaterBenchmark() {}

    /**
     * @param elements of the tensor
     * @param threads of arithmetic within the engine; the loops that are Java's have one
     * @return median of a step, milliseconds, the norms that every step shows included
     */
    public static double millis(String optimizer, int elements, int threads, int warmUp, int steps) {
        Torch.start();
        JniUtils.setNumThreads(threads);
        JniUtils.setGradMode(false);
        try (NDManager manager = NDManager.newBaseManager(Device.cpu(), "PyTorch")) {
            NDArray parameters = manager.randomNormal(new Shape(elements));
            NDArray gradient = manager.randomNormal(new Shape(elements));
            Optimizer made =
                    Optimizers.entry(optimizer).constructor().apply(TrainingPlan.options(optimizer, null, Map.of()));
            Tensors one = new Tensors(List.of(new Tensors.Tensor(0, elements, true)));
            double[] times = new double[steps];
            try (Updater updater = Updater.of(made, one, parameters, gradient)) {
                for (int i = -warmUp; i < steps; i++) {
                    long start = System.nanoTime();
                    updater.step(1e-3, Double.POSITIVE_INFINITY);
                    if (i >= 0) {
                        times[i] = (System.nanoTime() - start) / 1e6;
                    }
                }
            }
            return StepBenchmark.median(times);
        }
    }
}
