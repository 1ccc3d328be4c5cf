package io.couplet.producers;

import java.io.Closeable;
import java.io.File;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.apache.avro.AvroRuntimeException;
import org.apache.avro.Schema;
import org.apache.avro.SchemaBuilder;
import org.apache.avro.file.DataFileReader;
import org.apache.avro.file.DataFileWriter;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.generic.GenericRecord;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A first-in, first-out queue of records on the local disk, in Avro data files of about a megabyte. A file is deleted
 * when all of its records are settled, so what a killed process leaves is a little too much, never too little.
 *
 * <p>Files and reading position belong to one thread; the counts in the segments to the publisher's lock.
 */
final class Spool implements Closeable {

    private static final Logger LOG = LoggerFactory.getLogger(Spool.class);

    /** A file that is larger is closed and another one begun. */
    static final int SEGMENT_BYTES = 1 << 20;

    static final Schema SCHEMA = SchemaBuilder.record("SpooledRecord")
            .namespace("io.couplet.producers")
            .doc("A record that Kafka had not acknowledged when it was written.")
            .fields()
            .requiredLong("sequence")
            .requiredString("topic")
            .requiredString("key")
            .requiredBytes("value")
            .requiredLong("timeMillis")
            .endRecord();

    /** A record read back. */
    record Spooled(long sequence, String topic, String key, byte[] value, long timeMillis, SpoolSegment segment) {}

    private final Path directory;
    private final long limitBytes;
    private final FileChannel lockFile;
    private final List<SpoolSegment> segments = new ArrayList<>();
    private long nextNumber = 1;
    private long bytes;
    private @Nullable Writer writer;
    private @Nullable DataFileReader<GenericRecord> reader;
    private @Nullable SpoolSegment beingRead;

    private Spool(Path directory, long limitBytes, FileChannel lockFile) {
        this.directory = directory;
        this.limitBytes = limitBytes;
        this.lockFile = lockFile;
    }

    /**
     * Opens the spool in a directory and takes over what a former process left there.
     *
     * @throws IOException when the directory cannot be written or is in use, in a sentence with the fix
     */
    static Spool open(Path directory, long limitBytes) throws IOException {
        FileChannel lockFile;
        try {
            Files.createDirectories(directory);
            lockFile = FileChannel.open(
                    directory.resolve("spool.lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        } catch (IOException e) {
            throw new IOException(
                    "The spool directory " + directory + " cannot be written: make it writable or choose another (" + e
                            + ").",
                    e);
        }
        if (lock(lockFile) == null) {
            lockFile.close();
            throw new IOException(
                    "The spool directory " + directory
                            + " is in use by another process (a trainer, or a `couplet tail` of the same study): stop it, or give each a directory of its own.");
        }
        Spool spool = new Spool(directory, limitBytes, lockFile);
        spool.inherit();
        return spool;
    }

    private static @Nullable FileLock lock(FileChannel channel) throws IOException {
        try {
            return channel.tryLock();
        } catch (OverlappingFileLockException e) { // this very JVM has it
            return null;
        }
    }

    private void inherit() throws IOException {
        List<Path> files;
        try (Stream<Path> all = Files.list(directory)) {
            files = all.filter(file -> file.getFileName().toString().matches("records-\\d{10}\\.avro"))
                    .sorted()
                    .toList();
        }
        for (Path file : files) {
            nextNumber = Long.parseLong(file.getFileName().toString().substring(8, 18)) + 1;
            SpoolSegment segment = new SpoolSegment(file, true);
            segment.bytes = Files.size(file);
            countRecords(segment);
            bytes += segment.bytes;
            segments.add(segment);
        }
    }

    private static void countRecords(SpoolSegment segment) {
        try (DataFileReader<GenericRecord> blocks = reader(segment)) {
            while (blocks.hasNext()) {
                segment.records += blocks.getBlockCount();
                blocks.nextBlock();
            }
            // Avro takes half a block at the end for the end of the file.
            long unreadable = segment.bytes - blocks.previousSync();
            if (unreadable > 0) {
                segment.damaged = true;
                LOG.warn("The last {} bytes of {} are half a block and cannot be read", unreadable, segment.file);
            }
        } catch (IOException | AvroRuntimeException e) {
            segment.damaged = true;
            LOG.warn(
                    "{} can be read up to its record {} only: {}",
                    segment.file,
                    segment.records,
                    String.valueOf(e.getMessage()));
        }
    }

    /** Records that a former process left. */
    long inheritedRecords() {
        return segments.stream()
                .filter(segment -> segment.inherited)
                .mapToLong(segment -> segment.records)
                .sum();
    }

    /**
     * Writes records behind all others: all of them or none.
     *
     * @return the file they are in
     * @throws IOException when the disk, or the spool's share of it, is full
     */
    SpoolSegment append(List<Entry> batch) throws IOException {
        long more = batch.stream().mapToLong(Entry::wireBytes).sum();
        if (bytes + more > limitBytes) {
            throw new IOException("the spool has used its " + limitBytes + " bytes");
        }
        Writer open = writer;
        if (open == null) {
            open = new Writer(new SpoolSegment(
                    directory.resolve(String.format(Locale.ROOT, "records-%010d.avro", nextNumber++)), false));
            segments.add(open.segment);
            writer = open;
        }
        try {
            bytes += open.append(batch);
        } catch (IOException | AvroRuntimeException e) {
            abandon(open);
            throw e instanceof IOException io ? io : new IOException(e);
        }
        SpoolSegment segment = open.segment;
        if (segment.bytes >= SEGMENT_BYTES) {
            closeWriter();
        }
        return segment;
    }

    private void abandon(Writer open) {
        writer = null;
        open.abandon();
        if (open.segment.records == 0) {
            segments.remove(open.segment);
        }
    }

    /** The next record in order; null when all have been read. */
    @Nullable
    Spooled next() {
        while (true) {
            DataFileReader<GenericRecord> open = reader;
            SpoolSegment segment = beingRead;
            if (open == null || segment == null) {
                if (!openNext()) {
                    return null;
                }
                continue;
            }
            try {
                if (open.hasNext()) {
                    Spooled spooled = spooled(open.next(), segment);
                    segment.recordsRead++;
                    if (segment.recordsRead == segment.records) {
                        closeReader();
                    }
                    return spooled;
                }
            } catch (AvroRuntimeException e) {
                damaged(segment, e);
            }
            closeReader();
        }
    }

    private static Spooled spooled(GenericRecord frame, SpoolSegment segment) {
        ByteBuffer buffer = (ByteBuffer) frame.get("value");
        byte[] value = new byte[buffer.remaining()];
        buffer.get(value);
        return new Spooled(
                (Long) frame.get("sequence"),
                frame.get("topic").toString(),
                frame.get("key").toString(),
                value,
                (Long) frame.get("timeMillis"),
                segment);
    }

    private boolean openNext() {
        for (SpoolSegment segment : segments) {
            if (!segment.read) {
                if (writer != null && writer.segment == segment) {
                    closeWriter();
                }
                try {
                    reader = reader(segment);
                    beingRead = segment;
                    return true;
                } catch (IOException | AvroRuntimeException e) {
                    damaged(segment, e);
                    segment.read = true;
                }
            }
        }
        return false;
    }

    private static void damaged(SpoolSegment segment, Exception e) {
        if (!segment.damaged || !segment.inherited) {
            LOG.error("{} cannot be read any further and is kept: {}", segment.file, String.valueOf(e.getMessage()));
        }
        segment.damaged = true;
    }

    /**
     * Takes out the files whose records are all settled, read back or not; to be called with the publisher's lock. Of a
     * damaged file only those count that could be read.
     */
    List<SpoolSegment> takeFinished() {
        List<SpoolSegment> finished = new ArrayList<>();
        for (Iterator<SpoolSegment> each = segments.iterator(); each.hasNext(); ) {
            SpoolSegment segment = each.next();
            boolean allSettled = segment.records > 0 && segment.settled >= segment.records;
            boolean nothingMore = segment.read && segment.settled >= segment.recordsRead;
            if (allSettled || nothingMore) {
                finished.add(segment);
                each.remove();
            }
        }
        return finished;
    }

    /** Deletes the files taken out, and sets damaged ones aside. */
    void remove(List<SpoolSegment> finished) {
        for (SpoolSegment segment : finished) {
            bytes -= segment.bytes;
            if (beingRead == segment) {
                closeReader();
            }
            if (writer != null && writer.segment == segment) {
                closeWriter();
            }
            try {
                if (segment.damaged) {
                    Files.move(segment.file, segment.file.resolveSibling(segment.file.getFileName() + ".damaged"));
                } else {
                    Files.deleteIfExists(segment.file);
                }
            } catch (IOException e) {
                LOG.warn("{} could not be removed, its records will be sent again at the next start", segment.file, e);
            }
        }
    }

    private void closeReader() {
        if (beingRead != null) {
            beingRead.read = true;
            beingRead = null;
        }
        if (reader != null) {
            try {
                reader.close();
            } catch (IOException e) {
                LOG.warn("A spool file could not be closed", e);
            }
            reader = null;
        }
    }

    private void closeWriter() {
        if (writer != null) {
            writer.close();
            writer = null;
        }
    }

    @Override
    public void close() throws IOException {
        closeWriter();
        if (reader != null) {
            reader.close();
            reader = null;
        }
        lockFile.close();
    }

    private static DataFileReader<GenericRecord> reader(SpoolSegment segment) throws IOException {
        return new DataFileReader<>(segment.file.toFile(), new GenericDatumReader<>(SCHEMA));
    }

    /** Writes one file, block by block, and knows up to where it is whole. */
    private static final class Writer {

        private final SpoolSegment segment;
        private final FileOutputStream out;
        private final DataFileWriter<GenericRecord> frames;

        Writer(SpoolSegment segment) throws IOException {
            this.segment = segment;
            File file = segment.file.toFile();
            this.out = new FileOutputStream(file);
            DataFileWriter<GenericRecord> unopened = new DataFileWriter<>(new GenericDatumWriter<>(SCHEMA));
            try {
                this.frames = unopened.create(SCHEMA, out);
                frames.flush();
                segment.bytes = out.getChannel().position();
            } catch (IOException e) {
                out.close();
                Files.deleteIfExists(segment.file);
                throw e;
            }
        }

        /** Returns by how many bytes the file has grown. */
        long append(List<Entry> batch) throws IOException {
            for (Entry entry : batch) {
                GenericRecord frame = new GenericData.Record(SCHEMA);
                frame.put("sequence", entry.sequence);
                frame.put("topic", entry.topic);
                frame.put("key", entry.key);
                frame.put("value", ByteBuffer.wrap(entry.value));
                frame.put("timeMillis", entry.timeMillis);
                frames.append(frame);
            }
            frames.flush();
            long before = segment.bytes;
            segment.bytes = out.getChannel().position();
            segment.records += batch.size();
            return segment.bytes - before;
        }

        /** Leaves the file as it was after the last whole append; the block half written would be unreadable. */
        void abandon() {
            try (FileOutputStream closed = out) {
                if (segment.records == 0) {
                    Files.deleteIfExists(segment.file);
                } else {
                    closed.getChannel().truncate(segment.bytes);
                }
            } catch (IOException e) {
                LOG.warn("{} could not be cut back to its last whole block", segment.file, e);
            }
        }

        void close() {
            try (DataFileWriter<GenericRecord> closed = frames) {
                closed.flush();
                out.getChannel().force(false);
            } catch (IOException e) {
                LOG.warn("{} could not be closed", segment.file, e);
            }
        }
    }
}
