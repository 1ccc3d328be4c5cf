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
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Twenty steps of a toy problem against torch, timm and the papers' own rules: every file of {@code optimizers} in the directory that
 * {@code -Dcouplet.reference=DIR} names, else of the committed copy.
 */
class OptimizerParityTest {
    private static final int[] SIZES = {12, 5, 54};
    private static final Tensors TENSORS = new Tensors(List.of(
            new Tensor(0, List.of(4, 3), true),
            new Tensor(12, List.of(5), true),
            new Tensor(17, List.of(2, 3, 3, 3), true)));

    /** Which optimizer of ours follows a reference, with options that the reference has no name for because they are what it is. */
    private record Match(String optimizer, Map<String, Double> options) {
        Match(String optimizer) {
            this(optimizer, Map.of());
        }
    }

    private static final Map<String, Match> MATCHED = Map.ofEntries(
            Map.entry("sgd", new Match("sgd")),
            Map.entry("sgd_momentum", new Match("sgd")),
            Map.entry("sgd_nesterov", new Match("sgd")),
            Map.entry("sgdp", new Match("sgdp")),
            Map.entry("sgdp_project", new Match("sgdp")),
            Map.entry("lion", new Match("lion")),
            Map.entry("adam", new Match("adam")),
            Map.entry("adam_amsgrad", new Match("adam")),
            Map.entry("adamw", new Match("adamw")),
            Map.entry("adamax", new Match("adamax")),
            Map.entry("nadam", new Match("nadam")),
            Map.entry("nadam_decoupled", new Match("nadam")),
            Map.entry("radam", new Match("radam")),
            Map.entry("radam_decoupled", new Match("radam")),
            Map.entry("lamb", new Match("lamb")),
            Map.entry("lamb_noclip", new Match("lamb")),
            Map.entry("lamb_nowd", new Match("lamb")),
            Map.entry("adamp", new Match("adamp")),
            Map.entry("adamp_project", new Match("adamp")),
            Map.entry("adan", new Match("adan")),
            Map.entry("adan_noprox", new Match("adan")),
            Map.entry("adabound", new Match("adabound")),
            Map.entry("amsbound", new Match("adabound")),
            Map.entry("lars", new Match("lars")),
            Map.entry("lars_always", new Match("lars")),
            Map.entry("lars_nowd", new Match("lars")),
            Map.entry("adafactor_torch", new Match("adafactor")),
            Map.entry("adafactor_timm_lr", new Match("adafactor", Map.of("timm", 1.0))),
            Map.entry("adafactor_timm_relstep", new Match("adafactor", Map.of("timm", 1.0))),
            Map.entry("adafactor_timm_factored", new Match("adafactor", Map.of("timm", 1.0))),
            Map.entry("adabelief", new Match("adabelief")),
            Map.entry("adabelief_rectify", new Match("adabelief")),
            Map.entry("novograd", new Match("novograd")),
            Map.entry("sophiag", new Match("sophia")),
            Map.entry("sophiag_loop", new Match("sophia")),
            Map.entry("sophiag_paper", new Match("sophia")),
            Map.entry("adagrad", new Match("adagrad")),
            Map.entry("adadelta", new Match("adadelta")),
            Map.entry("rmsprop", new Match("rmsprop")),
            Map.entry("rmsprop_tf", new Match("rmsprop", Map.of("tf", 1.0))),
            Map.entry("muon", new Match("muon")),
            Map.entry("muon_timm", new Match("muon", Map.of("timm_routing", 1.0))),
            Map.entry("schedulefree_adamw", new Match("schedule-free-adamw")),
            Map.entry("adopt", new Match("adopt")),
            Map.entry("mars", new Match("mars")));

    /** References that no option of ours follows, with the reason. */
    private static final Map<String, String> NOT_MATCHED = Map.of(
            "muon_torch_bf16",
            "torch iterates in bfloat16 whatever the parameters are; ours iterates in the parameters' precision and follows 'muon'",
            "laprop",
            "neither one of the paper's optimizers nor one of the four newer ones that Couplet adds");

    /** Options of the references that say how torch computes, not what. */
    private static final Set<String> WITHOUT_EFFECT = Set.of(
            "lr", "foreach", "fused", "capturable", "differentiable", "verbose", "conv_mode", "normalize_spatial");

    /** Options that we have only at this value. */
    private static final Map<String, String> FIXED = Map.of(
            "maximize",
            "false",
            "caution",
            "false",
            "corrected_weight_decay",
            "false",
            "algo",
            "muon",
            "ns_coefficients",
            "quintic",
            "safety_factor",
            "1.0",
            "scale_eps",
            "false");

    /** What the references call by another name. */
    private static final Map<String, String> RENAMED =
            Map.of("eps_scale", "eps2", "clip_threshold", "d", "decay_rate", "beta2_decay");

    /** Numbers of what the references have words for. */
    private static final Map<String, Double> WORDS = Map.of(
            "original", 0.0,
            "match_rms_adamw", 1.0,
            "rms_to_rms", 2.0,
            "before", 0.0,
            "after", 1.0,
            "official", 0.0,
            "max", 1.0,
            "adamw", 0.0,
            "lion", 1.0);

    @BeforeAll
    static void startTorch() {
        Torch.start();
    }

    static Stream<String> matched() {
        return references().stream().filter(name -> !NOT_MATCHED.containsKey(name));
    }

    @Test
    void everyReferenceIsMatchedOrListedWithItsReasonAndTheListHoldsNoOther() {
        Set<String> listed = new TreeSet<>(MATCHED.keySet());
        listed.addAll(NOT_MATCHED.keySet());
        assertThat(references()).isSubsetOf(listed);
        assertThat(MATCHED.keySet()).doesNotContainAnyElementsOf(NOT_MATCHED.keySet());
        if (System.getProperty("couplet.reference") == null) {
            assertThat(references()).containsExactlyElementsOf(listed);
        }
        assertThat(MATCHED.values().stream().map(Match::optimizer)).containsAll(Optimizers.names());
    }

    @ParameterizedTest
    @MethodSource("matched")
    void followsTheReferenceInFloat32OnTheHost(String reference) {
        JsonNode json = read(reference);
        double learningRate = learningRate(json);
        try (OnCpu updater = new OnCpu(optimizer(reference, json), TENSORS, toFloats(initial()))) {
            for (int step = 1; step <= 20; step++) {
                float[] parameters = updater.parameters();
                float[] gradient = new float[parameters.length];
                for (int i = 0; i < gradient.length; i++) {
                    gradient[i] = (float) wave(step, i) + 0.1f * parameters[i];
                }
                updater.step(gradient, learningRate, Double.POSITIVE_INFINITY);
                compare(json.at("/float32/" + step), toDoubles(updater.parameters()), 2e-6);
                assertThat(updater.evaluatesOthers())
                        .isEqualTo(json.at("/float32").has("x_eval_1"));
                compare(json.at("/float32/x_eval_" + step), toDoubles(updater.evaluationParameters()), 2e-6);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("matched")
    void followsTheReferenceInFloat64OnWholeBuffers(String reference) {
        onWholeBuffers(reference, DataType.FLOAT64, "/float64/", 1e-8);
    }

    @ParameterizedTest
    @MethodSource("matched")
    void followsTheReferenceInFloat32OnWholeBuffers(String reference) {
        onWholeBuffers(reference, DataType.FLOAT32, "/float32/", 2e-6);
    }

    private static void onWholeBuffers(String reference, DataType type, String path, double tolerance) {
        JsonNode json = read(reference);
        double learningRate = learningRate(json);
        JniUtils.setGradMode(false);
        try (NDManager manager = NDManager.newBaseManager(Device.cpu(), "PyTorch");
                DeviceUpdater updater = new DeviceUpdater(optimizer(reference, json), TENSORS, manager, type)) {
            NDArray parameters = manager.create(initial()).toType(type, true);
            for (int step = 1; step <= 20; step++) {
                try (NDManager scratch = manager.newSubManager()) {
                    double[] before = doubles(parameters);
                    double[] gradient = new double[before.length];
                    for (int i = 0; i < gradient.length; i++) {
                        gradient[i] = wave(step, i) + 0.1 * before[i];
                    }
                    NDArray given = scratch.create(gradient).toType(type, true);
                    updater.step(parameters, given, learningRate, Double.POSITIVE_INFINITY, scratch);
                    compare(json.at(path + step), doubles(parameters), tolerance);
                    compare(
                            json.at(path + "x_eval_" + step),
                            doubles(updater.evaluationParameters(parameters, scratch)),
                            tolerance);
                }
            }
        }
    }

    private static double[] doubles(NDArray array) {
        try (NDArray copy = array.toType(DataType.FLOAT64, true)) {
            return copy.toDoubleArray();
        }
    }

    /** Compares what was recorded, if anything was at this step. */
    private static void compare(JsonNode expected, double[] parameters, double tolerance) {
        int at = 0;
        for (JsonNode tensor : expected) {
            for (JsonNode value : tensor) {
                assertThat(parameters[at++]).isCloseTo(value.doubleValue(), within(tolerance));
            }
        }
    }

    /** Adafactor without a learning rate goes by its own bound, 1e-2, which with us is the learning rate. */
    private static double learningRate(JsonNode json) {
        JsonNode rate = json.at("/hyper_parameters/lr");
        return rate.isNull() ? 1e-2 : rate.doubleValue();
    }

    /** Every option of the reference at its value; one that we do not have is an error. */
    private static Optimizer optimizer(String reference, JsonNode json) {
        Match match = Objects.requireNonNull(MATCHED.get(reference), reference);
        Map<String, Double> options = new LinkedHashMap<>(match.options());
        json.get("hyper_parameters").properties().forEach(option -> {
            JsonNode value = option.getValue();
            switch (option.getKey()) {
                case "betas", "adamw_betas" -> {
                    String prefix = match.optimizer().equals("muon") ? "adamw_beta" : "beta";
                    for (int i = 0; i < value.size(); i++) {
                        options.put(prefix + (i + 1), value.get(i).doubleValue());
                    }
                }
                case "betas_1d" -> assertThat(value).isEqualTo(json.at("/hyper_parameters/betas"));
                case "eps" -> {
                    if (match.optimizer().equals("adafactor")) {
                        options.put("eps1", number(value.isArray() ? value.get(0) : value));
                        if (value.isArray()) {
                            options.put("eps2", number(value.get(1)));
                        }
                    } else {
                        options.put("eps", number(value));
                        if (reference.equals("muon_timm")) {
                            options.put("adamw_eps", number(value));
                        }
                    }
                }
                case "decoupled_weight_decay" -> {
                    if (match.optimizer().equals("adam") || match.optimizer().equals("adamw")) {
                        assertThat(value.booleanValue())
                                .isEqualTo(match.optimizer().equals("adamw"));
                    } else {
                        options.put("decoupled_weight_decay", number(value));
                    }
                }
                default -> {
                    String fixed = FIXED.get(option.getKey());
                    if (fixed != null) {
                        assertThat(value.asText()).as(option.getKey()).isEqualTo(fixed);
                    } else if (!WITHOUT_EFFECT.contains(option.getKey())) {
                        options.put(RENAMED.getOrDefault(option.getKey(), option.getKey()), number(value));
                    }
                }
            }
        });
        Optimizers.Entry entry = Optimizers.entry(match.optimizer());
        return entry.constructor().apply(entry.defaults().with(options));
    }

    private static double number(JsonNode value) {
        if (value.isTextual()) {
            return Objects.requireNonNull(WORDS.get(value.textValue()), value.textValue());
        }
        return value.isBoolean() ? (value.booleanValue() ? 1 : 0) : value.asDouble(0);
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

    private static Path directory() {
        String chosen = System.getProperty("couplet.reference");
        try {
            return chosen == null
                    ? Path.of(Objects.requireNonNull(OptimizerParityTest.class.getResource("/reference/optimizers"))
                            .toURI())
                    : Path.of(chosen, "optimizers");
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    private static Set<String> references() {
        try (Stream<Path> files = Files.list(directory())) {
            Set<String> names = new TreeSet<>();
            files.map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith(".json"))
                    .forEach(name -> names.add(name.substring(0, name.length() - ".json".length())));
            return names;
        } catch (IOException e) {
            throw new IllegalStateException("cannot read " + directory(), e);
        }
    }

    private static JsonNode read(String reference) {
        try {
            return new ObjectMapper()
                    .readTree(directory().resolve(reference + ".json").toFile());
        } catch (IOException e) {
            throw new IllegalStateException("cannot read " + reference, e);
        }
    }
}
