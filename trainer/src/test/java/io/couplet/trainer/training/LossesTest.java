package io.couplet.trainer.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.JniUtils;
import io.couplet.trainer.data.Batch;
import io.couplet.trainer.recipes.Loss;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LossesTest {
    private static final int CLASSES = 7;
    private static final int[] LABELS = {3, 0, 6, 2};
    private static final int[] PARTNERS = {2, 6, 0, 3};

    @ParameterizedTest
    @CsvSource({
        "CROSS_ENTROPY, 1, 0",
        "CROSS_ENTROPY, 0.7, 0",
        "CROSS_ENTROPY, 0.3, 0.1",
        "BINARY_CROSS_ENTROPY, 1, 0",
        "BINARY_CROSS_ENTROPY, 0.7, 0",
        "BINARY_CROSS_ENTROPY, 0.1, 0",
        "BINARY_CROSS_ENTROPY, 0.5, 0.1"
    })
    void lossAndGradientAreThoseOfTheFormula(Loss loss, double share, double smoothing) {
        Torch.start();
        Random random = new Random(5);
        float[] logits = new float[LABELS.length * CLASSES];
        for (int i = 0; i < logits.length; i++) {
            logits[i] = (float) (8 * random.nextGaussian());
        }
        Batch batch = new Batch(new float[LABELS.length], LABELS, PARTNERS, share, LABELS.length);
        double[] targets = targets(loss, share, smoothing);
        try (NDManager manager = NDManager.newBaseManager(Torch.device("cpu"), "PyTorch")) {
            NDArray leaf = manager.create(logits, new Shape(LABELS.length, CLASSES));
            leaf.setRequiresGradient(true);
            JniUtils.setGradMode(true);
            try {
                NDArray value = Losses.of(loss, leaf, batch, CLASSES, smoothing);
                NDArray one = manager.ones(new Shape(), DataType.FLOAT32);
                JniUtils.backward((PtNDArray) value, (PtNDArray) one, false, false);
                assertThat((double) value.getFloat()).isCloseTo(loss(loss, logits, targets, -1, 0), within(2e-5));
                float[] gradient = leaf.getGradient().toFloatArray();
                for (int i = 0; i < logits.length; i++) {
                    double step = 1e-4;
                    double difference =
                            (loss(loss, logits, targets, i, step) - loss(loss, logits, targets, i, -step)) / (2 * step);
                    assertThat((double) gradient[i]).isCloseTo(difference, within(1e-6));
                }
            } finally {
                JniUtils.setGradMode(false);
            }
        }
    }

    private static double[] targets(Loss loss, double share, double smoothing) {
        double[] targets = new double[LABELS.length * CLASSES];
        for (int i = 0; i < LABELS.length; i++) {
            targets[i * CLASSES + LABELS[i]] += share;
            targets[i * CLASSES + PARTNERS[i]] += 1 - share;
        }
        for (int i = 0; i < targets.length; i++) {
            double target = loss == Loss.CROSS_ENTROPY ? targets[i] : targets[i] > 0.2 ? 1 : 0;
            targets[i] = target * (1 - smoothing) + smoothing / CLASSES;
        }
        return targets;
    }

    /** In double precision, with one logit moved. */
    private static double loss(Loss loss, float[] logits, double[] targets, int moved, double by) {
        double sum = 0;
        for (int i = 0; i < LABELS.length; i++) {
            double[] x = new double[CLASSES];
            double partition = 0;
            for (int c = 0; c < CLASSES; c++) {
                int at = i * CLASSES + c;
                x[c] = logits[at] + (at == moved ? by : 0);
                partition += Math.exp(x[c]);
            }
            for (int c = 0; c < CLASSES; c++) {
                double t = targets[i * CLASSES + c];
                double sigmoid = 1 / (1 + Math.exp(-x[c]));
                sum += loss == Loss.CROSS_ENTROPY
                        ? -t * (x[c] - Math.log(partition)) / LABELS.length
                        : -(t * Math.log(sigmoid) + (1 - t) * Math.log(1 - sigmoid)) / (LABELS.length * CLASSES);
            }
        }
        return sum;
    }
}
