package io.couplet.trainer.checkpoints;

import io.couplet.trainer.optimizers.OptimizerState;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UTFDataFormatException;
import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.CRC32C;
import java.util.zip.CheckedInputStream;
import java.util.zip.CheckedOutputStream;

/**
 * A checkpoint as bytes, big-endian: magic number, version, identity of the run, step, the two flat buffers, the optimizer's step, vectors and numbers, the
 * extensions, and a CRC-32C of all that comes before it.
 */
final class CheckpointFormat {
    private static final long MAGIC = 0x636f75706c657431L; // "couplet1"
    private static final int VERSION = 1;
    private static final int CHUNK = 1 << 16;

    private CheckpointFormat() {}

    static void write(OutputStream target, String identity, Checkpoint checkpoint) throws IOException {
        CheckedOutputStream checked = new CheckedOutputStream(target, new CRC32C());
        DataOutputStream out = new DataOutputStream(new BufferedOutputStream(checked, CHUNK));
        out.writeLong(MAGIC);
        out.writeInt(VERSION);
        out.writeUTF(identity);
        out.writeInt(checkpoint.step());
        write(out, checkpoint.parameters());
        write(out, checkpoint.buffers());
        out.writeLong(checkpoint.optimizer().step());
        write(out, checkpoint.optimizer().vectors());
        out.writeInt(checkpoint.optimizer().numbers().size());
        for (Map.Entry<String, double[]> numbers :
                checkpoint.optimizer().numbers().entrySet()) {
            out.writeUTF(numbers.getKey());
            out.writeInt(numbers.getValue().length);
            for (double number : numbers.getValue()) {
                out.writeLong(Double.doubleToRawLongBits(number));
            }
        }
        write(out, checkpoint.extensions());
        out.flush();
        out.writeLong(checked.getChecksum().getValue());
        out.flush();
    }

    private static void write(DataOutputStream out, Map<String, float[]> vectors) throws IOException {
        out.writeInt(vectors.size());
        for (Map.Entry<String, float[]> vector : vectors.entrySet()) {
            out.writeUTF(vector.getKey());
            write(out, vector.getValue());
        }
    }

    private static void write(DataOutputStream out, float[] values) throws IOException {
        out.writeInt(values.length);
        ByteBuffer chunk = ByteBuffer.allocate(CHUNK);
        for (int from = 0; from < values.length; from += CHUNK / 4) {
            int count = Math.min(CHUNK / 4, values.length - from);
            chunk.asFloatBuffer().put(values, from, count);
            out.write(chunk.array(), 0, 4 * count);
        }
    }

    /**
     * @param size of the file in bytes; no vector in it can be longer
     * @throws CheckpointException when it is no whole checkpoint of this run, in one sentence
     */
    static Checkpoint read(InputStream source, long size, String identity) throws IOException, CheckpointException {
        CheckedInputStream checked = new CheckedInputStream(new BufferedInputStream(source, CHUNK), new CRC32C());
        DataInputStream in = new DataInputStream(checked);
        try {
            if (in.readLong() != MAGIC) {
                throw new CheckpointException("it is no checkpoint of Couplet's");
            }
            int version = in.readInt();
            if (version != VERSION) {
                throw new CheckpointException("its format is version " + version + ", this Couplet reads " + VERSION);
            }
            String owner = in.readUTF();
            int step = in.readInt();
            float[] parameters = floats(in, size);
            float[] buffers = floats(in, size);
            long optimizerStep = in.readLong();
            Map<String, float[]> vectors = vectors(in, size);
            Map<String, double[]> numbers = numbers(in, size);
            Map<String, float[]> extensions = vectors(in, size);
            long checksum = checked.getChecksum().getValue();
            if (in.readLong() != checksum) {
                throw new CheckpointException("it is damaged: its checksum does not match");
            }
            if (!owner.equals(identity)) {
                throw new CheckpointException("it belongs to a run with other settings, images or backbone");
            }
            return new Checkpoint(
                    step, parameters, buffers, new OptimizerState(optimizerStep, vectors, numbers), extensions);
        } catch (EOFException e) {
            throw new CheckpointException("it is cut short");
        } catch (UTFDataFormatException | IllegalArgumentException e) {
            throw new CheckpointException("it is damaged: " + e.getMessage());
        }
    }

    private static Map<String, float[]> vectors(DataInputStream in, long size) throws IOException, CheckpointException {
        Map<String, float[]> vectors = new LinkedHashMap<>();
        int count = in.readInt();
        for (int i = 0; i < count; i++) {
            vectors.put(in.readUTF(), floats(in, size));
        }
        return vectors;
    }

    private static Map<String, double[]> numbers(DataInputStream in, long size)
            throws IOException, CheckpointException {
        Map<String, double[]> numbers = new LinkedHashMap<>();
        int count = in.readInt();
        for (int i = 0; i < count; i++) {
            String name = in.readUTF();
            double[] values = new double[length(in, size / 8)];
            for (int k = 0; k < values.length; k++) {
                values[k] = Double.longBitsToDouble(in.readLong());
            }
            numbers.put(name, values);
        }
        return numbers;
    }

    private static float[] floats(DataInputStream in, long size) throws IOException, CheckpointException {
        float[] values = new float[length(in, size / 4)];
        byte[] chunk = new byte[CHUNK];
        for (int from = 0; from < values.length; from += CHUNK / 4) {
            int count = Math.min(CHUNK / 4, values.length - from);
            in.readFully(chunk, 0, 4 * count);
            ByteBuffer.wrap(chunk).asFloatBuffer().get(values, from, count);
        }
        return values;
    }

    /** A damaged length must not make an array of gigabytes. */
    private static int length(DataInputStream in, long most) throws IOException, CheckpointException {
        int length = in.readInt();
        if (length < 0 || length > most) {
            throw new CheckpointException("it is damaged: a vector of " + length + " elements does not fit into it");
        }
        return length;
    }
}
