package io.couplet.view.model;

/**
 * The books of a study.
 *
 * @param stepsTrained steps as the trainers counted them when each attempt ended; an attempt that has not ended, or died
 *     without a word, counts by its records
 * @param stepsInTopic distinct (run, attempt, step) among the step metrics
 * @param duplicates step metrics that repeated one
 * @param attemptsWithoutEnding attempts followed by another one without having said how they ended
 * @param runsThatDiffer ended runs whose two step counts differ
 * @param recordsSpooled records that ended attempts reported as still spooled
 * @param deadLetters records in the dead-letter topic, of all studies
 * @param deadLettersOfStudy those whose key names a run or a score of this study
 * @param unreadable records this reader could not decode, of all studies
 */
public record StudyCounts(
        long stepsTrained,
        long stepsInTopic,
        long duplicates,
        int attemptsWithoutEnding,
        int runsThatDiffer,
        long recordsSpooled,
        long deadLetters,
        long deadLettersOfStudy,
        long unreadable) {}
