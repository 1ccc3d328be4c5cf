package io.couplet.stopper;

import static io.couplet.stopper.Records.RUN;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.couplet.schemas.Topics;
import io.couplet.schemas.avro.RunCommand;
import io.couplet.schemas.avro.RunCommandKind;
import io.couplet.stopper.RunWatch.Commanded;
import io.couplet.stopper.RunWatch.Ended;
import io.couplet.stopper.RunWatch.Paused;
import io.couplet.stopper.RunWatch.Reprieved;
import io.couplet.stopper.RunWatch.Resumed;
import io.couplet.stopper.RunWatch.Training;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.errors.SerializationException;
import org.junit.jupiter.api.Test;

class WatchedSerdeTest {

    private static final Commanded COMMANDED = new Commanded(
            2,
            RunCommand.newBuilder(Topics.RUN_COMMANDS
                            .wire()
                            .decode(Records.order(RUN, RunCommandKind.STOP, "c", 5)
                                    .value()))
                    .setObserved(Double.NaN)
                    .setInputOffsets(Map.of("a-0", 7L))
                    .build(),
            4);

    @Test
    void whatIsKnownComesBackAsItWas() {
        for (RunWatch watch : new RunWatch[] {
            new Training(1, Map.of(), null),
            new Training(3, Map.of("a-0", 7L, "b-0", Long.MAX_VALUE), COMMANDED),
            COMMANDED,
            new Reprieved(2, COMMANDED, COMMANDED.command()),
            new Paused(2, 5),
            new Resumed(2, COMMANDED.command(), 6, "couplet.run-commands.v1-0", 11),
            new Ended(9)
        }) {
            for (Watched watched : List.of(new Watched(watch, List.of()), new Watched(watch, List.of("a", "b")))) {
                assertThat(WatchedSerde.decode(WatchedSerde.encode(watched))).isEqualTo(watched);
            }
        }
        Watched onlyOrders = new Watched(null, List.of("a"));
        assertThat(WatchedSerde.decode(WatchedSerde.encode(onlyOrders))).isEqualTo(onlyOrders);
    }

    @Test
    void bytesOfTheFirstVersionAreReadForEver() {
        assertThat(WatchedSerde.decode(HexFormat.of().parseHex("010000000003000000010003612d30000000000000000700")))
                .isEqualTo(new Watched(new Training(3, Map.of("a-0", 7L), null), List.of()));
        assertThat(WatchedSerde.decode(HexFormat.of().parseHex("010200000009")))
                .isEqualTo(new Watched(new Ended(9), List.of()));
    }

    @Test
    void bytesOfALaterVersionAreRefused() {
        assertThatThrownBy(() -> WatchedSerde.decode(new byte[] {3, 0, 0, 0, 0, 2, 0, 0, 0, 1}))
                .isInstanceOf(SerializationException.class)
                .hasMessage("What is known of a run is in version 3, this program knows 2");
    }

    @Test
    void bytesThatEndTooSoonAreRefused() {
        assertThatThrownBy(() -> WatchedSerde.decode(new byte[] {1, 2, 0}))
                .isInstanceOf(SerializationException.class)
                .hasMessage("These 3 bytes are not what is known of a run");
    }
}
