package io.couplet.view.alerts;

import static org.assertj.core.api.Assertions.assertThat;

import io.couplet.schemas.avro.RunEventKind;
import io.couplet.view.alerts.Alert.Origin;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** When an alert is tried, for how long, and what may be forgotten meanwhile. */
class OutboxTest {

    private final Outbox outbox = new Outbox(2, Duration.ofSeconds(10), Duration.ofSeconds(1));

    @Test
    void pausesDoubleUntilPatienceEnds() {
        outbox.add(List.of(alert(7)), 0);
        assertThat(outbox.due(0)).isNotNull();
        assertThat(outbox.failed(0, 0)).isTrue();
        assertThat(outbox.due(999)).isNull();
        assertThat(outbox.due(1_000)).isNotNull();
        assertThat(outbox.failed(1_000, 0)).isTrue();
        assertThat(outbox.due(2_999)).isNull();
        assertThat(outbox.failed(3_000, 0)).isTrue();
        assertThat(outbox.due(6_999)).isNull();
        assertThat(outbox.failed(7_000, 0)).isTrue();
        assertThat(outbox.due(10_000)).as("a last time when patience ends").isNotNull();
        assertThat(outbox.failed(10_000, 0)).isFalse();
    }

    @Test
    void theReceiversWishIsHeard() {
        outbox.add(List.of(alert(7)), 0);
        outbox.failed(0, 5_000);
        assertThat(outbox.due(4_999)).isNull();
        assertThat(outbox.due(5_000)).isNotNull();
    }

    @Test
    void aSettledAlertMakesRoomAndTheNextIsTriedAtOnce() {
        outbox.add(List.of(alert(7), alert(8)), 0);
        assertThat(outbox.isFull()).isTrue();
        outbox.failed(0, 0);
        outbox.settled();
        assertThat(outbox.isFull()).isFalse();
        assertThat(Objects.requireNonNull(outbox.due(0)).origin().offset()).isEqualTo(8);
    }

    @Test
    void nothingBehindAWaitingAlertCountsAsTold() {
        outbox.add(List.of(alert(7)), 0);
        Map<String, Long> read = Map.of("couplet.run-events.v1/0", 12L, "couplet.run-commands.v1/0", 5L);
        assertThat(outbox.settledUpTo(read))
                .containsEntry("couplet.run-events.v1/0", 7L)
                .containsEntry("couplet.run-commands.v1/0", 5L);
        outbox.settled();
        assertThat(outbox.settledUpTo(read)).isEqualTo(read);
    }

    private static Alert alert(long offset) {
        return new AlertRules()
                .accept(Told.event(Told.FIRST, 1, RunEventKind.DIVERGED, 41, 2_000), new Origin(Told.EVENTS, 0, offset))
                .get(0);
    }
}
