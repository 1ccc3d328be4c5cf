package io.couplet.trainer.backbones;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.jni.JniUtils;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.couplet.trainer.training.Torch;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.zip.CRC32;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The backbones at paper size against timm: tensor names, shapes and order, and logits for weights that are a formula of the names. */
class BackboneParityTest {

    @ParameterizedTest
    @CsvSource({
        "alexnet,alexnet",
        "vgg,vgg13_bn",
        "resnet,resnet50",
        "mobilenetv2,mobilenetv2_100",
        "deit,deit_small_patch16_224",
        "mlp-mixer,mixer_s16_224",
        "convnext,convnext_tiny",
        "poolformerv2,poolformerv2_s12"
    })
    void tensorsHaveTheNamesShapesAndOrderOfTimm(String name, String reference) {
        JsonNode json = read(reference);
        ParameterLayout layout = Backbones.create(name, new Backbones.Task(Backbones.Size.PAPER, 224, 1000, 0))
                .layout();
        List<String> parameters = new ArrayList<>();
        List<String> buffers = new ArrayList<>();
        for (JsonNode tensor : json.get("tensors")) {
            List<Long> shape = new ArrayList<>();
            tensor.get(1).forEach(n -> shape.add(n.longValue()));
            (tensor.size() > 2 ? buffers : parameters).add(tensor.get(0).asText() + shape);
        }
        assertThat(layout.parameters())
                .extracting(p -> p.name() + shape(p.shape()))
                .isEqualTo(parameters);
        assertThat(layout.buffers())
                .extracting(b -> b.name() + shape(b.shape()))
                .isEqualTo(buffers);
        assertThat(layout.parameterCount()).isEqualTo(json.get("num_params").intValue());
    }

    /** VGG is left out: its 133 million weights take more memory than a test should. */
    @ParameterizedTest
    @CsvSource({
        "alexnet,alexnet",
        "resnet,resnet50",
        "mobilenetv2,mobilenetv2_100",
        "deit,deit_small_patch16_224",
        "mlp-mixer,mixer_s16_224",
        "convnext,convnext_tiny",
        "poolformerv2,poolformerv2_s12"
    })
    void logitsAreThoseOfTimm(String name, String reference) {
        JsonNode json = read(reference);
        Torch.start();
        JniUtils.setGradMode(false);
        Backbone backbone = Backbones.create(name, new Backbones.Task(Backbones.Size.PAPER, 224, 1000, 0));
        try (NDManager manager = NDManager.newBaseManager(Device.cpu(), "PyTorch")) {
            NDList parameters = new NDList();
            NDList buffers = new NDList();
            for (ParameterLayout.Parameter p : backbone.layout().parameters()) {
                parameters.add(manager.create(fill(p.name(), p.shape(), rule(json, p.name()), weightFactor(json))));
            }
            for (ParameterLayout.Buffer b : backbone.layout().buffers()) {
                buffers.add(manager.create(fill(b.name(), b.shape(), rule(json, b.name()), weightFactor(json))));
            }
            NDArray logits = backbone.logits(
                    Pass.of(backbone.layout(), parameters, buffers, false, 0),
                    manager.create(input(), new Shape(2, 3, 224, 224)));
            float[] values = logits.toFloatArray();
            for (int row = 0; row < 2; row++) {
                JsonNode expected = json.at("/hash/logits_float64").get(row);
                double difference = 0;
                double norm = 0;
                for (int i = 0; i < 16; i++) {
                    double value = expected.get("first16").get(i).doubleValue();
                    difference += Math.pow(values[row * 1000 + i] - value, 2);
                    norm += value * value;
                }
                assertThat(Math.sqrt(difference / norm)).isLessThan(3e-5);
                double all = 0;
                for (int i = 0; i < 1000; i++) {
                    all += (double) values[row * 1000 + i] * values[row * 1000 + i];
                }
                assertThat(Math.abs(Math.sqrt(all) / expected.get("l2").doubleValue() - 1))
                        .isLessThan(3e-5);
            }
        }
    }

    private static double weightFactor(JsonNode json) {
        return json.at("/hash/weight_factor").doubleValue() * Math.sqrt(3);
    }

    private static String rule(JsonNode json, String name) {
        for (int i = 0; i < json.get("tensors").size(); i++) {
            if (json.get("tensors").get(i).get(0).asText().equals(name)) {
                return json.get("rule_names")
                        .get(json.get("rule_of_tensor").get(i).intValue())
                        .asText();
            }
        }
        throw new IllegalStateException("the reference has no " + name);
    }

    private static float[] fill(String name, Shape shape, String rule, double weightFactor) {
        CRC32 hash = new CRC32();
        hash.update(name.getBytes(StandardCharsets.UTF_8));
        int seed = (int) hash.getValue();
        float[] values = new float[Math.toIntExact(shape.size())];
        double fanIn = (double) values.length / shape.get(0);
        for (int i = 0; i < values.length; i++) {
            double s = uniform(seed, i);
            values[i] = (float)
                    switch (rule) {
                        case "var" -> 1 + 0.25 * Math.abs(s);
                        case "mean" -> 0.1 * s;
                        case "embed", "bias" -> 0.05 * s;
                        case "layerscale" -> 0.5 + 0.1 * s;
                        case "mult" -> 1 + 0.1 * s;
                        case "weight" -> s * Math.sqrt(2 / fanIn) * weightFactor;
                        default -> throw new IllegalStateException(String.format(Locale.ROOT, "unknown rule %s", rule));
                    };
        }
        return values;
    }

    private static double uniform(int seed, int i) {
        int u = seed + i * 0x9E3779B9;
        u ^= u >>> 16;
        u *= 0x85EBCA6B;
        u ^= u >>> 13;
        u *= 0xC2B2AE35;
        u ^= u >>> 16;
        return (u & 0xFFFFFFFFL) / (double) (1L << 31) - 1;
    }

    private static float[] input() {
        float[] values = new float[2 * 3 * 224 * 224];
        int at = 0;
        for (int b = 0; b < 2; b++) {
            for (int c = 0; c < 3; c++) {
                for (int h = 0; h < 224; h++) {
                    for (int w = 0; w < 224; w++) {
                        values[at++] = (float) Math.sin(0.05 * (w + 2 * h) + c + 0.5 * b);
                    }
                }
            }
        }
        return values;
    }

    private static List<Long> shape(Shape shape) {
        List<Long> dimensions = new ArrayList<>();
        for (long n : shape.getShape()) {
            dimensions.add(n);
        }
        return dimensions;
    }

    private static JsonNode read(String reference) {
        try (InputStream in =
                BackboneParityTest.class.getResourceAsStream("/reference/backbones/" + reference + ".json")) {
            return new ObjectMapper().readTree(in);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
