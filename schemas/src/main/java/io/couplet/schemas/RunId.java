package io.couplet.schemas;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A run's identity, readable and deterministic: {@code <studyId>.<backbone>.<optimizer>.s<seed>.<digest>}. Everything a
 * run-keyed record needs to be put into its cell of the grid can be read from it.
 *
 * @param studyId {@code <name>-<6 hex digits>}, no dots
 * @param backbone registered name, no dots
 * @param optimizer registered name, no dots
 * @param seed the run's seed
 * @param digest 6 hex digits over everything that defines the run
 */
public record RunId(String studyId, String backbone, String optimizer, long seed, String digest) {

    private static final Pattern PART = Pattern.compile("[A-Za-z0-9_-]+");
    private static final Pattern FORM =
            Pattern.compile("([A-Za-z0-9_-]+)\\.([A-Za-z0-9_-]+)\\.([A-Za-z0-9_-]+)\\.s(-?\\d{1,18})\\.([0-9a-f]{6})");

    public RunId {
        requirePart("studyId", studyId);
        requirePart("backbone", backbone);
        requirePart("optimizer", optimizer);
        if (!digest.matches("[0-9a-f]{6}")) {
            throw new IllegalArgumentException("digest must be 6 hexadecimal digits, was " + digest);
        }
    }

    /**
     * Reads a run id.
     *
     * @throws IllegalArgumentException when it has not the form above
     */
    public static RunId parse(String runId) {
        Matcher matcher = FORM.matcher(runId);
        if (!matcher.matches()) {
            throw new IllegalArgumentException(
                    "A run id reads <study>.<backbone>.<optimizer>.s<seed>.<6 hex digits>, this one reads " + runId);
        }
        return new RunId(
                matcher.group(1),
                matcher.group(2),
                matcher.group(3),
                Long.parseLong(matcher.group(4)),
                matcher.group(5));
    }

    /** A name with everything that a run id does not allow replaced by '-'. */
    public static String part(String name) {
        String part = name.replaceAll("[^A-Za-z0-9_-]+", "-");
        return part.isEmpty() ? "-" : part;
    }

    @Override
    public String toString() {
        return studyId + '.' + backbone + '.' + optimizer + ".s" + seed + '.' + digest;
    }

    private static void requirePart(String name, String value) {
        if (!PART.matcher(value).matches()) {
            throw new IllegalArgumentException(
                    name + " may have letters, digits, '-' and '_' only, was '" + value + "'");
        }
    }
}
