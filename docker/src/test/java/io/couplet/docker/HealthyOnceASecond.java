package io.couplet.docker;

import static org.awaitility.Awaitility.await;

import java.time.Duration;
import org.testcontainers.containers.wait.strategy.AbstractWaitStrategy;

/**
 * Asks once a second whether a container says of itself that it is well. Testcontainers' own strategy asks without a pause: for six containers at once that took both
 * processors from those that were starting.
 */
final class HealthyOnceASecond extends AbstractWaitStrategy {

    @Override
    protected void waitUntilReady() {
        await().atMost(startupTimeout)
                .pollDelay(Duration.ZERO)
                .pollInterval(Duration.ofSeconds(1))
                .until(() -> waitStrategyTarget.isHealthy());
    }
}
