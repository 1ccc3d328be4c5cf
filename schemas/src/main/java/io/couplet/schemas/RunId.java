package io.couplet.schemas;

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

    private static final int PARTS = 5;
    private static final int SEED_DIGITS = 18;

    public RunId {
        requirePart("studyId", studyId);
        requirePart("backbone", backbone);
        requirePart("optimizer", optimizer);
        if (!isDigest(digest)) {
            throw new IllegalArgumentException("digest must be 6 hexadecimal digits, was " + digest);
        }
    }

    /**
     * Reads a run id.
     *
     * @throws IllegalArgumentException when it has not the form above
     */
    public static RunId parse(String runId) {
        // By hand: a hundred thousand runs take turns in the caches of those who read steps, and patterns are slow.
        String[] parts = new String[PARTS];
        int found = 0;
        int begin = 0;
        for (int end = runId.indexOf('.'); end >= 0 && found < PARTS; end = runId.indexOf('.', begin)) {
            parts[found++] = runId.substring(begin, end);
            begin = end + 1;
        }
        if (found != PARTS - 1) {
            throw malformed(runId);
        }
        parts[found] = runId.substring(begin);
        String seed = parts[3];
        if (!isPart(parts[0])
                || !isPart(parts[1])
                || !isPart(parts[2])
                || !seed.startsWith("s")
                || !isSeed(seed.substring(1))
                || !isDigest(parts[4])) {
            throw malformed(runId);
        }
        return new RunId(parts[0], parts[1], parts[2], Long.parseLong(seed, 1, seed.length(), 10), parts[4]);
    }

    /** Whether it reads {@code <name>-<6 hex digits>}, as every study's id does. */
    public static boolean isStudyId(String text) {
        int dash = text.lastIndexOf('-');
        return dash > 0 && isPart(text.substring(0, dash)) && isDigest(text.substring(dash + 1));
    }

    private static IllegalArgumentException malformed(String runId) {
        return new IllegalArgumentException(
                "A run id reads <study>.<backbone>.<optimizer>.s<seed>.<6 hex digits>, this one reads " + runId);
    }

    private static boolean isPart(String part) {
        for (int i = 0; i < part.length(); i++) {
            char c = part.charAt(i);
            boolean allowed = c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || isDigit(c) || c == '-' || c == '_';
            if (!allowed) {
                return false;
            }
        }
        return !part.isEmpty();
    }

    private static boolean isSeed(String seed) {
        int first = seed.startsWith("-") ? 1 : 0;
        for (int i = first; i < seed.length(); i++) {
            if (!isDigit(seed.charAt(i))) {
                return false;
            }
        }
        return seed.length() > first && seed.length() - first <= SEED_DIGITS;
    }

    private static boolean isDigest(String digest) {
        for (int i = 0; i < digest.length(); i++) {
            char c = digest.charAt(i);
            if (!isDigit(c) && !(c >= 'a' && c <= 'f')) {
                return false;
            }
        }
        return digest.length() == 6;
    }

    private static boolean isDigit(char c) {
        return c >= '0' && c <= '9';
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
        if (!isPart(value)) {
            throw new IllegalArgumentException(
                    name + " may have letters, digits, '-' and '_' only, was '" + value + "'");
        }
    }
}
