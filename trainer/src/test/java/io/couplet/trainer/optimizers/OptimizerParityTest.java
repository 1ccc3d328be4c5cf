package io.couplet.trainer.optimizers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.pytorch.jni.JniUtils;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.couplet.trainer.optimizers.Tensors.Tensor;
import io.couplet.trainer.training.Torch;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Twenty steps of a toy problem against torch and timm. */
class OptimizerParityTest {
    private static final int[] SIZES = {12, 5, 54};
    private static final Tensors TENSORS =
            new Tensors(List.of(new Tensor(0, 12, true), new Tensor(12, 5, true), new Tensor(17, 54, true)));

    @BeforeAll
    static void startTorch() {
        Torch.start();
    }

    @ParameterizedTest
    @CsvSource({
        "sgd,sgd",
        "sgd_momentum,sgd",
        "sgd_nesterov,sgd",
        "adam,adam",
        "adam_amsgrad,adam",
        "adamw,adamw",
        "lamb,lamb",
        "lamb_noclip,lamb",
        "lamb_nowd,lamb",
        "lion,lion",
        "rmsprop,rmsprop"
    })
    void followsTheReferenceInFloat32OnTheHost(String reference, String name) {
        JsonNode json = read(reference);
        HostUpdater updater = new HostUpdater(optimizer(name, json), TENSORS);
        float[] parameters = toFloats(initial());
        double learningRate = json.at("/hyper_parameters/lr").doubleValue();
        for (int step = 1; step <= 20; step++) {
            float[] gradient = new float[parameters.length];
            for (int i = 0; i < gradient.length; i++) {
                gradient[i] = (float) wave(step, i) + 0.1f * parameters[i];
            }
            updater.step(
                    FloatBuffer.wrap(parameters), FloatBuffer.wrap(gradient), learningRate, Double.POSITIVE_INFINITY);
            compare(json.at("/float32/" + step), toDoubles(parameters), 2e-6);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "sgd,sgd",
        "sgd_momentum,sgd",
        "sgd_nesterov,sgd",
        "adam,adam",
        "adam_amsgrad,adam",
        "adamw,adamw",
        "lamb,lamb",
        "lamb_noclip,lamb",
        "lamb_nowd,lamb",
        "lion,lion",
        "rmsprop,rmsprop"
    })
    void followsTheReferenceInFloat64OnWholeBuffers(String reference, String name) {
        JsonNode json = read(reference);
        double learningRate = json.at("/hyper_parameters/lr").doubleValue();
        JniUtils.setGradMode(false);
        try (NDManager manager = NDManager.newBaseManager(Device.cpu(), "PyTorch");
                DeviceUpdater updater = new DeviceUpdater(optimizer(name, json), TENSORS, manager, DataType.FLOAT64)) {
            NDArray parameters = manager.create(initial());
            for (int step = 1; step <= 20; step++) {
                try (NDManager scratch = manager.newSubManager()) {
                    double[] before = parameters.toDoubleArray();
                    double[] gradient = new double[before.length];
                    for (int i = 0; i < gradient.length; i++) {
                        gradient[i] = wave(step, i) + 0.1 * before[i];
                    }
                    updater.step(parameters, scratch.create(gradient), learningRate, Double.POSITIVE_INFINITY, scratch);
                }
                compare(json.at("/float64/" + step), parameters.toDoubleArray(), 1e-8);
            }
        }
    }

    private static void compare(JsonNode expected, double[] parameters, double tolerance) {
        int at = 0;
        for (JsonNode tensor : expected) {
            for (JsonNode value : tensor) {
                assertThat(parameters[at++]).isCloseTo(value.doubleValue(), within(tolerance));
            }
        }
    }

    /** The reference's own options, as far as they differ from nothing: its names are ours. */
    private static Optimizer optimizer(String name, JsonNode json) {
        Optimizers.Entry entry = Optimizers.entry(name);
        Map<String, Double> options = new LinkedHashMap<>();
        JsonNode all = json.get("hyper_parameters");
        for (String option : entry.defaults().asMap().keySet()) {
            JsonNode value = switch (option) {
                case "beta1" -> all.at("/betas/0");
                case "beta2" -> all.at("/betas/1");
                default -> all.get(option);
            };
            if (value == null) {
                throw new IllegalStateException("the reference has no option " + option);
            }
            options.put(option, value.isBoolean() ? (value.booleanValue() ? 1.0 : 0.0) : value.asDouble(0));
        }
        return entry.constructor().apply(entry.defaults().with(options));
    }

    private static double[] initial() {
        List<Double> values = new ArrayList<>();
        for (int k = 0; k < SIZES.length; k++) {
            CRC32 hash = new CRC32();
            hash.update(("p" + k).getBytes(StandardCharsets.UTF_8));
            double phase = 2 * Math.PI * (hash.getValue() % 10007) / 10007;
            for (int i = 0; i < SIZES[k]; i++) {
                values.add(0.5 * Math.sin(phase + 0.7310585 * i));
            }
        }
        return values.stream().mapToDouble(Double::doubleValue).toArray();
    }

    private static double wave(int step, int element) {
        int tensor = 0;
        int i = element;
        while (i >= SIZES[tensor]) {
            i -= SIZES[tensor++];
        }
        return 0.3 * Math.sin(0.9 * step + 0.37 * i + tensor);
    }

    private static float[] toFloats(double[] values) {
        float[] floats = new float[values.length];
        for (int i = 0; i < floats.length; i++) {
            floats[i] = (float) values[i];
        }
        return floats;
    }

    private static double[] toDoubles(float[] values) {
        double[] doubles = new double[values.length];
        for (int i = 0; i < doubles.length; i++) {
            doubles[i] = values[i];
        }
        return doubles;
    }

    private static JsonNode read(String reference) {
        try (InputStream in =
                OptimizerParityTest.class.getResourceAsStream("/reference/optimizers/" + reference + ".json")) {
            return new ObjectMapper().readTree(in);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
