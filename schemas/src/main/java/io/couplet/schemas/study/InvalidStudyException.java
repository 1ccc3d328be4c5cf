package io.couplet.schemas.study;

import java.util.List;
import java.util.stream.Collectors;

/** A study that cannot be run as it is written. The message says all that is wrong, fit for its author as it is. */
public final class InvalidStudyException extends Exception {

    private static final long serialVersionUID = 1L;

    /**
     * One mistake.
     *
     * @param line 1-based
     * @param column 1-based
     * @param text what is wrong, and the fix
     */
    public record Problem(int line, int column, String text) implements java.io.Serializable {

        @Override
        public String toString() {
            return "line " + line + ", column " + column + ": " + text;
        }
    }

    private final List<Problem> problems;

    InvalidStudyException(String sourceName, List<Problem> problems) {
        super(message(sourceName, problems));
        this.problems = List.copyOf(problems);
    }

    private static String message(String sourceName, List<Problem> problems) {
        if (problems.size() == 1) {
            return sourceName + ", " + problems.get(0);
        }
        return problems.stream()
                .map(problem -> "\n  " + problem)
                .collect(Collectors.joining("", sourceName + " has " + problems.size() + " mistakes:", ""));
    }

    /** All mistakes, in the order of the file. */
    public List<Problem> problems() {
        return problems;
    }
}
