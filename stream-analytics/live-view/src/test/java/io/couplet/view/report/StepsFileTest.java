package io.couplet.view.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blue.strategic.parquet.ParquetReader;
import io.couplet.schemas.Topics;
import io.couplet.schemas.WireFormat;
import io.couplet.schemas.avro.StepMetrics;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class StepsFileTest {

    private static final String RUN = "birds-1a2b3c.resnet.adamw.s7.0a1b2c";
    private static final String OTHER_STUDY = "cats-1a2b3c.resnet.adamw.s7.0a1b2c";

    @TempDir
    Path directory;

    private static byte[] step(String run, int attempt, int step, double loss) {
        return Topics.STEP_METRICS
                .wire()
                .encode(StepMetrics.newBuilder()
                        .setRunId(run)
                        .setAttempt(attempt)
                        .setStep(step)
                        .setBudgetSteps(10)
                        .setWarmupSteps(1)
                        .setEpoch(0.5f)
                        .setLoss(loss)
                        .setLearningRate(0.1)
                        .setGradientNorm(2)
                        .setUpdateRatio(Float.NaN)
                        .setBatchAccuracy(0.25f)
                        .setSamplesPerSecond(100)
                        .setTimeMillis(1_700_000_000_000L + step)
                        .build());
    }

    private static StepsFile.Source source(byte[]... values) {
        return taker -> {
            for (byte[] value : values) {
                taker.take(Topics.STEP_METRICS.name(), 0, 0, null, value);
            }
        };
    }

    @Test
    void everyStepOfTheStudyIsARowAndWhatIsLeftOutIsCounted() throws IOException {
        Path file = directory.resolve("steps.parquet");
        StepsFile.Written written = StepsFile.write(
                source(
                        step(RUN, 1, 1, 2.5),
                        step(RUN, 1, 2, Double.NaN),
                        step(RUN, 1, 2, Double.NaN),
                        step(RUN, 2, 2, Double.POSITIVE_INFINITY),
                        step(OTHER_STUDY, 1, 1, 9),
                        step(RUN, 1, 0, 1),
                        step(RUN, 1, -3, 1),
                        "junk".getBytes(StandardCharsets.UTF_8)),
                WireFormat.SINGLE_OBJECT,
                "birds-1a2b3c",
                file);
        assertThat(written).isEqualTo(new StepsFile.Written(3, 1, 3));
        try (Stream<String[]> rows = ParquetReader.streamContentToStrings(file.toFile())) {
            List<String> text = rows.map(row -> String.join(" ", row)).toList();
            assertThat(text).hasSize(3);
            assertThat(text.get(0))
                    .contains("runId=" + RUN, "backbone=resnet", "optimizer=adamw", "seed=7", "step=1", "loss=2.5");
            assertThat(text.get(1)).contains("loss=NaN", "attempt=1");
            assertThat(text.get(2)).contains("loss=Infinity", "attempt=2");
        }
        assertThat(directory)
                .isDirectoryContaining("glob:**/steps.parquet")
                .isDirectoryNotContaining("glob:**unfinished");
    }

    @Test
    void nothingIsLeftWhenTheRecordsCannotBeRead() {
        Path file = directory.resolve("steps.parquet");
        assertThatThrownBy(() -> StepsFile.write(
                        taker -> {
                            throw new IOException("gone");
                        },
                        WireFormat.SINGLE_OBJECT,
                        "birds-1a2b3c",
                        file))
                .hasMessage("gone");
        assertThat(directory).isEmptyDirectory();
    }
}
