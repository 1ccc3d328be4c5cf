package io.couplet.flink;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.couplet.schemas.Topics;
import io.couplet.schemas.WireFormat;
import io.couplet.schemas.avro.StepMetrics;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.List;
import org.apache.avro.Schema;
import org.apache.avro.SchemaNormalization;
import org.apache.kafka.common.errors.SerializationException;

/**
 * Reads what the convergence score needs out of an encoded StepMetrics. Records written with the newest schema are read in place, several times as fast as by
 * Avro and without an object; all others, and all that look wrong, go through Avro, which knows every version and says what is the matter.
 *
 * <p>The fields hold the last record read. Belongs to one thread.
 */
final class StepReader {

    /** The order and types in which the fast path reads; with any other schema there is none. */
    private static final List<String> FIELDS = List.of(
            "runId string",
            "attempt int",
            "step int",
            "budgetSteps int",
            "warmupSteps int",
            "epoch float",
            "loss double",
            "learningRate double",
            "gradientNorm float",
            "updateRatio float",
            "batchAccuracy float",
            "samplesPerSecond float",
            "timeMillis long");

    private static final Schema SCHEMA = StepMetrics.getClassSchema();
    static final boolean FAST = SCHEMA.getFields().stream()
            .map(field -> field.name() + ' ' + field.schema().getType().getName())
            .toList()
            .equals(FIELDS);
    private static final long FINGERPRINT = SchemaNormalization.parsingFingerprint64(SCHEMA);
    private static final short MARKER = (short) 0x01C3; // C3 01, little endian
    private static final int HEADER_BYTES = 10;
    private static final int REGISTRY_HEADER_BYTES = 5;

    private static final VarHandle SHORT = view(short[].class);
    private static final VarHandle INT = view(int[].class);
    private static final VarHandle LONG = view(long[].class);

    private static VarHandle view(Class<?> type) {
        return MethodHandles.byteArrayViewVarHandle(type, ByteOrder.LITTLE_ENDIAN);
    }

    private final WireFormat format;
    /** The registry's id of the newest schema, as it lies in the bytes. */
    private final int newestId;

    private byte[] bytes = {};
    private int at;

    /** Where the run id lies, and its hash: {@link RunIds#hash}. */
    byte[] id = {};

    int idFrom;
    int idLength;
    long idHash;
    int attempt;
    int step;
    int budgetSteps;
    int warmupSteps;
    double loss;
    double learningRate;
    float gradientNorm;
    float batchAccuracy;
    long timeMillis;

    StepReader(WireFormat format) {
        this.format = format;
        int id = format.newestId(Topics.STEP_METRICS);
        this.newestId = id == WireFormat.NO_ID ? id : Integer.reverseBytes(id);
    }

    /**
     * Reads a record.
     *
     * @throws SerializationException when the bytes are no StepMetrics
     * @throws io.couplet.schemas.SchemaRegistryException when their schema is a new one and the registry that knows it is away
     * @throws IllegalArgumentException when they are one that cannot be scored
     */
    void read(byte[] record) {
        if (!readInPlace(record)) {
            readWithAvro(record);
        }
        require(attempt >= 1, "attempt must be at least 1, was ", attempt);
        require(step >= 1, "step must be at least 1, was ", step);
        require(budgetSteps >= 0, "budgetSteps must not be negative, was ", budgetSteps);
        require(warmupSteps >= 0, "warmupSteps must not be negative, was ", warmupSteps);
    }

    private static void require(boolean holds, String message, int value) {
        if (!holds) {
            throw new IllegalArgumentException(message + value);
        }
    }

    /** Where the fields begin in a record of the newest schema; 0 for all others. */
    private int header(byte[] record) {
        if (!FAST || record.length < HEADER_BYTES + 1) {
            return 0;
        }
        if ((short) SHORT.get(record, 0) == MARKER) {
            return (long) LONG.get(record, 2) == FINGERPRINT ? HEADER_BYTES : 0;
        }
        return record[0] == 0 && newestId != WireFormat.NO_ID && (int) INT.get(record, 1) == newestId
                ? REGISTRY_HEADER_BYTES
                : 0;
    }

    private boolean readInPlace(byte[] record) {
        int header = header(record);
        if (header == 0) {
            return false;
        }
        bytes = record;
        at = header;
        try {
            long length = varint();
            if (length < 0 || length > record.length - at) {
                return false;
            }
            identify(record, at, (int) length);
            at += (int) length;
            attempt = Math.toIntExact(varint());
            step = Math.toIntExact(varint());
            budgetSteps = Math.toIntExact(varint());
            warmupSteps = Math.toIntExact(varint());
            at += Float.BYTES;
            loss = Double.longBitsToDouble((long) LONG.get(record, at));
            learningRate = Double.longBitsToDouble((long) LONG.get(record, at + 8));
            gradientNorm = Float.intBitsToFloat((int) INT.get(record, at + 16));
            batchAccuracy = Float.intBitsToFloat((int) INT.get(record, at + 24));
            at += 2 * Double.BYTES + 4 * Float.BYTES;
            timeMillis = varint();
            return at == record.length;
        } catch (IndexOutOfBoundsException | ArithmeticException e) {
            return false;
        }
    }

    private void identify(byte[] in, int from, int length) {
        id = in;
        idFrom = from;
        idLength = length;
        idHash = RunIds.hash(in, from, length);
    }

    String runId() {
        return new String(id, idFrom, idLength, UTF_8);
    }

    /** What {@link String#hashCode} of the run id is: run ids are ASCII, so each byte is a character. Four at a time, since each waits for the one before. */
    int runIdHashCode() {
        int hash = 0;
        int i = idFrom;
        int end = idFrom + idLength;
        for (; i <= end - 4; i += 4) {
            hash = 923_521 * hash + 29_791 * id[i] + 961 * id[i + 1] + 31 * id[i + 2] + id[i + 3];
        }
        for (; i < end; i++) {
            hash = 31 * hash + id[i];
        }
        return hash;
    }

    /** A zigzag variable-length number of at most ten bytes. */
    private long varint() {
        long value = 0;
        for (int shift = 0; shift < 70; shift += 7) {
            byte b = bytes[at++];
            value |= (b & 0x7FL) << shift;
            if (b >= 0) {
                return (value >>> 1) ^ -(value & 1);
            }
        }
        throw new ArithmeticException("a number of more than ten bytes");
    }

    private void readWithAvro(byte[] record) {
        StepMetrics metrics = format.decode(Topics.STEP_METRICS, record);
        byte[] utf8 = metrics.getRunId().getBytes(UTF_8);
        identify(utf8, 0, utf8.length);
        attempt = metrics.getAttempt();
        step = metrics.getStep();
        budgetSteps = metrics.getBudgetSteps();
        warmupSteps = metrics.getWarmupSteps();
        loss = metrics.getLoss();
        learningRate = metrics.getLearningRate();
        gradientNorm = metrics.getGradientNorm();
        batchAccuracy = metrics.getBatchAccuracy();
        timeMillis = metrics.getTimeMillis();
    }
}
