package io.couplet.schemas;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

final class RecentFailuresTest {

    private final AtomicLong now = new AtomicLong(1_000_000);
    private final RecentFailures failures = new RecentFailures(() -> Instant.ofEpochMilli(now.get()));

    @Test
    void failuresOfOneBadHourAddUp() {
        assertThat(failures.add()).isEqualTo(1);
        now.addAndGet(60_000);
        assertThat(failures.add()).isEqualTo(2);
        assertThat(failures.add()).isEqualTo(3);
    }

    @Test
    void whatFailedMonthsAgoSaysNothingAboutNow() {
        for (int month = 0; month < 12; month++) {
            assertThat(failures.add()).isEqualTo(1);
            now.addAndGet(Duration.ofDays(30).toMillis());
        }
    }
}
