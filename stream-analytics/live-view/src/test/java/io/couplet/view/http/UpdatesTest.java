package io.couplet.view.http;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.couplet.view.DemoLog;
import io.couplet.view.DemoRecords;
import io.couplet.view.model.ViewModel;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

final class UpdatesTest {

    private final DemoLog log = DemoLog.of(DemoRecords.small());
    private final ViewModel model = new ViewModel();
    private final AtomicLong now = new AtomicLong(1_000);
    private final Updates updates = new Updates(model, now::get);

    @Test
    void aHundredViewersInStepCostOneEvent() {
        apply(0, 40);
        Updates.Frame first = updates.frame("small-3fa2c1", "snapshot", 0);
        for (int viewer = 1; viewer < 100; viewer++) {
            assertThat(updates.frame("small-3fa2c1", "snapshot", 0)).isSameAs(first);
        }
        assertThat(updates.made()).isEqualTo(1);
    }

    @Test
    void afterATenthOfASecondTheEventIsMadeAnewAndHoldsWhatCameSince() {
        apply(0, 40);
        Updates.Frame old = updates.frame("small-3fa2c1", "delta", 1);
        apply(40, log.entries().size());
        assertThat(updates.frame("small-3fa2c1", "delta", 1)).isSameAs(old);

        now.addAndGet(Updates.SHARED_MILLIS);
        Updates.Frame newer = updates.frame("small-3fa2c1", "delta", 1);
        assertThat(newer.version()).isEqualTo(model.version()).isGreaterThan(old.version());
        assertThat(updates.frame("small-3fa2c1", "delta", old.version()).version())
                .isEqualTo(model.version());
    }

    @Test
    void whoAsksForAnotherStudyOrFromAnotherVersionGetsAnEventOfItsOwn() {
        apply(0, 40);
        String mine = text(updates.frame("small-3fa2c1", "snapshot", 0));
        assertThat(text(updates.frame(null, "snapshot", 0))).isNotEqualTo(mine).contains("\"study\":null");
        assertThat(text(updates.frame("small-3fa2c1", "delta", model.version())))
                .contains("\"cells\":[]");
        assertThat(updates.made()).isEqualTo(3);
    }

    private void apply(int from, int to) {
        log.entries().subList(from, to).forEach(entry -> model.apply(entry.origin(), entry.record()));
    }

    private static String text(Updates.Frame frame) {
        return new String(frame.bytes(), UTF_8);
    }
}
