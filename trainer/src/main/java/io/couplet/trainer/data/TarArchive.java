package io.couplet.trainer.data;

import java.io.BufferedInputStream;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
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
    private final Path path;
    private final TreeMap<String, byte[]> members = new TreeMap<>();
    private final TreeSet<String> folders = new TreeSet<>();
    private final List<String> leftOut = new ArrayList<>();

    TarArchive(Path path, boolean gzipped, long mostBytes) throws DataException {
        this.path = path;
        try (InputStream file = new BufferedInputStream(Files.newInputStream(path), 1 << 16);
                InputStream plain = gzipped ? new GZIPInputStream(file, 1 << 16) : file;
                TarArchiveInputStream tar = new TarArchiveInputStream(plain)) {
            long left = mostBytes;
            for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
                left -= add(entry, tar, left);
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

    private long add(TarArchiveEntry entry, TarArchiveInputStream tar, long most) throws IOException {
        String name = entry.getName();
        while (name.startsWith("./") || name.startsWith("/")) {
            name = name.substring(name.indexOf('/') + 1);
        }
        if (name.endsWith("/")) {
            name = name.substring(0, name.length() - 1);
        }
        if (Litter.leadsOut(name)) {
            leftOut.add(name + ": its name leads out of the archive");
            return 0;
        }
        if (name.isEmpty() || name.equals(".") || Litter.isIn(name)) {
            return 0;
        }
        if (entry.isDirectory()) {
            folders.add(name);
            return 0;
        }
        if (entry.isSymbolicLink() || entry.isLink()) {
            leftOut.add(name + ": a link, which an archive is not followed out of");
            return 0;
        }
        if (!entry.isFile() || entry.isCharacterDevice() || entry.isBlockDevice() || entry.isFIFO()) {
            leftOut.add(name + ": neither a file nor a folder");
            return 0;
        }
        byte[] bytes = Bounded.read(tar, most);
        members.put(name, bytes);
        return bytes.length;
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
