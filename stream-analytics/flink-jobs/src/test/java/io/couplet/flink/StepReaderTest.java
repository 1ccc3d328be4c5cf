package io.couplet.flink;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.couplet.schemas.RunId;
import io.couplet.schemas.SchemaRegistry;
import io.couplet.schemas.Topics;
import io.couplet.schemas.WireFormat;
import io.couplet.schemas.avro.StepMetrics;
import io.couplet.schemas.registry.StubRegistry;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.Random;
import org.apache.avro.Schema;
import org.apache.kafka.common.errors.SerializationException;
import org.junit.jupiter.api.Test;

class StepReaderTest {

    private final StepReader reader = new StepReader(WireFormat.SINGLE_OBJECT);

    @Test
    void recordsOfTheNewestSchemaAreReadInPlace() {
        assertThat(StepReader.FAST).isTrue();
    }

    @Test
    void readsWhatAvroReads() {
        Random random = new Random(5);
        for (int i = 0; i < 20_000; i++) {
            StepMetrics metrics = metrics(random);
            reader.read(Topics.STEP_METRICS.wire().encode(metrics));
            assertIsRead(metrics);
        }
    }

    @Test
    void recordsInTheConfluentWireFormatAreReadInPlaceWhenTheirIdIsThatOfTheNewestSchema() {
        try (StubRegistry registry = StubRegistry.start()) {
            Map<String, String> properties = Map.of(SchemaRegistry.URL, registry.url());
            SchemaRegistry.of(properties).registerMissing();
            WireFormat format = WireFormat.of(properties);
            StepReader either = new StepReader(format);
            Random random = new Random(9);
            for (int i = 0; i < 2_000; i++) {
                StepMetrics metrics = metrics(random);
                byte[] record = i % 3 == 0
                        ? Topics.STEP_METRICS.wire().encode(metrics)
                        : format.encode(Topics.STEP_METRICS, metrics);
                either.read(record);
                assertIsRead(either, metrics);
                assertThat(either.id).isSameAs(record);
            }
            Schema commented = new Schema.Parser()
                    .parse(StepMetrics.getClassSchema().toString().replace("One training step.", "A step."));
            int other = registry.add(Topics.STEP_METRICS.name() + "-value", commented);
            byte[] record = format.encode(Topics.STEP_METRICS, metrics(random));
            ByteBuffer.wrap(record).putInt(1, other);
            either.read(record);
            assertThat(either.id).isNotSameAs(record);
            assertIsRead(either, format.decode(Topics.STEP_METRICS, record));
        }
    }

    @Test
    void spoiltBytesAreEitherReadAsAvroReadsThemOrRefused() {
        Random random = new Random(6);
        int refused = 0;
        for (int i = 0; i < 20_000; i++) {
            byte[] bytes = Topics.STEP_METRICS.wire().encode(metrics(random));
            bytes = random.nextInt(4) == 0 ? java.util.Arrays.copyOf(bytes, random.nextInt(bytes.length + 9)) : bytes;
            for (int k = random.nextInt(3); k >= 0 && bytes.length > 0; k--) {
                bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
            }
            try {
                reader.read(bytes);
                new StepBatch().add(reader); // which looks at the run id
            } catch (SerializationException | IllegalArgumentException e) {
                refused++;
                continue;
            }
            assertIsRead(Topics.STEP_METRICS.wire().decode(bytes));
        }
        assertThat(refused).isBetween(2_000, 18_000);
    }

    @Test
    void whatCannotBeScoredIsRefusedInASentence() {
        StepMetrics good = metrics(new Random(7));

        assertThatThrownBy(() -> {
                    read(StepMetrics.newBuilder(good).setRunId("no id"));
                    new StepBatch().add(reader);
                })
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("A run id reads <study>.<backbone>");
        assertThatThrownBy(() -> read(StepMetrics.newBuilder(good).setStep(0)))
                .hasMessage("step must be at least 1, was 0");
        assertThatThrownBy(() -> read(StepMetrics.newBuilder(good).setAttempt(-3)))
                .hasMessage("attempt must be at least 1, was -3");
        assertThatThrownBy(() -> reader.read(new byte[] {1, 2, 3})).hasMessageContaining("no StepMetrics");
        assertThatThrownBy(() -> reader.read(new byte[0])).hasMessageContaining("no StepMetrics");
    }

    @Test
    void idsAreFoundWellFormedAsTheirTextsAre() {
        Random random = new Random(8);
        int refused = 0;
        for (int i = 0; i < 50_000; i++) {
            String text = Records.runId(
                    "v_G-9",
                    "sgd",
                    random.nextInt(4) == 0 ? -random.nextInt(9) : random.nextLong() >>> 1 >>> random.nextInt(62));
            byte[] id = ("xx" + text + "yy").getBytes(UTF_8);
            for (int k = random.nextInt(3); k > 0; k--) {
                id[2 + random.nextInt(text.length())] = (byte) "..s-09afgZ_ \u00e9".charAt(random.nextInt(13));
            }
            int length = random.nextInt(3) == 0 ? random.nextInt(text.length() + 1) : text.length();
            refused += assertRefusedAsTheTextIs(id, 2, length) ? 1 : 0;
        }
        assertThat(refused).isBetween(10_000, 40_000);
    }

    private static boolean assertRefusedAsTheTextIs(byte[] bytes, int from, int length) {
        String text = new String(bytes, from, length, UTF_8);
        try {
            RunId.parse(text);
        } catch (IllegalArgumentException e) {
            assertThatThrownBy(() -> RunIds.check(bytes, from, length)).hasMessage(e.getMessage());
            return true;
        }
        RunIds.check(bytes, from, length);
        return false;
    }

    @Test
    void theHashOfAnIdDependsOnEachByteAndItsLengthAndNotOnWhereItLies() {
        byte[] bytes = new byte[40];
        for (int length = 1; length < 30; length++) {
            long plain = RunIds.hash(bytes, 0, length);
            assertThat(RunIds.hash(bytes, 7, length)).isEqualTo(plain);
            assertThat(RunIds.hash(bytes, 0, length + 1)).isNotEqualTo(plain);
            for (int at = 0; at < length; at++) {
                byte[] other = bytes.clone();
                other[at] = 1;
                assertThat(RunIds.hash(other, 0, length)).isNotEqualTo(plain);
            }
        }
    }

    private void read(StepMetrics.Builder metrics) {
        reader.read(Topics.STEP_METRICS.wire().encode(metrics.build()));
    }

    private void assertIsRead(StepMetrics metrics) {
        assertIsRead(reader, metrics);
    }

    private static void assertIsRead(StepReader reader, StepMetrics metrics) {
        assertThat(reader.runId()).isEqualTo(metrics.getRunId());
        assertThat(reader.runIdHashCode()).isEqualTo(metrics.getRunId().hashCode());
        assertThat(new Object[] {reader.attempt, reader.step, reader.budgetSteps, reader.warmupSteps, reader.timeMillis
                })
                .containsExactly(
                        metrics.getAttempt(),
                        metrics.getStep(),
                        metrics.getBudgetSteps(),
                        metrics.getWarmupSteps(),
                        metrics.getTimeMillis());
        assertThat(new double[] {reader.loss, reader.learningRate, reader.gradientNorm, reader.batchAccuracy})
                .containsExactly(
                        metrics.getLoss(),
                        metrics.getLearningRate(),
                        metrics.getGradientNorm(),
                        metrics.getBatchAccuracy());
    }

    private static StepMetrics metrics(Random random) {
        return StepMetrics.newBuilder()
                .setRunId(Records.runId("vgg", "sgd", random.nextInt(50)))
                .setAttempt(1 + random.nextInt(3))
                .setStep(1 + random.nextInt(1 << (1 + random.nextInt(30))))
                .setBudgetSteps(random.nextInt(1 << random.nextInt(31)))
                .setWarmupSteps(random.nextInt(1 << random.nextInt(31)))
                .setEpoch(random.nextFloat())
                .setLoss(random.nextInt(20) == 0 ? Double.NaN : random.nextGaussian())
                .setLearningRate(random.nextDouble())
                .setGradientNorm(random.nextInt(20) == 0 ? Float.POSITIVE_INFINITY : random.nextFloat())
                .setUpdateRatio(random.nextFloat())
                .setBatchAccuracy(random.nextFloat())
                .setSamplesPerSecond(random.nextFloat())
                .setTimeMillis(random.nextLong())
                .build();
    }
}
