package io.couplet.trainer.data;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** A folder. Symbolic links are followed only to files that lie in the same folder. */
final class Folder implements FileTree {
    private final Path given;
    private final Path root;
    private final List<String> files = new ArrayList<>();
    private final List<String> folders = new ArrayList<>();
    private final List<String> leftOut = new ArrayList<>();

    Folder(Path given) throws DataException {
        this.given = given;
        try {
            this.root = given.toRealPath();
            visit(root, "");
        } catch (AccessDeniedException e) {
            throw new DataException(
                    "The folder '" + e.getFile() + "' may not be read: give this user the right to read it.", e);
        } catch (IOException | UncheckedIOException | DirectoryIteratorException e) {
            throw new DataException(
                    "The folder '" + given + "' cannot be read (" + e.getMessage() + "): check the disk and the path.",
                    e);
        }
        Collections.sort(files);
        Collections.sort(folders);
        Collections.sort(leftOut);
    }

    private void visit(Path folder, String prefix) throws IOException {
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder)) {
            for (Path entry : entries) {
                String fileName = String.valueOf(entry.getFileName());
                if (Litter.is(fileName)) {
                    continue;
                }
                String name = prefix + fileName;
                if (Files.isSymbolicLink(entry)) {
                    visitLink(entry, name);
                } else if (Files.isDirectory(entry)) {
                    folders.add(name);
                    visit(entry, name + "/");
                } else if (Files.isRegularFile(entry)) {
                    files.add(name);
                } else {
                    leftOut.add(name + ": neither a file nor a folder");
                }
            }
        }
    }

    private void visitLink(Path link, String name) throws IOException {
        Path target;
        try {
            target = link.toRealPath();
        } catch (NoSuchFileException e) {
            leftOut.add(name + ": a symbolic link to nothing");
            return;
        }
        if (!target.startsWith(root)) {
            leftOut.add(name + ": a symbolic link out of the data folder");
        } else if (Files.isRegularFile(target)) {
            files.add(name);
        } else {
            leftOut.add(name + ": a symbolic link to a folder");
        }
    }

    @Override
    public String name() {
        return given.toString();
    }

    @Override
    public List<String> files() {
        return files;
    }

    @Override
    public List<String> folders() {
        return folders;
    }

    @Override
    public List<String> leftOut() {
        return leftOut;
    }

    @Override
    public byte[] head(String file, int count) throws IOException {
        try (InputStream input = Files.newInputStream(inside(file))) {
            return input.readNBytes(count);
        }
    }

    @Override
    public byte[] read(String file, long most) throws IOException {
        try (InputStream input = Files.newInputStream(inside(file))) {
            return Bounded.read(input, most);
        } catch (AccessDeniedException e) {
            throw new UnusableImageException("this user may not read it");
        }
    }

    /** The file as it is now: between listing and reading somebody may have put a link in its place. */
    private Path inside(String file) throws IOException {
        Path real = root.resolve(file).toRealPath();
        if (!real.startsWith(root)) {
            throw new UnusableImageException("a symbolic link out of the data folder");
        }
        return real;
    }

    @Override
    public void close() {
        // holds nothing open
    }
}
