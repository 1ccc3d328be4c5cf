package io.couplet.trainer.optimizers;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** Every optimizer there is, by the name that a study uses. */
public final class Optimizers {
    private Optimizers() {}

    /** The paper's grouping: how the step size of an element comes about, and whether gradients are averaged. */
    public enum Family {
        /** (a) one rate for all elements, momentum. */
        FIXED_RATE,
        /** (b) a rate per element, momentum. */
        ADAPTIVE,
        /** (c) an estimated rate per tensor or of curvature, momentum. */
        ESTIMATED,
        /** (d) a rate per element, no momentum. */
        ADAPTIVE_WITHOUT_MOMENTUM
    }

    /**
     * Learning rates to begin with for short trainings of nano backbones, by what the backbone is made of.
     *
     * @param plain convolutions without normalisation
     * @param batchNorm convolutions with batch norm
     * @param layerNorm tokens, or convolutions with layer norm
     */
    public record LearningRates(double plain, double batchNorm, double layerNorm) {}

    /**
     * An optimizer in the list.
     *
     * @param name as a study writes it
     * @param title as the paper writes it
     */
    public record Entry(
            String name,
            String title,
            Family family,
            Options defaults,
            LearningRates learningRates,
            Function<Options, Optimizer> constructor) {}

    private static final Map<String, Entry> ENTRIES = list(
            new Entry("sgd", "SGD-M", Family.FIXED_RATE, Sgd.DEFAULTS, new LearningRates(0.05, 0.1, 0.1), Sgd::new),
            new Entry("adam", "Adam", Family.ADAPTIVE, Adam.DEFAULTS, new LearningRates(1e-3, 3e-3, 2e-3), Adam::adam),
            new Entry(
                    "adamw",
                    "AdamW",
                    Family.ADAPTIVE,
                    Adam.DEFAULTS_W,
                    new LearningRates(1e-3, 3e-3, 2e-3),
                    Adam::adamW),
            new Entry("lamb", "LAMB", Family.ADAPTIVE, Lamb.DEFAULTS, new LearningRates(0.01, 0.02, 0.01), Lamb::new),
            new Entry("lion", "Lion", Family.FIXED_RATE, Lion.DEFAULTS, new LearningRates(2e-4, 5e-4, 5e-4), Lion::new),
            new Entry(
                    "rmsprop",
                    "RMSProp",
                    Family.ADAPTIVE_WITHOUT_MOMENTUM,
                    RmsProp.DEFAULTS,
                    new LearningRates(5e-4, 2e-3, 1e-3),
                    RmsProp::new));

    private static Map<String, Entry> list(Entry... entries) {
        Map<String, Entry> map = new LinkedHashMap<>();
        for (Entry entry : entries) {
            map.put(entry.name(), entry);
        }
        return map;
    }

    public static List<String> names() {
        return List.copyOf(ENTRIES.keySet());
    }

    public static List<Entry> entries() {
        return List.copyOf(ENTRIES.values());
    }

    /** @throws IllegalArgumentException with the names there are */
    public static Entry entry(String name) {
        Entry entry = ENTRIES.get(name);
        if (entry == null) {
            throw new IllegalArgumentException(
                    "unknown optimizer '" + name + "': there are " + String.join(", ", ENTRIES.keySet()));
        }
        return entry;
    }
}
