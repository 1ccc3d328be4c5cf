package io.couplet.stopper;

import io.couplet.schemas.Topics;
import io.couplet.scores.stopping.Curve.Point;
import io.couplet.scores.stopping.Curve.State;
import io.couplet.stopper.StudyRules.Armed;
import io.couplet.stopper.StudyRun.Order;
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

/** What is remembered of studies, as bytes of the stores and their changelogs; each begins with a version. */
final class StudyCodec {

    /** Of before people's orders: runs without {@code kept}, rules without {@code pause} and {@code orderOffset}. */
    private static final int WITHOUT_ORDERS = 1;

    private static final int VERSION = 2;

    private StudyCodec() {}

    static byte[] encode(StudyRun run) {
        return written(out -> {
            out.writeUTF(run.runId());
            out.writeUTF(run.backbone());
            out.writeUTF(run.optimizer());
            out.writeInt(run.attempt());
            out.writeDouble(run.warmupFraction());
            out.writeUTF(run.state().name());
            out.writeInt(run.points().size());
            for (Point point : run.points()) {
                out.writeInt(point.rung());
                out.writeDouble(point.fraction());
                out.writeDouble(point.value());
            }
            out.writeInt(run.read().size());
            for (Map.Entry<String, Long> read : new TreeMap<>(run.read()).entrySet()) {
                out.writeUTF(read.getKey());
                out.writeLong(read.getValue());
            }
            out.writeInt(run.orders().size());
            for (Order order : run.orders()) {
                byte[] command = Topics.RUN_COMMANDS.wire().encode(order.command());
                out.writeLong(order.evidenceMillis());
                out.writeInt(command.length);
                out.write(command);
            }
            out.writeBoolean(run.kept());
        });
    }

    static StudyRun decodeRun(byte[] bytes) {
        return read(bytes, (in, version) -> {
            String runId = in.readUTF();
            String backbone = in.readUTF();
            String optimizer = in.readUTF();
            int attempt = in.readInt();
            double warmup = in.readDouble();
            State state = State.valueOf(in.readUTF());
            List<Point> points = new ArrayList<>();
            for (int left = in.readInt(); left > 0; left--) {
                points.add(new Point(in.readInt(), in.readDouble(), in.readDouble()));
            }
            Map<String, Long> read = new HashMap<>();
            for (int left = in.readInt(); left > 0; left--) {
                read.put(in.readUTF(), in.readLong());
            }
            List<Order> orders = new ArrayList<>();
            for (int left = in.readInt(); left > 0; left--) {
                long evidenceMillis = in.readLong();
                byte[] command = in.readNBytes(in.readInt());
                orders.add(new Order(Topics.RUN_COMMANDS.wire().decode(command), evidenceMillis));
            }
            boolean kept = version > WITHOUT_ORDERS && in.readBoolean();
            return new StudyRun(runId, backbone, optimizer, attempt, warmup, state, points, read, orders, kept);
        });
    }

    static byte[] encode(StudyRules rules) {
        return written(out -> {
            out.writeInt(rules.backbones());
            out.writeLong(rules.orderOffset());
            out.writeInt(rules.armed().size());
            for (Armed armed : rules.armed()) {
                out.writeUTF(armed.rule());
                out.writeBoolean(armed.shadow());
                out.writeBoolean(armed.pause());
                out.writeInt(armed.options().size());
                for (Map.Entry<String, Double> option : new TreeMap<>(armed.options()).entrySet()) {
                    out.writeUTF(option.getKey());
                    out.writeDouble(option.getValue());
                }
            }
        });
    }

    static StudyRules decodeRules(byte[] bytes) {
        return read(bytes, (in, version) -> {
            int backbones = in.readInt();
            long orderOffset = version > WITHOUT_ORDERS ? in.readLong() : StudyRules.OF_THE_STUDY;
            List<Armed> armed = new ArrayList<>();
            for (int left = in.readInt(); left > 0; left--) {
                String rule = in.readUTF();
                boolean shadow = in.readBoolean();
                boolean pause = version > WITHOUT_ORDERS && in.readBoolean();
                Map<String, Double> options = new HashMap<>();
                for (int more = in.readInt(); more > 0; more--) {
                    options.put(in.readUTF(), in.readDouble());
                }
                armed.add(new Armed(rule, options, shadow, pause));
            }
            return new StudyRules(backbones, armed, orderOffset);
        });
    }

    private interface Writing {
        void to(DataOutputStream out) throws IOException;
    }

    private interface Reading<T> {
        T from(DataInputStream in, int version) throws IOException;
    }

    private static byte[] written(Writing writing) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try {
            DataOutputStream out = new DataOutputStream(bytes);
            out.writeByte(VERSION);
            writing.to(out);
        } catch (IOException e) {
            throw new SerializationException("What is remembered of a study cannot be written: " + e.getMessage(), e);
        }
        return bytes.toByteArray();
    }

    private static <T> T read(byte[] bytes, Reading<T> reading) {
        try {
            DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes));
            int version = in.readByte();
            if (version < WITHOUT_ORDERS || version > VERSION) {
                throw new SerializationException(
                        "What is remembered of a study has version " + version + ", this stopper knows " + VERSION);
            }
            return reading.from(in, version);
        } catch (IOException e) {
            throw new SerializationException("What is remembered of a study cannot be read", e);
        }
    }
}
