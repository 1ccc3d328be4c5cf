package io.couplet.schemas.study;

import io.couplet.schemas.RunId;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A backbone that is no registered one but a TorchScript file: {@code file:PATH.pt} in a study.
 *
 * @param path as the trainer sees it
 */
public record BackboneFile(String path) {

    private static final String PREFIX = "file:";
    private static final Pattern PATH = Pattern.compile("(?:.*[/\\\\])?([^/\\\\]+)\\.(?:pt|pth|ts)", Pattern.DOTALL);
    private static final int MOST_LETTERS = 32;

    public BackboneFile {
        if (!PATH.matcher(path).matches() || path.codePoints().anyMatch(Character::isISOControl)) {
            throw new IllegalArgumentException("backbone '" + PREFIX + path
                    + "' must name a TorchScript file that ends in .pt, e.g. file:models/net.pt");
        }
    }

    /** Whether a study means a file by this. */
    public static boolean isMeantBy(String backbone) {
        return backbone.startsWith(PREFIX);
    }

    /**
     * The file that a study means; empty for a registered backbone.
     *
     * @throws IllegalArgumentException when it means a file but names none
     */
    public static Optional<BackboneFile> of(String backbone) {
        return isMeantBy(backbone)
                ? Optional.of(new BackboneFile(backbone.substring(PREFIX.length())))
                : Optional.empty();
    }

    /** What a study's backbone is called in run ids, records and tables: a file by {@link #name()}. */
    static String nameOf(String backbone) {
        return of(backbone).map(BackboneFile::name).orElse(backbone);
    }

    /** The file's name without its ending, in the letters that a run id allows, and 6 hex digits of its path. */
    public String name() {
        Matcher matcher = PATH.matcher(path);
        String stem = RunId.part(matcher.matches() ? matcher.group(1) : path);
        return stem.substring(0, Math.min(MOST_LETTERS, stem.length())) + '-' + StudySpecification.digest(path);
    }

    @Override
    public String toString() {
        return PREFIX + path;
    }
}
