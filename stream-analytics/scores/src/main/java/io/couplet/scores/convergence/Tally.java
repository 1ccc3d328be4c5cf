package io.couplet.scores.convergence;

/**
 * Which steps were seen and which were not counted.
 *
 * @param attempt the newest attempt seen; 0 before the first step
 * @param lastStep the newest step of that attempt
 * @param steps the steps that count in the score
 * @param duplicates steps of the newest attempt at or before {@code lastStep}, ignored
 * @param olderAttempts steps of older attempts, ignored
 * @param superseded steps that counted until a later attempt took the run up again at or before them
 */
public record Tally(int attempt, long lastStep, long steps, long duplicates, long olderAttempts, long superseded) {

    static final Tally EMPTY = new Tally(0, 0, 0, 0, 0, 0);

    /** What is left when a later attempt starts at {@code step}; exact when no step below it was missing. */
    Tally before(long step) {
        long kept = Math.min(steps, step - 1);
        return new Tally(attempt, step - 1, kept, duplicates, olderAttempts, superseded + steps - kept);
    }
}
