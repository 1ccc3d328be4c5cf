package io.couplet.trainer.optimizers;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** Every optimizer there is, by the name that a study uses. */
public final class Optimizers {
    private Optimizers() {}

    /** What every optimizer takes beside its own options, under the name that timm's factory has for it: 1, the default, spares biases and norms the decay; 0 does not. */
    public static final String FILTER_BIAS_AND_BN = "filter_bias_and_bn";

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
     * @param weightDecayCentre what a grid of weight decays is laid around: the default decay, or where that is zero what is usual for it
     */
    public record Entry(
            String name,
            String title,
            Family family,
            Options defaults,
            LearningRates learningRates,
            double weightDecayCentre,
            Function<Options, Optimizer> constructor) {

        /** Everything that a study can set of it, with the defaults. */
        public Map<String, Double> options() {
            Map<String, Double> options = new LinkedHashMap<>(defaults.asMap());
            options.put(FILTER_BIAS_AND_BN, 1.0);
            return options;
        }

        /**
         * Whether it wants a constant rate after the warm-up, because it averages its own iterates instead; with a falling rate it trains too, at what that
         * costs in its theory.
         */
        public boolean scheduleFree() {
            return constructor.apply(defaults).evaluationParameters().isPresent();
        }
    }

    /** In the order of the paper's Table 1, then the newer ones. */
    private static final Map<String, Entry> ENTRIES = list(
            new Entry(
                    "sgd",
                    "SGD-M",
                    Family.FIXED_RATE,
                    Sgd.DEFAULTS,
                    new LearningRates(0.05, 0.1, 0.05),
                    0.0005,
                    Sgd::new),
            new Entry(
                    "sgdp",
                    "SGDP",
                    Family.FIXED_RATE,
                    Sgdp.DEFAULTS,
                    new LearningRates(0.05, 0.1, 0.05),
                    0.0005,
                    Sgdp::new),
            new Entry(
                    "lion",
                    "LION",
                    Family.FIXED_RATE,
                    Lion.DEFAULTS,
                    new LearningRates(2e-4, 1e-3, 5e-4),
                    0.1,
                    Lion::new),
            new Entry(
                    "adam",
                    "Adam",
                    Family.ADAPTIVE,
                    Adam.DEFAULTS,
                    new LearningRates(1e-3, 3e-3, 1e-3),
                    0.0001,
                    Adam::adam),
            new Entry(
                    "adamax",
                    "Adamax",
                    Family.ADAPTIVE,
                    Adamax.DEFAULTS,
                    new LearningRates(3e-3, 1e-2, 5e-3),
                    0.0001,
                    Adamax::new),
            new Entry(
                    "nadam",
                    "NAdam",
                    Family.ADAPTIVE,
                    NAdam.DEFAULTS,
                    new LearningRates(1e-3, 3e-3, 2e-3),
                    0.0001,
                    NAdam::new),
            new Entry(
                    "adamw",
                    "AdamW",
                    Family.ADAPTIVE,
                    Adam.DEFAULTS_W,
                    new LearningRates(1e-3, 3e-3, 1e-3),
                    0.01,
                    Adam::adamW),
            new Entry(
                    "lamb",
                    "LAMB",
                    Family.ADAPTIVE,
                    Lamb.DEFAULTS,
                    new LearningRates(0.01, 0.02, 0.02),
                    0.01,
                    Lamb::new),
            new Entry(
                    "radam",
                    "RAdam",
                    Family.ADAPTIVE,
                    RAdam.DEFAULTS,
                    new LearningRates(1e-2, 2e-2, 1e-2),
                    0.0001,
                    RAdam::new),
            new Entry(
                    "adamp",
                    "AdamP",
                    Family.ADAPTIVE,
                    AdamP.DEFAULTS,
                    new LearningRates(1e-3, 3e-3, 2e-3),
                    0.01,
                    AdamP::new),
            new Entry(
                    "adan",
                    "Adan",
                    Family.ADAPTIVE,
                    Adan.DEFAULTS,
                    new LearningRates(3e-3, 1e-2, 5e-3),
                    0.02,
                    Adan::new),
            new Entry(
                    "adabound",
                    "AdaBound",
                    Family.ESTIMATED,
                    AdaBound.DEFAULTS,
                    new LearningRates(3e-3, 1e-2, 5e-3),
                    0.0005,
                    AdaBound::new),
            new Entry(
                    "lars", "LARS", Family.ESTIMATED, Lars.DEFAULTS, new LearningRates(0.3, 2, 0.2), 0.0001, Lars::new),
            new Entry(
                    "adafactor",
                    "AdaFactor",
                    Family.ESTIMATED,
                    Adafactor.DEFAULTS,
                    new LearningRates(0.1, 0.1, 0.1),
                    0.01,
                    Adafactor::new),
            new Entry(
                    "adabelief",
                    "AdaBelief",
                    Family.ESTIMATED,
                    AdaBelief.DEFAULTS,
                    new LearningRates(1e-3, 3e-3, 1e-3),
                    0.01,
                    AdaBelief::new),
            new Entry(
                    "novograd",
                    "NovoGrad",
                    Family.ESTIMATED,
                    NovoGrad.DEFAULTS,
                    new LearningRates(1e-2, 1e-2, 5e-3),
                    0.001,
                    NovoGrad::new),
            new Entry(
                    "sophia",
                    "Sophia",
                    Family.ESTIMATED,
                    Sophia.DEFAULTS,
                    new LearningRates(5e-4, 1e-3, 5e-4),
                    0.1,
                    Sophia::new),
            new Entry(
                    "adagrad",
                    "AdaGrad",
                    Family.ADAPTIVE_WITHOUT_MOMENTUM,
                    Adagrad.DEFAULTS,
                    new LearningRates(3e-3, 3e-2, 1e-2),
                    0.0001,
                    Adagrad::new),
            new Entry(
                    "adadelta",
                    "AdaDelta",
                    Family.ADAPTIVE_WITHOUT_MOMENTUM,
                    Adadelta.DEFAULTS,
                    new LearningRates(3, 3, 2),
                    0.0001,
                    Adadelta::new),
            new Entry(
                    "rmsprop",
                    "RMSProp",
                    Family.ADAPTIVE_WITHOUT_MOMENTUM,
                    RmsProp.DEFAULTS,
                    new LearningRates(5e-4, 2e-3, 5e-4),
                    0.0001,
                    RmsProp::new),
            new Entry(
                    "muon",
                    "Muon",
                    Family.FIXED_RATE,
                    Muon.DEFAULTS,
                    new LearningRates(1e-2, 1e-2, 5e-3),
                    0.1,
                    Muon::new),
            new Entry(
                    "schedule-free-adamw",
                    "Schedule-Free AdamW",
                    Family.ADAPTIVE,
                    ScheduleFreeAdamW.DEFAULTS,
                    new LearningRates(3e-3, 1e-2, 5e-3),
                    0.05,
                    ScheduleFreeAdamW::new),
            new Entry(
                    "adopt",
                    "ADOPT",
                    Family.ADAPTIVE,
                    Adopt.DEFAULTS,
                    new LearningRates(3e-3, 5e-3, 3e-3),
                    0.0001,
                    Adopt::new),
            new Entry(
                    "mars",
                    "MARS",
                    Family.ADAPTIVE,
                    Mars.DEFAULTS,
                    new LearningRates(3e-3, 5e-3, 3e-3),
                    0.05,
                    Mars::new));

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
