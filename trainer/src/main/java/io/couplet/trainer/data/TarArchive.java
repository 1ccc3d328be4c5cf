package io.couplet.trainer.data;

import java.io.BufferedInputStream;
import java.io.ByteArrayInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.zip.GZIPInputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;

/** A tar, plain or gzipped. It can only be read from front to back, so its members are held in memory while the data are opened. */
final class TarArchive implements FileTree {
    private static final long MOST_HEADER_BYTES = 1 << 20;

    private final Path path;
    private final TreeMap<String, byte[]> members = new TreeMap<>();
    private final TreeSet<String> folders = new TreeSet<>();
    private final List<String> leftOut = new ArrayList<>();

    TarArchive(Path path, boolean gzipped, long mostBytes) throws DataException {
        this.path = path;
        try (InputStream file = new BufferedInputStream(Files.newInputStream(path), 1 << 16);
                Metered plain = new Metered(gzipped ? new GZIPInputStream(file, 1 << 16) : file, mostBytes);
                TarArchiveInputStream tar = new TarArchiveInputStream(plain)) {
            for (TarArchiveEntry entry = next(tar, plain); entry != null; entry = next(tar, plain)) {
                add(entry, tar, mostBytes);
                tar.transferTo(OutputStream.nullOutputStream());
            }
        } catch (UnusableImageException e) {
            throw new DataException(
                    "The archive '" + path + "' holds more than " + (mostBytes >> 20)
                            + " MiB, the most that is read from a tar: unpack it and give the folder.",
                    e);
        } catch (IOException | IllegalArgumentException e) { // commons-compress throws either on damaged headers
            throw new DataException(
                    "The archive '" + path + "' cannot be read (" + e.getMessage()
                            + "): it is damaged or cut short, so fetch it again.",
                    e);
        }
    }

    private static TarArchiveEntry next(TarArchiveInputStream tar, Metered plain) throws IOException {
        plain.headersOnly(MOST_HEADER_BYTES);
        TarArchiveEntry entry = tar.getNextEntry();
        plain.headersOnly(Long.MAX_VALUE);
        return entry;
    }

    private void add(TarArchiveEntry entry, TarArchiveInputStream tar, long most) throws IOException {
        String name = entry.getName();
        while (name.startsWith("./") || name.startsWith("/")) {
            name = name.substring(name.indexOf('/') + 1);
        }
        if (name.endsWith("/")) {
            name = name.substring(0, name.length() - 1);
        }
        if (Litter.leadsOut(name)) {
            leftOut.add(name + ": its name leads out of the archive");
            return;
        }
        if (name.isEmpty() || name.equals(".") || Litter.isIn(name)) {
            return;
        }
        if (entry.isDirectory()) {
            folders.add(name);
            return;
        }
        if (entry.isSymbolicLink() || entry.isLink()) {
            leftOut.add(name + ": a link, which an archive is not followed out of");
            return;
        }
        if (!entry.isFile() || entry.isCharacterDevice() || entry.isBlockDevice() || entry.isFIFO()) {
            leftOut.add(name + ": neither a file nor a folder");
            return;
        }
        members.put(name, Bounded.read(tar, most));
    }

    /**
     * Gives no more than it may: of all that the archive unpacks to, whether it is kept or not, and of what stands between two members, which commons-compress holds in memory whatever its
     * length (a name of gigabytes is a few megabytes of gzip).
     */
    private static final class Metered extends FilterInputStream {
        private long left;
        private long headersLeft = Long.MAX_VALUE;

        Metered(InputStream in, long most) {
            super(in);
            left = most;
        }

        void headersOnly(long most) {
            headersLeft = most;
        }

        @Override
        public int read() throws IOException {
            int one = super.read();
            count(one < 0 ? 0 : 1);
            return one;
        }

        @Override
        public int read(byte[] bytes, int offset, int length) throws IOException {
            int read = super.read(bytes, offset, length);
            count(Math.max(0, read));
            return read;
        }

        @Override
        public long skip(long count) throws IOException {
            long skipped = super.skip(count);
            count(skipped);
            return skipped;
        }

        private void count(long bytes) throws IOException {
            left -= bytes;
            headersLeft -= bytes;
            if (headersLeft < 0) {
                throw new IOException("a name or header of more than " + (MOST_HEADER_BYTES >> 10) + " KiB");
            }
            if (left < 0) {
                throw new UnusableImageException("larger than what is read");
            }
        }
    }

    private byte[] member(String file) throws IOException {
        byte[] bytes = members.get(file);
        if (bytes == null) {
            throw new IOException("no member " + file);
        }
        return bytes;
    }

    @Override
    public String name() {
        return path.toString();
    }

    @Override
    public List<String> files() {
        return new ArrayList<>(members.keySet());
    }

    @Override
    public List<String> folders() {
        return new ArrayList<>(folders);
    }

    @Override
    public List<String> leftOut() {
        return leftOut;
    }

    @Override
    public byte[] head(String file, int count) throws IOException {
        byte[] bytes = member(file);
        return Arrays.copyOf(bytes, Math.min(count, bytes.length));
    }

    @Override
    public byte[] read(String file, long most) throws IOException {
        return Bounded.read(new ByteArrayInputStream(member(file)), most);
    }

    @Override
    public void close() {
        members.clear();
    }
}
