package io.couplet.trainer.data;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;

/** A zip, read in place; nothing is unpacked to disk, so the names of its members can do no harm. */
final class ZipArchive implements FileTree {
    private final Path path;
    private final ZipFile zip;
    private final TreeMap<String, ZipEntry> members = new TreeMap<>();
    private final TreeSet<String> folders = new TreeSet<>();
    private final List<String> leftOut = new ArrayList<>();

    ZipArchive(Path path) throws DataException {
        this.path = path;
        try {
            this.zip = open(path);
        } catch (IOException e) {
            throw new DataException(
                    "The zip '" + path + "' cannot be read (" + e.getMessage()
                            + "): it is damaged or cut short, so fetch it again.",
                    e);
        }
        zip.stream().forEach(entry -> {
            String name = entry.getName().replace('\\', '/');
            if (name.endsWith("/")) {
                name = name.substring(0, name.length() - 1);
            }
            while (name.startsWith("./") || name.startsWith("/")) {
                name = name.substring(name.indexOf('/') + 1);
            }
            if (Litter.leadsOut(name)) {
                leftOut.add(name + ": its name leads out of the archive");
                return;
            }
            if (name.isEmpty() || Litter.isIn(name)) {
                return;
            }
            if (entry.isDirectory()) {
                folders.add(name);
            } else {
                members.put(name, entry);
            }
        });
    }

    private static ZipFile open(Path path) throws IOException {
        try {
            return new ZipFile(path.toFile(), StandardCharsets.UTF_8);
        } catch (ZipException e) { // names in another encoding; any that maps each byte will do to read the members
            return new ZipFile(path.toFile(), StandardCharsets.ISO_8859_1);
        }
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
        try (InputStream input = zip.getInputStream(members.get(file))) {
            return input.readNBytes(count);
        }
    }

    @Override
    public byte[] read(String file, long most) throws IOException {
        try (InputStream input = zip.getInputStream(members.get(file))) {
            return Bounded.read(input, most);
        } catch (ZipException e) {
            throw new UnusableImageException("damaged in the zip (" + e.getMessage() + ")");
        }
    }

    @Override
    public void close() {
        try {
            zip.close();
        } catch (IOException e) {
            throw new IllegalStateException("closing " + path, e);
        }
    }
}
