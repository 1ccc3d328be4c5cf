package io.couplet.producers.tail;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.google.protobuf.CodedInputStream;
import com.google.protobuf.WireFormat;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.CRC32;

/**
 * W&amp;B's transaction log {@code run-ID.wandb}, which its client writes online and offline: the log format of LevelDB (blocks of 32 KiB; records in fragments of checksum, length,
 * type and data) with plain CRC-32 after a header of 7 bytes, holding {@code Record}s of {@code wandb_internal.proto}. The rows of the history become entries, the run's configuration facts.
 */
final class WandbLog implements LogDecoder {

    private static final int BLOCK = 32_768;
    private static final int FILE_HEADER = 7;
    private static final int FRAGMENT_HEADER = 7;
    private static final int FULL = 1;
    private static final int FIRST = 2;
    private static final int MIDDLE = 3;
    private static final int LAST = 4;
    private static final byte[] MAGIC = {':', 'W', '&', 'B', (byte) 0xe1, (byte) 0xbe, 0};

    private static final int RECORD_HISTORY = 2;
    private static final int RECORD_CONFIG = 5;
    private static final int RECORD_RUN = 17;
    private static final int HISTORY_ITEM = 1;
    private static final int HISTORY_STEP = 2;
    private static final int RUN_CONFIG = 4;
    private static final int CONFIG_UPDATE = 1;
    private static final int ITEM_KEY = 1;
    private static final int ITEM_NESTED_KEY = 2;
    private static final int ITEM_VALUE = 16;
    private static final int STEP_NUMBER = 1;

    @Override
    public Position decode(Position from, byte[] bytes, boolean ended, Finder found) {
        int begin = 0;
        if (from.bytes() == 0) {
            if (bytes.length < FILE_HEADER) {
                return from;
            }
            for (int i = 0; i < FILE_HEADER; i++) {
                if (bytes[i] != MAGIC[i]) {
                    found.malformed(1, "the log does not begin like one of W&B: nothing of it can be read");
                    return from.givenUp();
                }
            }
            begin = FILE_HEADER;
        }
        Fragments fragments = new Fragments(from.bytes(), bytes, begin, found);
        begin = fragments.read();
        if (ended && begin < bytes.length) {
            found.malformed(from.bytes() + begin + 1, "the log ends within a record");
            begin = bytes.length;
        }
        return from.at(from.bytes() + begin, 0);
    }

    /** Puts records together; the start of the one at work is where decoding would go on. */
    private static final class Fragments {
        private final long offset;
        private final byte[] bytes;
        private final ByteBuffer buffer;
        private final Finder found;
        private final ByteArrayOutputStream record = new ByteArrayOutputStream();
        private int start;
        private boolean within;

        Fragments(long offset, byte[] bytes, int begin, Finder found) {
            this.offset = offset;
            this.bytes = bytes;
            this.buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
            this.found = found;
            this.start = begin;
        }

        int read() {
            int at = start;
            while (true) {
                int leftInBlock = BLOCK - (int) ((offset + at) % BLOCK);
                if (leftInBlock < FRAGMENT_HEADER) {
                    at += leftInBlock; // zeros, since no header fits
                    start = within ? start : Math.min(at, bytes.length);
                    continue;
                }
                if (at + FRAGMENT_HEADER > bytes.length) {
                    return start;
                }
                int length = Short.toUnsignedInt(buffer.getShort(at + 4));
                int end = at + FRAGMENT_HEADER + length;
                if (FRAGMENT_HEADER + length <= leftInBlock && end > bytes.length) {
                    return start;
                }
                if (FRAGMENT_HEADER + length > leftInBlock || !sound(at, length)) {
                    int next = at + leftInBlock;
                    if (next > bytes.length) {
                        return start;
                    }
                    found.malformed(
                            offset + at + 1, "the checksum of the record is wrong: the log is read on 32 KiB further");
                    within = false;
                    record.reset();
                    at = next;
                    start = at;
                    continue;
                }
                take(at, length);
                at = end;
                start = within ? start : at;
            }
        }

        private boolean sound(int at, int length) {
            CRC32 checksum = new CRC32();
            checksum.update(bytes, at + 6, 1 + length);
            return (int) checksum.getValue() == buffer.getInt(at);
        }

        private void take(int at, int length) {
            int type = bytes[at + 6];
            if (type == FULL || type == FIRST) {
                if (within) {
                    found.malformed(offset + start + 1, "the record has no end");
                }
                record.reset();
                start = at;
                within = true;
            } else if (!within) {
                if (type == LAST || type == MIDDLE) {
                    return; // the rest of a record whose beginning was reported
                }
                found.malformed(offset + at + 1, "there is no kind of record " + type);
                return;
            }
            record.write(bytes, at + FRAGMENT_HEADER, length);
            if (type == FULL || type == LAST) {
                within = false;
                long place = offset + start + 1;
                try {
                    WandbLog.record(place, record.toByteArray(), found);
                } catch (IOException | IllegalArgumentException e) {
                    found.malformed(place, "the record cannot be read: " + e.getMessage());
                }
            }
        }
    }

    private static void record(long place, byte[] bytes, Finder found) throws IOException {
        CodedInputStream in = CodedInputStream.newInstance(bytes);
        for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
            switch (WireFormat.getTagFieldNumber(tag)) {
                case RECORD_HISTORY -> history(place, in.readByteArray(), found);
                case RECORD_CONFIG -> configuration(place, in.readByteArray(), found);
                case RECORD_RUN -> run(place, in.readByteArray(), found);
                default -> in.skipField(tag);
            }
        }
    }

    private static void history(long place, byte[] bytes, Finder found) throws IOException {
        CodedInputStream in = CodedInputStream.newInstance(bytes);
        Map<String, Double> values = new LinkedHashMap<>();
        Map<String, String> facts = new LinkedHashMap<>();
        Long number = null;
        for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
            switch (WireFormat.getTagFieldNumber(tag)) {
                case HISTORY_ITEM -> item(in.readByteArray(), values, facts);
                case HISTORY_STEP -> number = stepNumber(in.readByteArray());
                default -> in.skipField(tag);
            }
        }
        Double named = values.get("_step");
        Long step = named == null ? number : (Long) Numbers.whole(named, "_step");
        found.entry(new LogEntry(place, step, values, Map.of(), Numbers.millis(values)));
    }

    private static long stepNumber(byte[] bytes) throws IOException {
        CodedInputStream in = CodedInputStream.newInstance(bytes);
        long number = 0;
        for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
            if (WireFormat.getTagFieldNumber(tag) == STEP_NUMBER) {
                number = in.readInt64();
            } else {
                in.skipField(tag);
            }
        }
        return number;
    }

    private static void run(long place, byte[] bytes, Finder found) throws IOException {
        CodedInputStream in = CodedInputStream.newInstance(bytes);
        for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
            if (WireFormat.getTagFieldNumber(tag) == RUN_CONFIG) {
                configuration(place, in.readByteArray(), found);
            } else {
                in.skipField(tag);
            }
        }
    }

    private static void configuration(long place, byte[] bytes, Finder found) throws IOException {
        CodedInputStream in = CodedInputStream.newInstance(bytes);
        Map<String, String> facts = new LinkedHashMap<>();
        for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
            if (WireFormat.getTagFieldNumber(tag) == CONFIG_UPDATE) {
                item(in.readByteArray(), new LinkedHashMap<>(), facts);
            } else {
                in.skipField(tag);
            }
        }
        if (!facts.isEmpty()) {
            found.entry(new LogEntry(place, null, Map.of(), facts, 0));
        }
    }

    private static void item(byte[] bytes, Map<String, Double> values, Map<String, String> facts) throws IOException {
        CodedInputStream in = CodedInputStream.newInstance(bytes);
        String key = "";
        StringBuilder nested = new StringBuilder();
        String json = "";
        for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
            switch (WireFormat.getTagFieldNumber(tag)) {
                case ITEM_KEY -> key = in.readString();
                case ITEM_NESTED_KEY ->
                    nested.append(nested.isEmpty() ? "" : ".").append(in.readString());
                case ITEM_VALUE -> json = in.readString();
                default -> in.skipField(tag);
            }
        }
        try {
            JsonLines.flatten(nested.isEmpty() ? key : nested.toString(), JsonLines.parse(json), values, facts);
        } catch (JsonProcessingException e) {
            throw new IOException(key + nested + " is no JSON", e);
        }
    }
}
