package io.couplet.producers.tail;

import io.couplet.schemas.RunId;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Which run an entry is of: from what is given, then from the path, then from the entry, then from what its log said before. Its id depends on the study's name and the run's only.
 *
 * @param name the run's name
 * @param facts backbone, optimizer, seed and budget, as far as known
 */
record RunIdentity(String name, Map<String, String> facts) {

    /** What logs call it, in the order in which they are looked for. */
    private static final Map<String, List<String>> USUAL = Map.of(
            "run",
            List.of("run", "run_name"),
            "backbone",
            List.of("backbone", "model", "arch", "architecture", "net", "model_name", "backbone.type", "model.name"),
            "optimizer",
            List.of("optimizer", "opt", "optim", "optimizer_name", "optimizer.type", "optimizer.name"),
            "seed",
            List.of("seed", "random_seed"),
            "budget",
            List.of("budget", "budget_steps", "max_steps", "total_steps", "max_iters"));

    static RunIdentity of(
            Map<String, String> given,
            Map<String, String> ofPath,
            Map<String, String> ofEntry,
            Map<String, String> ofLog,
            String otherwiseNamed) {
        Map<String, String> facts = new LinkedHashMap<>();
        for (String fact : PathPattern.NAMES) {
            String value = given.getOrDefault(fact, ofPath.get(fact));
            value = value == null ? usual(fact, ofEntry) : value;
            value = value == null ? usual(fact, ofLog) : value;
            if (value != null && !value.isBlank()) {
                facts.put(fact, value);
            }
        }
        return new RunIdentity(facts.getOrDefault("run", otherwiseNamed), facts);
    }

    private static @Nullable String usual(String fact, Map<String, String> facts) {
        for (String name : USUAL.getOrDefault(fact, List.of())) {
            String value = facts.get(name);
            if (value != null) {
                return value;
            }
        }
        return null;
    }

    /**
     * Its id in the topics.
     *
     * @throws IllegalArgumentException in one sentence with the fix, when something is not known
     */
    RunId id(String study) {
        String studyId = RunId.part(study) + '-' + digest("tail\n" + study);
        return new RunId(
                studyId,
                RunId.part(needed("backbone")),
                RunId.part(needed("optimizer")),
                whole("seed", facts.getOrDefault("seed", "0"), Long.MIN_VALUE / 16),
                digest(studyId + '\n' + name));
    }

    /**
     * Holds it against the run that has its name.
     *
     * @throws IllegalArgumentException in one sentence with the fix, when that one has another backbone, optimizer or seed
     */
    void requireSame(RunId known) {
        String backbone = facts.get("backbone");
        String optimizer = facts.get("optimizer");
        String seed = facts.get("seed");
        if (differs(backbone, known.backbone())
                || differs(optimizer, known.optimizer())
                || seed != null && whole("seed", seed, Long.MIN_VALUE / 16) != known.seed()) {
            throw new IllegalArgumentException("run " + name + " was " + known.backbone() + " with " + known.optimizer()
                    + ", seed " + known.seed() + " before and is " + (backbone == null ? known.backbone() : backbone)
                    + " with " + (optimizer == null ? known.optimizer() : optimizer) + ", seed "
                    + (seed == null ? known.seed() : seed)
                    + " here: give each training a name of its own, with {run} in --path-pattern or by following a folder above both,"
                    + " or each command a --study of its own");
        }
    }

    private static boolean differs(@Nullable String name, String known) {
        return name != null && !name.equals(known) && !RunId.part(name).equals(known);
    }

    /** The steps it may take; 0 when not known. */
    int budgetSteps() {
        String text = facts.get("budget");
        return text == null ? 0 : (int) Math.min(Integer.MAX_VALUE, whole("budget", text, 1));
    }

    private String needed(String fact) {
        String value = facts.get(fact);
        if (value == null) {
            throw new IllegalArgumentException("run " + name + " has no " + fact + ": give --" + fact
                    + ", or where it stands in the path with --path-pattern");
        }
        return value;
    }

    private static long whole(String fact, String text, long least) {
        Double value = Numbers.parse(text);
        if (value == null || value != Math.rint(value) || value < least || Math.abs(value) > 1L << 53) {
            throw new IllegalArgumentException(fact + " must be a whole number, was '" + text + "'");
        }
        return (long) (double) value;
    }

    private static String digest(String text) {
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(hash, 0, 3);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("Every Java has SHA-256", e);
        }
    }
}
