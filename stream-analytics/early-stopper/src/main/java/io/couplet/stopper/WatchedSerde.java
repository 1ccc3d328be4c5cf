package io.couplet.stopper;

import io.couplet.schemas.Topics;
import io.couplet.schemas.avro.RunCommand;
import io.couplet.stopper.RunWatch.Commanded;
import io.couplet.stopper.RunWatch.Ended;
import io.couplet.stopper.RunWatch.Paused;
import io.couplet.stopper.RunWatch.Reprieved;
import io.couplet.stopper.RunWatch.Resumed;
import io.couplet.stopper.RunWatch.Training;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serializer;
import org.jspecify.annotations.Nullable;

/** What is remembered of a run, as bytes of the store and its changelog: version, people's orders, kind, attempt, then what the kind has. */
final class WatchedSerde implements Serde<Watched> {

    /** People's orders were in a store of their own. */
    private static final int WITHOUT_ORDERS = 1;

    private static final int VERSION = 2;
    private static final int NONE = -1;
    private static final int TRAINING = 0;
    private static final int COMMANDED = 1;
    private static final int ENDED = 2;
    private static final int PAUSED = 3;
    private static final int RESUMED = 4;
    private static final int REPRIEVED = 5;

    @Override
    @SuppressWarnings("NullAway") // Kafka's interfaces allow null and are not annotated.
    public Serializer<Watched> serializer() {
        return (topic, watched) -> watched == null ? null : encode(watched);
    }

    @Override
    @SuppressWarnings("NullAway") // Kafka's interfaces allow null and are not annotated.
    public Deserializer<Watched> deserializer() {
        return (topic, bytes) -> bytes == null ? null : decode(bytes);
    }

    static byte[] encode(Watched watched) {
        RunWatch watch = watched.run();
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try {
            DataOutputStream out = new DataOutputStream(bytes);
            out.writeByte(VERSION);
            out.writeInt(watched.orders().size());
            for (String order : watched.orders()) {
                out.writeUTF(order);
            }
            if (watch == null) {
                out.writeByte(NONE);
            } else if (watch instanceof Training training) {
                out.writeByte(TRAINING);
                out.writeInt(training.attempt());
                write(out, training.read());
                writeOptional(out, training.unanswered());
            } else if (watch instanceof Commanded commanded) {
                out.writeByte(COMMANDED);
                write(out, commanded);
            } else if (watch instanceof Reprieved reprieved) {
                out.writeByte(REPRIEVED);
                out.writeInt(reprieved.attempt());
                write(out, reprieved.revoked());
                write(out, reprieved.resume());
            } else if (watch instanceof Paused paused) {
                out.writeByte(PAUSED);
                out.writeInt(paused.attempt());
                out.writeLong(paused.timeMillis());
            } else if (watch instanceof Resumed resumed) {
                out.writeByte(RESUMED);
                out.writeInt(resumed.attempt());
                write(out, resumed.resume());
                out.writeLong(resumed.submittedMillis());
                out.writeUTF(resumed.partition());
                out.writeLong(resumed.offset());
            } else {
                out.writeByte(ENDED);
                out.writeInt(watch.attempt());
            }
        } catch (IOException e) {
            throw new SerializationException("What is known of a run cannot be written: " + e.getMessage(), e);
        }
        return bytes.toByteArray();
    }

    static Watched decode(byte[] bytes) {
        try {
            DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes));
            int version = in.readByte();
            if (version < WITHOUT_ORDERS || version > VERSION) {
                throw new SerializationException(
                        "What is known of a run is in version " + version + ", this program knows " + VERSION);
            }
            List<String> orders = new ArrayList<>();
            for (int left = version > WITHOUT_ORDERS ? in.readInt() : 0; left > 0; left--) {
                orders.add(in.readUTF());
            }
            return new Watched(readWatch(in), orders);
        } catch (IOException e) {
            throw new SerializationException("These " + bytes.length + " bytes are not what is known of a run", e);
        }
    }

    private static @Nullable RunWatch readWatch(DataInputStream in) throws IOException {
        int kind = in.readByte();
        return switch (kind) {
            case NONE -> null;
            case TRAINING -> new Training(in.readInt(), readOffsets(in), in.readBoolean() ? readCommanded(in) : null);
            case COMMANDED -> readCommanded(in);
            case ENDED -> new Ended(in.readInt());
            case PAUSED -> new Paused(in.readInt(), in.readLong());
            case RESUMED -> new Resumed(in.readInt(), readCommand(in), in.readLong(), in.readUTF(), in.readLong());
            case REPRIEVED -> new Reprieved(in.readInt(), readCommanded(in), readCommand(in));
            default -> throw new SerializationException("What is known of a run is of the unknown kind " + kind);
        };
    }

    private static void write(DataOutputStream out, Map<String, Long> offsets) throws IOException {
        out.writeInt(offsets.size());
        for (Map.Entry<String, Long> offset : new TreeMap<>(offsets).entrySet()) {
            out.writeUTF(offset.getKey());
            out.writeLong(offset.getValue());
        }
    }

    private static void writeOptional(DataOutputStream out, @Nullable Commanded commanded) throws IOException {
        out.writeBoolean(commanded != null);
        if (commanded != null) {
            write(out, commanded);
        }
    }

    private static void write(DataOutputStream out, Commanded commanded) throws IOException {
        out.writeInt(commanded.attempt());
        out.writeLong(commanded.evidenceMillis());
        write(out, commanded.command());
    }

    private static void write(DataOutputStream out, RunCommand command) throws IOException {
        byte[] bytes = Topics.RUN_COMMANDS.wire().encode(command);
        out.writeInt(bytes.length);
        out.write(bytes);
    }

    private static Map<String, Long> readOffsets(DataInputStream in) throws IOException {
        Map<String, Long> offsets = new HashMap<>();
        for (int left = in.readInt(); left > 0; left--) {
            offsets.put(in.readUTF(), in.readLong());
        }
        return offsets;
    }

    private static Commanded readCommanded(DataInputStream in) throws IOException {
        int attempt = in.readInt();
        long evidenceMillis = in.readLong();
        return new Commanded(attempt, readCommand(in), evidenceMillis);
    }

    private static RunCommand readCommand(DataInputStream in) throws IOException {
        return Topics.RUN_COMMANDS.wire().decode(in.readNBytes(in.readInt()));
    }
}
