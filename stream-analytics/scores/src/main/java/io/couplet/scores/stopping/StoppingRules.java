package io.couplet.scores.stopping;

import io.couplet.scores.convergence.ConvergenceSettings;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/** The rules there are, by name, with their options and defaults: the one place that knows all of them. */
public enum StoppingRules {
    DIVERGENCE("divergence", "the loss became NaN, infinite, or exploded; always on", List.of()),
    STALL("stall", "no step for many times the usual gap while others step", List.of("gaps", 100.0)),
    PLATEAU("plateau", "no better value for a share of the budget", List.of("patience", 0.3, "gain", 0.0)),
    TARGET("target", "has the value that was wanted", List.of("value", Double.NaN)),
    MEDIAN(
            "median",
            "best so far is below the median of its peers' means (Ray Tune's)",
            List.of("grace", 0.05, "peers", 3.0)),
    ASHA(
            "asha",
            "not in the best 1/factor of those before it at a milestone (Ray Tune's)",
            List.of("grace", 0.01, "factor", 4.0, "peers", 1.0)),
    SUCCESSIVE_HALVING(
            "successive-halving",
            "not in the best 1/factor of its cohort at a milestone, all waited for",
            List.of("grace", 0.025, "factor", 3.0, "peers", 1.0)),
    FIRST_RUNGS(
            "i-epoch",
            "not among the best few of its cohort after a share of the budget; the baseline",
            List.of("fraction", 0.05, "keep", 1.0, "peers", 1.0)),
    TRANSFER(
            "transfer",
            "by what its optimizer gained on finished backbones it will not beat its cohort's leader",
            List.of(
                    "grace",
                    0.01,
                    "risk",
                    0.45,
                    "loss",
                    0.05,
                    "interaction",
                    0.5,
                    "tolerance",
                    0.0,
                    "target",
                    0.0,
                    "miss",
                    0.05,
                    "anchors",
                    0.0,
                    "peers",
                    3.0));

    /** The option that every rule but divergence knows besides its own: 1 lets it decide and record, and nobody obeys. */
    public static final String SHADOW = "shadow";

    /** The other one: 1 has a run that it stops keep its checkpoint, so that it can be taken up again. */
    public static final String PAUSE = "pause";

    private final String key;
    private final String summary;
    private final Map<String, Double> defaults;

    StoppingRules(String key, String summary, List<Object> namesAndValues) {
        this.key = key;
        this.summary = summary;
        Map<String, Double> options = new LinkedHashMap<>();
        for (int i = 0; i < namesAndValues.size(); i += 2) {
            options.put((String) namesAndValues.get(i), (Double) namesAndValues.get(i + 1));
        }
        this.defaults = java.util.Collections.unmodifiableMap(options);
    }

    /** The name by which studies, commands and decisions call it. */
    public String key() {
        return key;
    }

    /** When it stops a run, in a few words. */
    public String summary() {
        return summary;
    }

    /**
     * Whether a study can arm it. Stall is not: an order to a trainer that answers nothing would wait for the attempt that takes the run up, and end that
     * one.
     */
    public boolean forStudies() {
        return this != STALL;
    }

    /** The names of the options that a study may give it. */
    public List<String> optionsOfStudies() {
        List<String> names = new ArrayList<>(defaults.keySet());
        if (this != DIVERGENCE) {
            names.add(SHADOW);
            names.add(PAUSE);
        }
        return names;
    }

    /**
     * The rule as a study names it, with {@value #SHADOW} and {@value #PAUSE} or without.
     *
     * @throws IllegalArgumentException as {@link #with}
     */
    public StoppingRule ofStudy(Map<String, Double> given) {
        Map<String, Double> options = new LinkedHashMap<>(given);
        if (this != DIVERGENCE) {
            options.remove(SHADOW);
            options.remove(PAUSE);
        }
        return with(options);
    }

    /** Its options by name with their defaults; NaN for one that must be given. */
    public Map<String, Double> defaults() {
        return defaults;
    }

    /**
     * The rule of a name.
     *
     * @throws IllegalArgumentException in one sentence with those that a study can arm, when there is none of that name
     */
    public static StoppingRules named(String name) {
        for (StoppingRules each : values()) {
            if (each.key.equals(name)) {
                return each;
            }
        }
        throw new IllegalArgumentException("there is no stopping rule '" + name + "': choose among "
                + String.join(
                        ", ",
                        java.util.Arrays.stream(values())
                                .filter(StoppingRules::forStudies)
                                .map(StoppingRules::key)
                                .toList()));
    }

    /**
     * The rule with some options of its own and the defaults for the others.
     *
     * @throws IllegalArgumentException in one sentence with the rule's name, when an option is unknown, missing or out of bounds
     */
    public StoppingRule with(Map<String, Double> given) {
        for (String option : new TreeSet<>(given.keySet())) {
            if (!defaults.containsKey(option)) {
                throw new IllegalArgumentException(
                        key + " has no option '" + option + "': it knows " + String.join(", ", defaults.keySet()));
            }
        }
        Map<String, Double> options = new LinkedHashMap<>(defaults);
        options.putAll(given);
        options.forEach((option, value) -> {
            if (!Double.isFinite(value)) {
                throw new IllegalArgumentException(key + " needs its option " + option + ": give a number");
            }
        });
        try {
            return make(new Given(options));
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(key + ": " + e.getMessage(), e);
        }
    }

    private StoppingRule make(Given options) {
        return switch (this) {
            case DIVERGENCE ->
                new DivergenceRule(ConvergenceSettings.forBudget(0, 0).explosionFactor());
            case STALL -> new StallRule(options.number("gaps"));
            case PLATEAU -> new PlateauRule(options.number("patience"), options.number("gain"));
            case TARGET -> new TargetRule(options.number("value"));
            case MEDIAN -> new MedianRule(options.number("grace"), options.count("peers"));
            case ASHA -> new AshaRule(options.number("grace"), options.number("factor"), options.count("peers"));
            case SUCCESSIVE_HALVING ->
                new SuccessiveHalvingRule(options.number("grace"), options.number("factor"), options.count("peers"));
            case FIRST_RUNGS ->
                new FirstRungsRule(options.number("fraction"), options.count("keep"), options.count("peers"));
            case TRANSFER ->
                new TransferRule(
                        options.number("grace"),
                        options.number("risk"),
                        options.number("loss"),
                        options.number("interaction"),
                        options.number("tolerance"),
                        options.number("target"),
                        options.number("miss"),
                        options.count("anchors"),
                        options.count("peers"));
        };
    }

    /** All options by name. */
    private record Given(Map<String, Double> values) {

        double number(String option) {
            Double value = values.get(option);
            if (value == null) {
                throw new IllegalStateException("no default for " + option);
            }
            return value;
        }

        int count(String option) {
            double value = number(option);
            if (value != Math.rint(value) || Math.abs(value) > 1e6) {
                throw new IllegalArgumentException(option + " must be a whole number, was " + value);
            }
            return (int) value;
        }
    }
}
