package io.couplet.view.alerts;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** Whose silence it is. */
class SilenceTest {

    private static final long MINUTE = 60_000;

    private final Silence silence = new Silence(MINUTE, 0);

    @Test
    void afterAnOutageSilenceCountsFromWhenKafkaAnswersAgain() {
        silence.kafkaAnswers(5_000, 0);
        assertThat(silence.countedFromMillis()).isZero();
        silence.kafkaIsAway();
        silence.kafkaIsAway();
        silence.kafkaAnswers(90_000, 0);
        silence.kafkaAnswers(95_000, 0);
        assertThat(silence.countedFromMillis()).isEqualTo(90_000);
    }

    @Test
    void scoresAreLateWhenStepsComeAndNoScoreFollows() {
        silence.scored(1_000);
        silence.kafkaAnswers(6_000, 100);
        silence.kafkaAnswers(26_000, 300);
        assertThat(silence.scoresAreLate()).as("a score may come yet").isFalse();
        silence.kafkaAnswers(31_000, 350);
        silence.kafkaAnswers(36_000, 400);
        assertThat(silence.scoresAreLate()).isTrue();
        silence.scored(100_000);
        assertThat(silence.scoresAreLate()).isFalse();
        assertThat(silence.countedFromMillis())
                .as("the other runs' scores are still to come")
                .isEqualTo(100_000);
    }

    @Test
    void whereNoStepsComeNoScoreIsLate() {
        silence.scored(1_000);
        for (long now = 6_000; now < 10 * MINUTE; now += 5_000) {
            silence.kafkaAnswers(now, 100);
            assertThat(silence.scoresAreLate()).isFalse();
        }
        silence.scored(10 * MINUTE);
        assertThat(silence.countedFromMillis()).isZero();
    }
}
