package io.couplet.trainer.weights;

import io.couplet.trainer.backbones.ParameterLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.stream.Stream;

/**
 * What a training begins with when it does not begin at random.
 *
 * @param parameters the flat vector of what is trained
 * @param buffers the flat vector of running statistics
 */
@SuppressWarnings("ArrayRecordComponent") // a carrier of bulk data: nobody compares it
public record StartingWeights(float[] parameters, float[] buffers, Report report) {

    private static final int NAMED = 3;

    /**
     * Which tensors a file filled. Names of the backbone's tensors, but for {@code unexpected}, which the backbone does not have.
     *
     * @param misshaped there, but of another shape: left as they begin without a file
     * @param freshHead whether the classifier is among those because its number of classes is another
     */
    public record Report(
            int loaded, List<String> missing, List<String> unexpected, List<String> misshaped, boolean freshHead) {

        public Report {
            missing = List.copyOf(missing);
            unexpected = List.copyOf(unexpected);
            misshaped = List.copyOf(misshaped);
        }

        /** One sentence for a log. */
        public String sentence() {
            return loaded + " tensors loaded, " + missing.size() + " missing" + some(missing) + ", "
                    + unexpected.size() + " unexpected" + some(unexpected) + ", " + misshaped.size() + " mis-shaped"
                    + some(misshaped) + (freshHead ? "; the classifier is new, it has another number of classes" : "");
        }
    }

    /** A tensor of the backbone and where its values go. */
    private record Target(String name, List<Long> shape, float[] vector, int offset) {}

    /**
     * Puts a file's tensors over the values that the backbone would begin with. Whole numbers in the file, such as batch norm's counters, are left out.
     *
     * @param seed of what the file does not fill
     * @throws IllegalArgumentException in one sentence, if the file is not in the safetensors format, or fills less than half of the backbone's tensors
     */
    public static StartingWeights read(Path file, ParameterLayout layout, long seed) {
        float[] parameters = layout.initialParameters(seed);
        float[] buffers = layout.initialBuffers();
        try (SafeTensors tensors = SafeTensors.open(file)) {
            Report report = match(
                    file,
                    tensors,
                    targets(layout, parameters, buffers),
                    head(layout),
                    (tensor, target) -> tensors.read(tensor, target.vector(), target.offset()));
            return new StartingWeights(parameters, buffers, report);
        }
    }

    /**
     * What {@link #read} would find, by the file's header alone.
     *
     * @throws IllegalArgumentException in one sentence, as {@link #read} does
     */
    public static Report check(Path file, ParameterLayout layout) {
        try (SafeTensors tensors = SafeTensors.open(file)) {
            float[] none = new float[0];
            return match(file, tensors, targets(layout, none, none), head(layout), (tensor, target) -> {});
        }
    }

    private static List<Target> targets(ParameterLayout layout, float[] parameters, float[] buffers) {
        return Stream.concat(
                        layout.parameters().stream()
                                .map(p -> new Target(p.name(), shape(p.shape().getShape()), parameters, p.offset())),
                        layout.buffers().stream()
                                .map(b -> new Target(b.name(), shape(b.shape().getShape()), buffers, b.offset())))
                .toList();
    }

    private static List<Long> shape(long[] dimensions) {
        return java.util.Arrays.stream(dimensions).boxed().toList();
    }

    private static Report match(
            Path file,
            SafeTensors tensors,
            List<Target> targets,
            Set<String> head,
            BiConsumer<SafeTensors.Tensor, Target> matching) {
        List<String> missing = new ArrayList<>();
        List<String> misshaped = new ArrayList<>();
        List<String> shapes = new ArrayList<>();
        Set<String> known = new HashSet<>();
        boolean freshHead = false;
        int loaded = 0;
        for (Target target : targets) {
            known.add(target.name());
            SafeTensors.Tensor tensor = tensors.tensors().get(target.name());
            if (tensor == null || !tensor.isFloating()) {
                missing.add(target.name());
            } else if (!tensor.shape().equals(target.shape())) {
                misshaped.add(target.name());
                shapes.add(target.name() + " " + tensor.shape() + " for " + target.shape());
                freshHead |= head.contains(target.name()) && differOnlyInClasses(tensor.shape(), target.shape());
            } else {
                matching.accept(tensor, target);
                loaded++;
            }
        }
        if (loaded < targets.size() - loaded) {
            throw new IllegalArgumentException("the weights in " + file
                    + " are another backbone's, or the same one's in another size: they fill " + loaded + " of "
                    + targets.size() + " tensors, " + missing.size() + " are missing" + some(missing) + ", "
                    + misshaped.size() + " have another shape" + some(shapes)
                    + "; give a file of the same timm model and the study's size (timm's own files are of size paper)");
        }
        List<String> unexpected = tensors.tensors().values().stream()
                .filter(tensor -> tensor.isFloating() && !known.contains(tensor.name()))
                .map(SafeTensors.Tensor::name)
                .toList();
        return new Report(loaded, missing, unexpected, misshaped, freshHead);
    }

    /** The classifier: the last matrix and its bias. */
    private static Set<String> head(ParameterLayout layout) {
        String weight = layout.parameters().stream()
                .filter(p -> p.shape().dimension() > 1)
                .map(ParameterLayout.Parameter::name)
                .reduce("", (first, second) -> second);
        return Set.of(weight, weight.replaceAll("weight$", "bias") + (weight.endsWith("weight") ? "" : ".bias"));
    }

    private static boolean differOnlyInClasses(List<Long> theirs, List<Long> ours) {
        return theirs.size() == ours.size() && theirs.subList(1, theirs.size()).equals(ours.subList(1, ours.size()));
    }

    private static String some(List<String> names) {
        if (names.isEmpty()) {
            return "";
        }
        return " (" + String.join(", ", names.subList(0, Math.min(NAMED, names.size())))
                + (names.size() > NAMED ? ", …)" : ")");
    }
}
