package io.couplet.trainer.backbones;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.JniUtils;
import io.couplet.trainer.training.Torch;
import java.util.Locale;
import org.junit.jupiter.api.Test;

final class LayersTest {

    /** Without the way around oneDNN's issue 6035 this kills the Java machine within a few rounds. */
    @Test
    void aStridedPointwiseConvolutionOfAPhotographHasTheRightGradientAndHarmsNobody() {
        Torch.start();
        int outputs = 4;
        Network network = Network.of(root -> new Layers.Convolution(3, outputs, 1, 2, 0)
                .withoutBias()
                .layer(root, Initializer.constant(1), Initializer.constant(0)));
        int side = 224;
        float[] pixels = new float[side * side * 3];
        double[] expected = new double[3];
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = (i * 7919L % 251) / 251f;
            boolean taken = i / 3 % side % 2 == 0 && i / 3 / side % 2 == 0;
            expected[i % 3] += taken ? pixels[i] : 0;
        }
        try (NDManager manager = NDManager.newBaseManager(Device.cpu(), "PyTorch")) {
            for (int round = 0; round < 20; round++) {
                NDArray weights = manager.ones(new Shape(3 * outputs));
                weights.setRequiresGradient(true);
                JniUtils.setGradMode(true);
                NDArray image =
                        manager.create(pixels, new Shape(1, side, side, 3)).transpose(0, 3, 1, 2);
                NDArray y =
                        network.logits(Pass.of(network.layout(), new NDList(weights), new NDList(), true, 0), image);
                assertThat(y.getShape()).isEqualTo(new Shape(1, outputs, side / 2, side / 2));
                JniUtils.backward((PtNDArray) y.sum(), (PtNDArray) manager.ones(new Shape()), false, false);
                JniUtils.setGradMode(false);
                NDArray gradient = weights.getGradient();
                gradient.attach(manager);
                for (int i = 0; i < 3 * outputs; i++) {
                    assertThat(gradient.getFloat(i) / expected[i % 3]).isCloseTo(1, within(1e-5));
                }
            }
        } finally {
            JniUtils.setGradMode(false);
        }
    }

    /** Where numbers have other digits, what PyTorch is told does not. */
    @Test
    void layersWorkWhateverTheLanguage() {
        Torch.start();
        Network network = Network.of(root -> new Layers.Convolution(1, 1, 1, 2, 0)
                .withoutBias()
                .layer(root, Initializer.constant(1), Initializer.constant(0)));
        Locale usual = Locale.getDefault();
        Locale.setDefault(Locale.forLanguageTag("ar-EG-u-nu-arab"));
        try (NDManager manager = NDManager.newBaseManager(Device.cpu(), "PyTorch")) {
            NDArray image = manager.create(new float[] {1, 2, 3, 4}, new Shape(1, 1, 2, 2));
            NDList weights = new NDList(manager.ones(new Shape(1)));
            NDArray strided = network.logits(Pass.of(network.layout(), weights, new NDList(), false, 0), image);
            assertThat(strided.toFloatArray()).containsExactly(1);
            assertThat(TorchFunctions.adaptiveAverages(image, 4).getShape()).isEqualTo(new Shape(1, 1, 4, 4));
        } finally {
            Locale.setDefault(usual);
        }
    }

    @Test
    void poolsToAnyHeightAndWidth() {
        Torch.start();
        Network network = Network.of(root -> Layers.averagePoolTo(3));
        try (NDManager manager = NDManager.newBaseManager(Device.cpu(), "PyTorch")) {
            NDArray small = manager.create(new float[] {1, 2, 3, 4}, new Shape(1, 1, 2, 2));
            NDArray pooled = network.logits(Pass.of(network.layout(), new NDList(), new NDList(), false, 0), small);
            assertThat(pooled.toFloatArray()).containsExactly(1, 1.5f, 2, 2, 2.5f, 3, 3, 3.5f, 4);
        }
    }
}
