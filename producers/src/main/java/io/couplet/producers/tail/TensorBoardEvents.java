package io.couplet.producers.tail;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedInputStream;
import com.google.protobuf.WireFormat;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * TensorBoard event files: TFRecord frames (length, its checksum, an {@code Event}, its checksum; both CRC-32C, masked) of tensorflow's {@code event.proto}, {@code summary.proto} and
 * {@code tensor.proto}. Scalars are read in both forms, as {@code simple_value} and as a tensor of one number; pictures, histograms and text are passed over.
 */
final class TensorBoardEvents implements LogDecoder {

    private static final int HEADER = 12;
    private static final int FOOTER = 4;
    private static final int MASK = 0xa282ead8;

    private static final int EVENT_WALL_TIME = 1;
    private static final int EVENT_STEP = 2;
    private static final int EVENT_SUMMARY = 5;
    private static final int SUMMARY_VALUE = 1;
    private static final int VALUE_TAG = 1;
    private static final int VALUE_SIMPLE = 2;
    private static final int VALUE_TENSOR = 8;
    private static final int TENSOR_TYPE = 1;
    private static final int TENSOR_CONTENT = 4;
    private static final int TENSOR_FLOAT = 5;
    private static final int TENSOR_DOUBLE = 6;
    private static final int TENSOR_INT = 7;
    private static final int TENSOR_LONG = 10;
    private static final int TYPE_FLOAT = 1;
    private static final int TYPE_DOUBLE = 2;
    private static final int TYPE_INT = 3;
    private static final int TYPE_LONG = 9;

    @Override
    public Position decode(Position from, byte[] bytes, boolean ended, Finder found) {
        ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        int begin = 0;
        while (begin < bytes.length) {
            long place = from.bytes() + begin + 1;
            if (bytes.length - begin < HEADER) {
                break;
            }
            long length = buffer.getLong(begin);
            if (buffer.getInt(begin + 8) != masked(bytes, begin, 8) || length < 0) {
                found.malformed(
                        place,
                        "the checksum of the record's length is wrong, so where the next one begins is not known: nothing"
                                + " after it can be read");
                return from.at(from.bytes() + begin, 0).givenUp();
            }
            if (length > bytes.length - begin - HEADER - FOOTER) {
                break;
            }
            int data = begin + HEADER;
            int end = data + (int) length;
            if (buffer.getInt(end) == masked(bytes, data, (int) length)) {
                try {
                    event(place, CodedInputStream.newInstance(bytes, data, (int) length), found);
                } catch (IOException e) {
                    found.malformed(place, "the record is no event: " + e.getMessage());
                }
            } else {
                found.malformed(place, "the checksum of the record is wrong");
            }
            begin = end + FOOTER;
        }
        if (ended && begin < bytes.length) {
            found.malformed(from.bytes() + begin + 1, "the log ends within a record");
            begin = bytes.length;
        }
        return from.at(from.bytes() + begin, 0);
    }

    private static int masked(byte[] bytes, int from, int length) {
        CRC32C checksum = new CRC32C();
        checksum.update(bytes, from, length);
        int value = (int) checksum.getValue();
        return Integer.rotateRight(value, 15) + MASK;
    }

    private static void event(long place, CodedInputStream in, Finder found) throws IOException {
        double seconds = 0;
        long step = 0;
        Map<String, Double> values = new LinkedHashMap<>();
        for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
            switch (WireFormat.getTagFieldNumber(tag)) {
                case EVENT_WALL_TIME -> seconds = in.readDouble();
                case EVENT_STEP -> step = in.readInt64();
                case EVENT_SUMMARY -> summary(in.readByteArray(), values);
                default -> in.skipField(tag);
            }
        }
        if (values.isEmpty()) {
            return;
        }
        if (step < 0 || step >= Integer.MAX_VALUE) {
            found.malformed(place, "step must be from 0 to " + (Integer.MAX_VALUE - 1) + ", was " + step);
            return;
        }
        found.entry(new LogEntry(place, step, values, Map.of(), Math.round(1_000 * seconds)));
    }

    private static void summary(byte[] bytes, Map<String, Double> values) throws IOException {
        CodedInputStream in = CodedInputStream.newInstance(bytes);
        for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
            if (WireFormat.getTagFieldNumber(tag) == SUMMARY_VALUE) {
                value(in.readByteArray(), values);
            } else {
                in.skipField(tag);
            }
        }
    }

    private static void value(byte[] bytes, Map<String, Double> values) throws IOException {
        CodedInputStream in = CodedInputStream.newInstance(bytes);
        String name = "";
        Double number = null;
        for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
            switch (WireFormat.getTagFieldNumber(tag)) {
                case VALUE_TAG -> name = in.readString();
                case VALUE_SIMPLE -> number = (double) in.readFloat();
                case VALUE_TENSOR -> number = scalar(in.readByteArray());
                default -> in.skipField(tag);
            }
        }
        if (number != null) {
            values.put(name, number);
        }
    }

    /** The number of a tensor that has one; null for any other. */
    private static @Nullable Double scalar(byte[] bytes) throws IOException {
        CodedInputStream in = CodedInputStream.newInstance(bytes);
        int type = 0;
        ByteString content = ByteString.EMPTY;
        Double number = null;
        for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
            boolean packed = WireFormat.getTagWireType(tag) == WireFormat.WIRETYPE_LENGTH_DELIMITED;
            switch (WireFormat.getTagFieldNumber(tag)) {
                case TENSOR_TYPE -> type = in.readEnum();
                case TENSOR_CONTENT -> content = in.readBytes();
                case TENSOR_FLOAT -> {
                    if (!packed || in.readRawVarint32() == Float.BYTES) {
                        number = (double) in.readFloat();
                    } else {
                        return null;
                    }
                }
                case TENSOR_DOUBLE -> {
                    if (!packed || in.readRawVarint32() == Double.BYTES) {
                        number = in.readDouble();
                    } else {
                        return null;
                    }
                }
                case TENSOR_INT, TENSOR_LONG -> {
                    int end = packed ? in.readRawVarint32() + in.getTotalBytesRead() : 0;
                    number = (double) in.readInt64();
                    if (packed && in.getTotalBytesRead() != end) {
                        return null;
                    }
                }
                default -> in.skipField(tag);
            }
        }
        return number == null ? scalar(type, content) : number;
    }

    private static @Nullable Double scalar(int type, ByteString content) {
        ByteBuffer buffer = content.asReadOnlyByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
        return switch (type) {
            case TYPE_FLOAT -> content.size() == Float.BYTES ? (Double) (double) buffer.getFloat() : null;
            case TYPE_DOUBLE -> content.size() == Double.BYTES ? (Double) buffer.getDouble() : null;
            case TYPE_INT -> content.size() == Integer.BYTES ? (Double) (double) buffer.getInt() : null;
            case TYPE_LONG -> content.size() == Long.BYTES ? (Double) (double) buffer.getLong() : null;
            default -> null;
        };
    }
}
