package io.couplet.view.alerts;

/**
 * Whose silence it is: a run's, or that of Kafka, or of the job whose scores tell of the steps. No clock of its own.
 *
 * <p>Scores are late when steps are written half the least silence and more after the newest score was read, and none follows.
 */
final class Silence {

    private static final long UNKNOWN = -1;

    private final long leastMillis;
    private boolean away;
    private boolean late;
    private long countedFromMillis;
    private long scoredMillis;
    private long steps = UNKNOWN;

    /** @param leastMillis a run that is silent for less has not stalled */
    Silence(long leastMillis, long nowMillis) {
        this.leastMillis = leastMillis;
        this.scoredMillis = nowMillis;
    }

    /** Kafka does not answer. */
    void kafkaIsAway() {
        away = true;
    }

    /** Kafka answers that so many steps were written in all; after an outage the trainers have yet to send what they kept. */
    void kafkaAnswers(long nowMillis, long stepsWritten) {
        if (away) {
            countedFromMillis = nowMillis;
        }
        away = false;
        if (steps == UNKNOWN && nowMillis - scoredMillis >= leastMillis / 2) {
            steps = stepsWritten;
        }
        late = steps != UNKNOWN && stepsWritten > steps;
    }

    /** A score was read; the first one after a while is that of one run, and the others' are still to come. */
    void scored(long nowMillis) {
        if (late) {
            countedFromMillis = nowMillis;
        }
        late = false;
        scoredMillis = nowMillis;
        steps = UNKNOWN;
    }

    /** Whether nobody can tell from the scores which runs make steps. */
    boolean scoresAreLate() {
        return late;
    }

    /** From when on a run's silence is its own, milliseconds since the epoch. */
    long countedFromMillis() {
        return countedFromMillis;
    }
}
