package io.couplet.schemas;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.couplet.schemas.avro.StepMetrics;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;
import java.util.stream.Stream;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.errors.SerializationException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class WireTest {

    private static final int MUTATIONS = 3_000;
    /** Avro's variable-length integers: 2³¹ − 9, 2²⁸, 2⁴⁰, −1. */
    private static final byte[][] HUGE_LENGTHS = {
        HexFormat.of().parseHex("eeffffff0f"),
        HexFormat.of().parseHex("8080808002"),
        HexFormat.of().parseHex("808080808040"),
        HexFormat.of().parseHex("01")
    };

    static Stream<Wire<?>> wires() {
        return Topics.all().stream().map(Topic::wire);
    }

    @ParameterizedTest
    @MethodSource("wires")
    <T extends SpecificRecord> void bytesCutShortAreRefused(Wire<T> wire) {
        byte[] whole = Specimens.bytes(wire.schema());
        for (int length = 0; length < whole.length; length++) {
            byte[] cut = Arrays.copyOf(whole, length);
            assertThatThrownBy(() -> wire.decode(cut)).isInstanceOf(SerializationException.class);
        }
    }

    @ParameterizedTest
    @MethodSource("wires")
    <T extends SpecificRecord> void spoiltBytesAreReadOrRefusedButNothingElse(Wire<T> wire) {
        byte[] whole = Specimens.bytes(wire.schema());
        Random random = new Random(whole.length);
        for (int i = 0; i < MUTATIONS; i++) {
            byte[] spoilt = spoil(whole, random);
            try {
                assertThat(wire.decode(spoilt)).isNotNull();
            } catch (SerializationException e) {
                assertThat(e)
                        .hasMessageContaining("bytes are no " + wire.schema().getName());
            }
        }
    }

    private static byte[] spoil(byte[] whole, Random random) {
        byte[] spoilt = whole.clone();
        int changes = 1 + random.nextInt(4);
        for (int i = 0; i < changes; i++) {
            int at = random.nextInt(spoilt.length);
            switch (random.nextInt(3)) {
                case 0 -> spoilt[at] ^= (byte) (1 << random.nextInt(8));
                case 1 -> spoilt[at] = (byte) random.nextInt();
                default -> {
                    byte[] length = HUGE_LENGTHS[random.nextInt(HUGE_LENGTHS.length)];
                    System.arraycopy(length, 0, spoilt, at, Math.min(length.length, spoilt.length - at));
                }
            }
        }
        return spoilt;
    }

    @Test
    void bytesOfAnotherRecordAreRefused() {
        byte[] evaluation = Specimens.bytes(Topics.EVALUATIONS.wire().schema());
        assertThatThrownBy(() -> Topics.STEP_METRICS.wire().decode(evaluation))
                .isInstanceOf(SerializationException.class)
                .hasMessageStartingWith("These " + evaluation.length + " bytes are no StepMetrics: ");
        assertThatThrownBy(() -> Topics.STEP_METRICS
                        .wire()
                        .decode("{\"loss\": 1}".getBytes(java.nio.charset.StandardCharsets.UTF_8)))
                .isInstanceOf(SerializationException.class);
    }

    @Test
    void aRecordWithoutARequiredFieldIsNotWritten() {
        assertThatThrownBy(() -> Topics.STEP_METRICS.wire().encode(new StepMetrics()))
                .isInstanceOf(SerializationException.class)
                .hasMessageStartingWith("This StepMetrics cannot be written: ");
    }

    @Test
    void lossesThatAreNotFiniteTravelAsTheyAre() {
        StepMetrics specimen = Topics.STEP_METRICS
                .wire()
                .decode(Specimens.bytes(Topics.STEP_METRICS.wire().schema()));
        for (double loss : new double[] {Double.NaN, Double.POSITIVE_INFINITY, -0.0}) {
            StepMetrics sent = StepMetrics.newBuilder(specimen).setLoss(loss).build();
            assertThat(Topics.STEP_METRICS
                            .wire()
                            .decode(Topics.STEP_METRICS.wire().encode(sent))
                            .getLoss())
                    .isEqualTo(Double.valueOf(loss));
        }
    }

    @Test
    void tombstonesStayTombstones() {
        WireSerde<StepMetrics> serde = new WireSerde<>(Topics.STEP_METRICS, WireFormat.SINGLE_OBJECT);
        assertThat(nullOf(serde)).isTrue();
    }

    @SuppressWarnings("NullAway") // Kafka hands null to both when a record has no value
    private static boolean nullOf(WireSerde<StepMetrics> serde) {
        return serde.serializer().serialize("topic", null) == null
                && serde.deserializer().deserialize("topic", null) == null;
    }
}
