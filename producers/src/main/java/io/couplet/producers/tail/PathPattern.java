package io.couplet.producers.tail;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a file's path says of its run: {@code {backbone}/{optimizer}/seed{seed}/**}. A name in braces takes the text of one folder or a part of it, {@code *} any part of one
 * folder's name, {@code **} or {@code …} anything.
 */
public final class PathPattern {

    /** Names that mean something; {@code run} keeps apart what has the same backbone, optimizer and seed. */
    static final List<String> NAMES = List.of("run", "backbone", "optimizer", "seed", "budget");

    private static final Pattern PIECE = Pattern.compile("\\{([^}]*)}|\\*\\*|…|\\*");

    private final Pattern pattern;
    private final List<String> names;

    private PathPattern(Pattern pattern, List<String> names) {
        this.pattern = pattern;
        this.names = names;
    }

    /**
     * Reads a pattern.
     *
     * @throws IllegalArgumentException in one sentence, when it names something else or the same twice
     */
    public static PathPattern of(String text) {
        StringBuilder regex = new StringBuilder();
        List<String> names = new ArrayList<>();
        Matcher pieces = PIECE.matcher(text);
        int end = 0;
        while (pieces.find()) {
            regex.append(Pattern.quote(text.substring(end, pieces.start())));
            String name = pieces.group(1);
            if (name == null) {
                regex.append(pieces.group().equals("*") ? "[^/]*" : ".*");
            } else if (!NAMES.contains(name) || names.contains(name)) {
                throw new IllegalArgumentException(
                        "{" + name + "} " + (names.contains(name) ? "is there twice" : "is no name")
                                + ": a pattern may have each of {" + String.join("}, {", NAMES) + "} once");
            } else {
                names.add(name);
                regex.append("([^/]+?)");
            }
            end = pieces.end();
        }
        regex.append(Pattern.quote(text.substring(end)));
        return new PathPattern(Pattern.compile(regex.toString()), List.copyOf(names));
    }

    /** What a path with forward slashes says; empty when it does not fit. */
    Optional<Map<String, String>> read(String path) {
        Matcher matcher = pattern.matcher(path);
        if (!matcher.matches()) {
            return Optional.empty();
        }
        Map<String, String> facts = new LinkedHashMap<>();
        for (int i = 0; i < names.size(); i++) {
            facts.put(names.get(i), matcher.group(i + 1));
        }
        return Optional.of(facts);
    }
}
