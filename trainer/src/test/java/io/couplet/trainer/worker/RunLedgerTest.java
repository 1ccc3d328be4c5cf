package io.couplet.trainer.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.couplet.schemas.WireFormat;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RunLedgerTest {

    @Test
    void aLedgerThatIsNoLongerFollowedSaysSo() throws Exception {
        RunLedger ledger = ledger("no-port");
        ledger.start();
        await().until(ledger::hasEnded);
        assertThat(ledger.catchUp(Duration.ofMillis(10))).isFalse();
        ledger.close();
        assertThat(ledger.hasEnded()).as("asked to end").isFalse();
    }

    @Test
    void whileKafkaDoesNotAnswerNothingIsCaughtUpWithInTime() throws Exception {
        RunLedger ledger = ledger("127.0.0.1:1");
        ledger.start();
        assertThat(ledger.catchUp(Duration.ofMillis(200))).isFalse();
        assertThat(ledger.hasEnded()).isFalse();
        ledger.close();
    }

    private static RunLedger ledger(String bootstrapServers) {
        return new RunLedger(
                Map.of("bootstrap.servers", bootstrapServers), WireFormat.SINGLE_OBJECT, new SimpleMeterRegistry());
    }
}
