package io.couplet.schemas.study;

import java.util.Collection;
import java.util.Comparator;
import java.util.Locale;
import java.util.Optional;

/** The name somebody meant. */
public final class Nearest {

    private Nearest() {}

    /** The nearest of the known names, when one is near enough: a third of its letters may be wrong, two at least. */
    public static Optional<String> to(String name, Collection<String> known) {
        return known.stream()
                .filter(candidate -> distance(name, candidate) <= Math.max(2, candidate.length() / 3))
                .min(Comparator.comparingInt((String candidate) -> distance(name, candidate))
                        .thenComparing(Comparator.naturalOrder()));
    }

    /** {@code unknown backbone 'resnt': did you mean 'resnet'?}, or with the list of known names when none is near. */
    public static String unknown(String what, String name, Collection<String> known) {
        return "unknown " + what + " '" + name + "': "
                + to(name, known)
                        .map(nearest -> "did you mean '" + nearest + "'?")
                        .orElse(known.isEmpty() ? "there is none" : "there are " + String.join(", ", known));
    }

    /** Levenshtein's distance, upper and lower case alike. */
    static int distance(String a, String b) {
        String left = a.toLowerCase(Locale.ROOT);
        String right = b.toLowerCase(Locale.ROOT);
        int[] row = new int[right.length() + 1];
        for (int j = 0; j <= right.length(); j++) {
            row[j] = j;
        }
        for (int i = 1; i <= left.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= right.length(); j++) {
                int substituted = diagonal + (left.charAt(i - 1) == right.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(substituted, 1 + Math.min(row[j], row[j - 1]));
            }
        }
        return row[right.length()];
    }
}
