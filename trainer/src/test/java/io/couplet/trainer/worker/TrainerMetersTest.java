package io.couplet.trainer.worker;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class TrainerMetersTest {

    @Test
    void aRequestOfAnyTimeIsCounted() {
        SimpleMeterRegistry registry = new SimpleMeterRegistry();
        TrainerMeters meters = new TrainerMeters(registry, List.of("cpu"));
        meters.waited(Long.MAX_VALUE);
        meters.waited(Long.MIN_VALUE);
        assertThat(registry.get("couplet.trainer.request.wait").timer().count()).isEqualTo(2);
        assertThat(registry.get("couplet.trainer.request.wait").timer().max(TimeUnit.DAYS))
                .isEqualTo(365);
    }
}
