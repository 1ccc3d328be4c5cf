package io.couplet.trainer.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.couplet.schemas.WireFormat;
import io.couplet.schemas.avro.RunEvent;
import io.couplet.schemas.avro.RunEventKind;
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

    /** Cut off past its lock, it came to its end while another one took over: what it noted then stands behind what the topic has, as for everybody else. */
    @Test
    void whatThisProcessToldIsOvertakenByWhatTheTopicHad() {
        RunLedger ledger = ledger("127.0.0.1:1");
        RunEvent began = RunHistoryTest.begun(1, 7);
        RunEvent ended = RunHistoryTest.event(1, RunEventKind.COMPLETED);
        ledger.read(began);
        ledger.note(ended);
        assertThat(ledger.history(began.getRunId()).isOverForGood()).isTrue();

        ledger.read(RunHistoryTest.claim(2, 7, "b"));
        ledger.read(RunHistoryTest.begun(2, 7));
        ledger.read(ended);

        assertThat(ledger.history(began.getRunId()).isOverForGood()).isFalse();
        assertThat(ledger.history(began.getRunId()).open()).containsOnlyKeys(2);
    }

    private static RunLedger ledger(String bootstrapServers) {
        return new RunLedger(
                Map.of("bootstrap.servers", bootstrapServers), WireFormat.SINGLE_OBJECT, new SimpleMeterRegistry());
    }
}
