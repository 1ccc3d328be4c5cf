package io.couplet.trainer.worker;

import static org.assertj.core.api.Assertions.assertThat;

import io.couplet.schemas.WireFormat;
import io.couplet.schemas.avro.RunEvent;
import io.couplet.schemas.avro.RunEventKind;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RunLedgerTest {

    /** Cut off past its lock, it came to its end while another one took over: what it noted then stands behind what the topic has, as for everybody else. */
    @Test
    void whatThisProcessToldIsOvertakenByWhatTheTopicHad() {
        RunLedger ledger = new RunLedger(Map.of(), WireFormat.of(Map.of()), new SimpleMeterRegistry());
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
}
