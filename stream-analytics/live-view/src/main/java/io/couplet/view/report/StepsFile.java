package io.couplet.view.report;

import blue.strategic.parquet.ParquetWriter;
import blue.strategic.parquet.ValueWriter;
import io.couplet.schemas.RunId;
import io.couplet.schemas.Topics;
import io.couplet.schemas.WireFormat;
import io.couplet.schemas.avro.StepMetrics;
import io.couplet.view.LiveViewException;
import io.couplet.view.model.ViewModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.parquet.schema.LogicalTypeAnnotation;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;
import org.apache.parquet.schema.Type;
import org.apache.parquet.schema.Types;
import org.jspecify.annotations.Nullable;

/**
 * Every training step of a study as Parquet, a row each, none sampled away: what the topic holds, less what it holds twice. The rows come in the topic's order, which is that of the steps
 * within a run; pandas, Polars, DuckDB and Spark read the file as it is.
 */
public final class StepsFile {

    private static final MessageType SCHEMA = Types.buildMessage()
            .addFields(
                    text("runId"),
                    text("backbone"),
                    text("optimizer"),
                    number("seed", PrimitiveTypeName.INT64),
                    number("attempt", PrimitiveTypeName.INT32),
                    number("step", PrimitiveTypeName.INT32),
                    number("budgetSteps", PrimitiveTypeName.INT32),
                    number("warmupSteps", PrimitiveTypeName.INT32),
                    number("epoch", PrimitiveTypeName.FLOAT),
                    number("loss", PrimitiveTypeName.DOUBLE),
                    number("learningRate", PrimitiveTypeName.DOUBLE),
                    number("gradientNorm", PrimitiveTypeName.FLOAT),
                    number("updateRatio", PrimitiveTypeName.FLOAT),
                    number("batchAccuracy", PrimitiveTypeName.FLOAT),
                    number("samplesPerSecond", PrimitiveTypeName.FLOAT),
                    Types.required(PrimitiveTypeName.INT64)
                            .as(LogicalTypeAnnotation.timestampType(true, LogicalTypeAnnotation.TimeUnit.MILLIS))
                            .named("time"))
            .named("step");

    private StepsFile() {}

    /**
     * What was written.
     *
     * @param rows steps, one row each
     * @param duplicates records that repeated one and were left out
     * @param unreadable records that are none
     */
    public record Written(long rows, long duplicates, long unreadable) {}

    /** The records of the topic of step metrics, one by one. */
    @FunctionalInterface
    public interface Source {
        void forEach(ReportReader.Taker taker) throws IOException;
    }

    /**
     * Writes the file whole: when it fails nothing stands at the path.
     *
     * @param source where the records come from
     * @param format how the records lie in Kafka
     * @param studyId the study whose steps are written
     * @throws IOException when the file cannot be written
     * @throws LiveViewException when the records cannot be read
     */
    public static Written write(Source source, WireFormat format, String studyId, Path file) throws IOException {
        Path target = file.toAbsolutePath();
        Path unfinished = target.resolveSibling(target.getFileName() + ".unfinished");
        Files.deleteIfExists(unfinished);
        Rows rows = new Rows(format, studyId);
        try {
            try (ParquetWriter<StepMetrics> writer =
                    ParquetWriter.writeFile(SCHEMA, unfinished.toFile(), rows::write)) {
                source.forEach((topic, partition, offset, key, value) -> rows.take(value, writer));
            }
            Files.move(unfinished, target, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(unfinished);
        }
        return new Written(rows.rows, rows.duplicates, rows.unreadable);
    }

    /** One study's rows on their way, and which of them there were. */
    private static final class Rows {
        private final WireFormat format;
        private final String studyId;
        private final Map<String, RunId> runs = new HashMap<>();
        private final Map<String, BitSet> seen = new HashMap<>();
        private long rows;
        private long duplicates;
        private long unreadable;

        Rows(WireFormat format, String studyId) {
            this.format = format;
            this.studyId = studyId;
        }

        void take(byte @Nullable [] value, ParquetWriter<StepMetrics> writer) throws IOException {
            if (value == null) {
                return;
            }
            StepMetrics step;
            RunId run;
            try {
                step = format.decode(Topics.STEP_METRICS, value);
                run = runs.computeIfAbsent(step.getRunId(), RunId::parse);
            } catch (SerializationException | IllegalArgumentException e) {
                unreadable++;
                return;
            }
            if (!run.studyId().equals(studyId)) {
                return;
            }
            // The same bounds as the view's, so that the rows are as many as the steps that it counts.
            if (step.getStep() < 1 || step.getStep() > ViewModel.MOST_STEPS) {
                unreadable++;
                return;
            }
            BitSet steps = seen.computeIfAbsent(step.getRunId() + '|' + step.getAttempt(), any -> new BitSet());
            if (steps.get(step.getStep())) {
                duplicates++;
                return;
            }
            steps.set(step.getStep());
            rows++;
            writer.write(step);
        }

        void write(StepMetrics step, ValueWriter row) {
            RunId run = runs.computeIfAbsent(step.getRunId(), RunId::parse);
            row.write("runId", step.getRunId());
            row.write("backbone", run.backbone());
            row.write("optimizer", run.optimizer());
            row.write("seed", run.seed());
            row.write("attempt", step.getAttempt());
            row.write("step", step.getStep());
            row.write("budgetSteps", step.getBudgetSteps());
            row.write("warmupSteps", step.getWarmupSteps());
            row.write("epoch", step.getEpoch());
            row.write("loss", step.getLoss());
            row.write("learningRate", step.getLearningRate());
            row.write("gradientNorm", step.getGradientNorm());
            row.write("updateRatio", step.getUpdateRatio());
            row.write("batchAccuracy", step.getBatchAccuracy());
            row.write("samplesPerSecond", step.getSamplesPerSecond());
            row.write("time", step.getTimeMillis());
        }
    }

    private static Type text(String name) {
        return Types.required(PrimitiveTypeName.BINARY)
                .as(LogicalTypeAnnotation.stringType())
                .named(name);
    }

    private static Type number(String name, PrimitiveTypeName type) {
        return Types.required(type).named(name);
    }
}
