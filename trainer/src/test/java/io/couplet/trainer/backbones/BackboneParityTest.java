package io.couplet.trainer.backbones;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.JniUtils;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.couplet.trainer.training.Torch;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import org.assertj.core.api.SoftAssertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The backbones at paper size against the reference implementations, for weights that are a formula of the tensors' names: names, shapes and order of the tensors, logits, loss and the
 * gradient of every tensor.
 *
 * <p>The references are all files {@code backbones/*.json} of a directory, by default the committed one; {@code -Dcouplet.reference=DIR} (an absolute path) holds the same backbones against
 * another one of the same form.
 */
class BackboneParityTest {

    /** The reference's model and our name for it. */
    private static final Map<String, String> NAMES = Map.ofEntries(
            Map.entry("alexnet", "alexnet"),
            Map.entry("vgg13_bn", "vgg"),
            Map.entry("resnet50", "resnet"),
            Map.entry("resnet101", "resnet101"),
            Map.entry("densenet121", "densenet"),
            Map.entry("mobilenetv2_100", "mobilenetv2"),
            Map.entry("efficientnet_b0", "efficientnet"),
            Map.entry("repvgg_a1", "repvgg"),
            Map.entry("deit_small_patch16_224", "deit"),
            Map.entry("mixer_s16_224", "mlp-mixer"),
            Map.entry("swin_tiny_patch4_window7_224", "swin"),
            Map.entry("convnext_tiny", "convnext"),
            Map.entry("convnextv2_tiny", "convnextv2"),
            Map.entry("moganet_small", "moganet"),
            Map.entry("unireplknet_t", "unireplknet"),
            Map.entry("transnext_tiny", "transnext"),
            Map.entry("identityformer_s12", "identityformer"),
            Map.entry("poolformerv2_s12", "poolformerv2"),
            Map.entry("convformer_s12", "convformer"),
            Map.entry("attentionformer_s12", "attentionformer"),
            Map.entry("caformer_s12", "caformer"));

    /** Relative, as is every tolerance here; what the reference's README derives from its own float32 against its own float64. */
    private static final double LOGITS_TOLERANCE = 3e-5;

    private static final double LOSS_TOLERANCE = 1e-5;
    private static final double GRADIENT_TOLERANCE = 1e-3;
    private static final double MOBILENETV2_GRADIENT_TOLERANCE = 5e-3;
    /**
     * Backbones whose gradients of single numbers, StarReLU's scales and shifts, are compared in float64 only: what remains of terms whose sizes add up to as much as 135,000 times as much is noise in
     * float32, PyTorch's own is off by 6e-3. In float64 the tolerance holds as it is.
     */
    private static final Set<String> SCALARS_IN_DOUBLE = Set.of("convformer");
    /** Gradients smaller than this share of the largest one are rounding noise: biases that a softmax or a norm cancels. */
    private static final double NOISE = 1e-6;

    /** A file of the directory. */
    private record Reference(Path file, JsonNode json) {
        String model() {
            return json.path("model").asText();
        }

        String backbone() {
            String name = NAMES.get(model());
            assertThat(name)
                    .as("%s is of the model '%s', which no backbone is matched with", file, model())
                    .isNotNull();
            return name;
        }

        Backbone create() {
            return Backbones.create(
                    backbone(),
                    new Backbones.Task(
                            Backbones.Size.PAPER,
                            json.get("input").get(2).intValue(),
                            json.get("num_classes").intValue(),
                            0));
        }

        Shape input() {
            return new Shape(dimensions(json.get("input")));
        }

        @Override
        public String toString() {
            return file.getFileName().toString();
        }
    }

    @Test
    void everyReferenceHasABackbone() {
        assertThat(references()).extracting(Reference::backbone).isSubsetOf(Backbones.names());
    }

    @Test
    void everyBackboneIsMatchedWithAReference() {
        assertThat(NAMES.values()).doesNotHaveDuplicates().containsAll(Backbones.names());
    }

    @ParameterizedTest
    @MethodSource("referencesToHoldAgainst")
    void tensorsHaveTheNamesShapesAndOrderOfTheReference(Reference reference) {
        List<String> parameters = new ArrayList<>();
        List<String> buffers = new ArrayList<>();
        for (JsonNode tensor : reference.json().get("tensors")) {
            (tensor.size() > 2 ? buffers : parameters)
                    .add(tensor.get(0).asText() + new Shape(dimensions(tensor.get(1))));
        }
        ParameterLayout layout = reference.create().layout();
        assertThat(layout.parameters()).extracting(p -> p.name() + p.shape()).isEqualTo(parameters);
        assertThat(layout.buffers()).extracting(b -> b.name() + b.shape()).isEqualTo(buffers);
        assertThat(layout.parameterCount())
                .isEqualTo(reference.json().get("num_params").intValue());
    }

    @ParameterizedTest
    @MethodSource("referencesToHoldAgainst")
    void logitsLossAndGradientsAreThoseOfTheReference(Reference reference) {
        Torch.start();
        Backbone backbone = reference.create();
        ParameterLayout layout = backbone.layout();
        try (NDManager manager = NDManager.newBaseManager(Device.cpu(), "PyTorch")) {
            JniUtils.setGradMode(false);
            Fill fill = new Fill(reference.json());
            NDArray flat = manager.zeros(new Shape(layout.parameterCount()));
            FloatBuffer values = floats(flat);
            layout.parameters().forEach(p -> fill.into(values, p.offset(), p.name(), p.shape()));
            NDList buffers = new NDList();
            for (ParameterLayout.Buffer b : layout.buffers()) {
                NDArray buffer = manager.zeros(b.shape());
                fill.into(floats(buffer), 0, b.name(), b.shape());
                buffers.add(buffer);
            }
            SoftAssertions.assertSoftly(softly -> {
                boolean cancels = SCALARS_IN_DOUBLE.contains(reference.backbone());
                compare(softly, reference, backbone, flat, buffers, DataType.FLOAT32, !cancels);
                if (cancels) {
                    compare(softly, reference, backbone, flat, buffers, DataType.FLOAT64, true);
                }
            });
        } finally {
            JniUtils.setGradMode(false);
        }
    }

    private static void compare(
            SoftAssertions softly,
            Reference reference,
            Backbone backbone,
            NDArray values,
            NDList buffers,
            DataType type,
            boolean scalars) {
        try (NDManager manager = values.getManager().newSubManager()) {
            NDArray flat = values.toType(type, true);
            flat.attach(manager);
            flat.setRequiresGradient(true);
            JniUtils.setGradMode(true);
            NDArray images =
                    manager.create(images(reference.input()), reference.input()).toType(type, false);
            NDArray logits = logits(backbone, flat, buffers, images);
            NDArray loss = logits.logSoftmax(1)
                    .mul(manager.create(targets(reference.json(), logits.getShape()), logits.getShape()))
                    .sum();
            JniUtils.backward((PtNDArray) loss, (PtNDArray) manager.ones(new Shape(), type), false, false);
            JniUtils.setGradMode(false);
            compareLogits(softly, reference.json(), singles(logits).toFloatArray());
            double expected = reference.json().at("/hash/loss_float64").doubleValue();
            softly.assertThat(singles(loss).getFloat() / expected).as("loss").isCloseTo(1, within(LOSS_TOLERANCE));
            NDArray gradient = flat.getGradient();
            gradient.attach(manager);
            compareGradients(softly, reference, backbone.layout(), floats(singles(gradient)), scalars);
        }
    }

    private static NDArray singles(NDArray x) {
        return x.toType(DataType.FLOAT32, false);
    }

    /** As the training loop does it: one leaf, split into views. */
    private static NDArray logits(Backbone backbone, NDArray flat, NDList buffers, NDArray images) {
        long[] cuts = backbone.layout().parameters().stream()
                .skip(1)
                .mapToLong(ParameterLayout.Parameter::offset)
                .toArray();
        return backbone.logits(Pass.of(backbone.layout(), flat.split(cuts, 0), buffers, false, 0), images);
    }

    private static void compareLogits(SoftAssertions softly, JsonNode json, float[] logits) {
        JsonNode rows = json.at("/hash/logits_float64");
        int classes = logits.length / rows.size();
        for (int row = 0; row < rows.size(); row++) {
            JsonNode first = rows.get(row).get("first16");
            double difference = 0;
            double norm = 0;
            for (int i = 0; i < first.size(); i++) {
                double expected = first.get(i).doubleValue();
                difference += Math.pow(logits[row * classes + i] - expected, 2);
                norm += expected * expected;
            }
            softly.assertThat(Math.sqrt(difference / norm))
                    .as("relative error of the first logits of row %d", row)
                    .isLessThan(LOGITS_TOLERANCE);
            double all = 0;
            int largest = 0;
            for (int i = 0; i < classes; i++) {
                double value = logits[row * classes + i];
                all += value * value;
                largest = value > logits[row * classes + largest] ? i : largest;
            }
            softly.assertThat(Math.sqrt(all) / rows.get(row).get("l2").doubleValue())
                    .as("norm of all logits of row %d", row)
                    .isCloseTo(1, within(LOGITS_TOLERANCE));
            softly.assertThat(largest)
                    .as("largest logit of row %d", row)
                    .isEqualTo(rows.get(row).get("argmax").intValue());
        }
    }

    private static void compareGradients(
            SoftAssertions softly, Reference reference, ParameterLayout layout, FloatBuffer gradient, boolean scalars) {
        JsonNode expected = reference.json().at("/hash/grad_l2_all_float64");
        softly.assertThat(expected.size())
                .as("tensors with a gradient")
                .isEqualTo(layout.parameters().size());
        double largest = 0;
        for (JsonNode norm : expected) {
            largest = Math.max(largest, norm.doubleValue());
        }
        double tolerance =
                reference.backbone().equals("mobilenetv2") ? MOBILENETV2_GRADIENT_TOLERANCE : GRADIENT_TOLERANCE;
        for (ParameterLayout.Parameter p : layout.parameters()) {
            if (p.size() == 1 && !scalars) {
                continue;
            }
            double squares = 0;
            for (int i = p.offset(); i < p.offset() + p.size(); i++) {
                squares += (double) gradient.get(i) * gradient.get(i);
            }
            double norm = expected.get(p.index()).doubleValue();
            double allowed = norm < NOISE * largest ? NOISE * largest : tolerance * norm;
            softly.assertThat(Math.sqrt(squares))
                    .as("gradient norm of %s", p.name())
                    .isCloseTo(norm, within(allowed));
        }
    }

    /** The values of a tensor, after the reference's README: a hash of the name and the place, scaled by what the tensor is. */
    private static final class Fill {
        private final Map<String, String> rules = new HashMap<>();
        private final double weightFactor;

        Fill(JsonNode json) {
            for (int i = 0; i < json.get("tensors").size(); i++) {
                int rule = json.get("rule_of_tensor").get(i).intValue();
                rules.put(
                        json.get("tensors").get(i).get(0).asText(),
                        json.get("rule_names").get(rule).asText());
            }
            weightFactor = json.at("/hash/weight_factor").doubleValue() * Math.sqrt(3);
        }

        void into(FloatBuffer target, int offset, String name, Shape shape) {
            CRC32 hash = new CRC32();
            hash.update(name.getBytes(StandardCharsets.UTF_8));
            int seed = (int) hash.getValue();
            int size = Math.toIntExact(shape.size());
            String rule = rules.getOrDefault(name, "no tensor of that name");
            double base = switch (rule) {
                case "var", "mult" -> 1;
                case "layerscale" -> 0.5;
                default -> 0;
            };
            double slope = switch (rule) {
                case "var" -> 0.25;
                case "mean", "layerscale", "mult" -> 0.1;
                case "embed", "bias" -> 0.05;
                case "weight" -> weightFactor * Math.sqrt(2.0 * shape.get(0) / size);
                default -> throw new IllegalStateException("no rule to fill " + name + ": " + rule);
            };
            boolean positive = rule.equals("var");
            for (int i = 0; i < size; i++) {
                double s = uniform(seed, i);
                target.put(offset + i, (float) (base + slope * (positive ? Math.abs(s) : s)));
            }
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
    }

    private static float[] images(Shape shape) {
        float[] values = new float[Math.toIntExact(shape.size())];
        int at = 0;
        for (int b = 0; b < shape.get(0); b++) {
            for (int c = 0; c < shape.get(1); c++) {
                for (int h = 0; h < shape.get(2); h++) {
                    for (int w = 0; w < shape.get(3); w++) {
                        values[at++] = (float) Math.sin(0.05 * (w + 2 * h) + c + 0.5 * b);
                    }
                }
            }
        }
        return values;
    }

    /** One-hot rows over −batch: their sum with the log-probabilities is the mean cross-entropy. */
    private static float[] targets(JsonNode json, Shape logits) {
        float[] targets = new float[Math.toIntExact(logits.size())];
        JsonNode labels = json.at("/hash/labels");
        for (int row = 0; row < labels.size(); row++) {
            targets[row * (int) logits.get(1) + labels.get(row).intValue()] = -1f / labels.size();
        }
        return targets;
    }

    /** The array's own memory. */
    private static FloatBuffer floats(NDArray array) {
        return array.toByteBuffer(true).order(ByteOrder.nativeOrder()).asFloatBuffer();
    }

    private static long[] dimensions(JsonNode shape) {
        long[] dimensions = new long[shape.size()];
        for (int i = 0; i < dimensions.length; i++) {
            dimensions[i] = shape.get(i).longValue();
        }
        return dimensions;
    }

    /** Those whose backbone is there, and those of models that are unknown: the others are {@link #everyReferenceHasABackbone}'s to name. */
    static List<Reference> referencesToHoldAgainst() {
        return references().stream()
                .filter(r -> !NAMES.containsKey(r.model()) || Backbones.names().contains(NAMES.get(r.model())))
                .toList();
    }

    private static List<Reference> references() {
        Path directory = directory().resolve("backbones");
        assertThat(directory)
                .as("couplet.reference must be the absolute path of a directory that holds backbones/*.json")
                .isDirectoryContaining("glob:**.json");
        try (Stream<Path> files = Files.list(directory)) {
            ObjectMapper mapper = new ObjectMapper();
            List<Reference> references = new ArrayList<>();
            for (Path file :
                    files.filter(f -> f.toString().endsWith(".json")).sorted().toList()) {
                references.add(new Reference(file, mapper.readTree(file.toFile())));
            }
            return references;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Path directory() {
        String given = System.getProperty("couplet.reference");
        if (given != null) {
            return Path.of(given);
        }
        try {
            return Path.of(BackboneParityTest.class.getResource("/reference").toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }
}
