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
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Some steps of a toy problem against torch, timm and the papers' own rules: every file of {@code optimizers} in the directory that {@code -Dcouplet.reference=DIR} names, else of the committed
 * copy. Which optimizer it is of, the shapes, the hyper-parameters and the steps are what the file says.
 */
class OptimizerParityTest {
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

    /** A file of the directory. */
    private record Reference(Path file, JsonNode json) {
        String name() {
            return json.path("optimizer").asText();
        }

        Tensors tensors() {
            List<Tensor> tensors = new ArrayList<>();
            int offset = 0;
            for (JsonNode shape : required("shapes")) {
                List<Integer> dimensions = new ArrayList<>();
                shape.forEach(dimension -> dimensions.add(dimension.intValue()));
                tensors.add(new Tensor(offset, dimensions, true));
                offset += tensors.get(tensors.size() - 1).size();
            }
            return new Tensors(tensors);
        }

        List<Integer> steps() {
            List<Integer> steps = new ArrayList<>();
            required("steps").forEach(step -> steps.add(step.intValue()));
            return steps;
        }

        int lastStep() {
            return Collections.max(steps());
        }

        /** Whether other parameters than those that are trained are to be evaluated. */
        boolean evaluatesOthers() {
            return json.path("float64").has("x_eval_" + lastStep());
        }

        private JsonNode required(String key) {
            JsonNode value = json.path(key);
            assertThat(value).as("%s of %s", key, this).isNotEmpty();
            return value;
        }

        @Override
        public String toString() {
            return file.getFileName().toString();
        }
    }

    static Stream<Reference> matched() {
        return references().stream().filter(reference -> !NOT_MATCHED.containsKey(reference.name()));
    }

    @Test
    void everyReferenceIsMatchedOrListedWithItsReasonAndTheListHoldsNoOther() {
        Set<String> listed = new TreeSet<>(MATCHED.keySet());
        listed.addAll(NOT_MATCHED.keySet());
        assertThat(references()).extracting(Reference::name).isSubsetOf(listed);
        assertThat(MATCHED.keySet()).doesNotContainAnyElementsOf(NOT_MATCHED.keySet());
        if (System.getProperty("couplet.reference") == null) {
            assertThat(references()).extracting(Reference::name).containsExactlyInAnyOrderElementsOf(listed);
        }
        assertThat(MATCHED.values().stream().map(Match::optimizer)).containsAll(Optimizers.names());
    }

    @ParameterizedTest
    @MethodSource("matched")
    void followsTheReferenceInFloat32OnTheHost(Reference reference) {
        Recorded recorded = new Recorded(reference, "float32", 2e-6);
        double learningRate = learningRate(reference.json());
        Tensors tensors = reference.tensors();
        try (OnCpu updater = new OnCpu(optimizer(reference), tensors, toFloats(initial(tensors)))) {
            for (int step = 1; step <= reference.lastStep(); step++) {
                float[] parameters = updater.parameters();
                float[] gradient = toFloats(waves(tensors, step));
                for (int i = 0; i < gradient.length; i++) {
                    gradient[i] += 0.1f * parameters[i];
                }
                updater.step(gradient, learningRate, Double.POSITIVE_INFINITY);
                assertThat(updater.evaluatesOthers()).isEqualTo(reference.evaluatesOthers());
                recorded.compare(step, toDoubles(updater.parameters()), toDoubles(updater.evaluationParameters()));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("matched")
    void followsTheReferenceInFloat64OnWholeBuffers(Reference reference) {
        onWholeBuffers(reference, DataType.FLOAT64, new Recorded(reference, "float64", 1e-8));
    }

    @ParameterizedTest
    @MethodSource("matched")
    void followsTheReferenceInFloat32OnWholeBuffers(Reference reference) {
        onWholeBuffers(reference, DataType.FLOAT32, new Recorded(reference, "float32", 2e-6));
    }

    private static void onWholeBuffers(Reference reference, DataType type, Recorded recorded) {
        double learningRate = learningRate(reference.json());
        Tensors tensors = reference.tensors();
        JniUtils.setGradMode(false);
        try (NDManager manager = NDManager.newBaseManager(Device.cpu(), "PyTorch");
                DeviceUpdater updater = new DeviceUpdater(optimizer(reference), tensors, manager, type)) {
            NDArray parameters = manager.create(initial(tensors)).toType(type, true);
            for (int step = 1; step <= reference.lastStep(); step++) {
                try (NDManager scratch = manager.newSubManager()) {
                    double[] before = doubles(parameters);
                    double[] gradient = waves(tensors, step);
                    for (int i = 0; i < gradient.length; i++) {
                        gradient[i] += 0.1 * before[i];
                    }
                    NDArray given = scratch.create(gradient).toType(type, true);
                    updater.step(parameters, given, learningRate, Double.POSITIVE_INFINITY, scratch);
                    recorded.compare(
                            step, doubles(parameters), doubles(updater.evaluationParameters(parameters, scratch)));
                }
            }
        }
    }

    private static double[] doubles(NDArray array) {
        try (NDArray copy = array.toType(DataType.FLOAT64, true)) {
            return copy.toDoubleArray();
        }
    }

    /** What a file has in one precision: all its steps with all elements, so that nothing passes because it is missing. */
    private static final class Recorded {
        private final Map<String, double[]> values = new LinkedHashMap<>();
        private final double tolerance;

        Recorded(Reference reference, String section, double tolerance) {
            this.tolerance = tolerance;
            Set<String> expected = new TreeSet<>();
            for (int step : reference.steps()) {
                expected.add(Integer.toString(step));
                if (reference.evaluatesOthers()) {
                    expected.add("x_eval_" + step);
                }
            }
            List<Integer> sizes = sizes(reference.tensors());
            reference.required(section).properties().forEach(step -> {
                List<Integer> recorded = new ArrayList<>();
                List<Double> all = new ArrayList<>();
                for (JsonNode tensor : step.getValue()) {
                    recorded.add(tensor.size());
                    tensor.forEach(value -> all.add(value.doubleValue()));
                }
                assertThat(recorded)
                        .as("elements of %s/%s in %s", section, step.getKey(), reference)
                        .isEqualTo(sizes);
                values.put(
                        step.getKey(),
                        all.stream().mapToDouble(Double::doubleValue).toArray());
            });
            assertThat(values.keySet()).as("%s of %s", section, reference).isEqualTo(expected);
        }

        /** Nothing is compared at steps that are not recorded. */
        void compare(int step, double[] parameters, double[] evaluated) {
            compare(Integer.toString(step), parameters);
            compare("x_eval_" + step, evaluated);
        }

        private void compare(String key, double[] parameters) {
            double[] expected = values.get(key);
            if (expected != null) {
                assertThat(parameters).as(key).containsExactly(expected, within(tolerance));
            }
        }
    }

    /** Adafactor without a learning rate goes by its own bound, 1e-2, which with us is the learning rate. */
    private static double learningRate(JsonNode json) {
        JsonNode rate = json.at("/hyper_parameters/lr");
        return rate.isNull() ? 1e-2 : rate.doubleValue();
    }

    /** Every option of the reference at its value; one that we do not have is an error. */
    private static Optimizer optimizer(Reference reference) {
        JsonNode json = reference.json();
        Match match = MATCHED.get(reference.name());
        assertThat(match)
                .as("the optimizer '%s' of %s", reference.name(), reference)
                .isNotNull();
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
                        if (reference.name().equals("muon_timm")) {
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

    private static List<Integer> sizes(Tensors tensors) {
        return IntStream.range(0, tensors.count())
                .mapToObj(k -> tensors.get(k).size())
                .toList();
    }

    private static double[] initial(Tensors tensors) {
        List<Double> values = new ArrayList<>();
        for (int k = 0; k < tensors.count(); k++) {
            CRC32 hash = new CRC32();
            hash.update(("p" + k).getBytes(StandardCharsets.UTF_8));
            double phase = 2 * Math.PI * (hash.getValue() % 10007) / 10007;
            for (int i = 0; i < tensors.get(k).size(); i++) {
                values.add(0.5 * Math.sin(phase + 0.7310585 * i));
            }
        }
        return values.stream().mapToDouble(Double::doubleValue).toArray();
    }

    /** The part of a step's gradient that does not hang on the parameters. */
    private static double[] waves(Tensors tensors, int step) {
        double[] waves = new double[tensors.elements()];
        for (int k = 0; k < tensors.count(); k++) {
            for (int i = 0; i < tensors.get(k).size(); i++) {
                waves[tensors.offset(k) + i] = 0.3 * Math.sin(0.9 * step + 0.37 * i + k);
            }
        }
        return waves;
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

    private static List<Reference> references() {
        ObjectMapper mapper = new ObjectMapper();
        try (Stream<Path> files = Files.list(directory())) {
            List<Reference> references = new ArrayList<>();
            for (Path file : files.filter(file -> file.toString().endsWith(".json"))
                    .sorted()
                    .toList()) {
                references.add(new Reference(file, mapper.readTree(file.toFile())));
            }
            assertThat(references).as("references in %s", directory()).isNotEmpty();
            return references;
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + directory(), e);
        }
    }
}
