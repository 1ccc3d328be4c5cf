package io.couplet.trainer.data;

import java.io.IOException;
import java.util.List;

/** The files of a folder or of an archive, read in place; names are relative, with slashes, and sorted. */
interface FileTree extends AutoCloseable {
    /** A file of many images that is larger than this, unpacked, is not read: while it is, it lies in memory twice. */
    long MOST_BYTES = Math.min(1L << 30, Runtime.getRuntime().maxMemory() / 4);

    /** What the user calls it. */
    String name();

    List<String> files();

    /** Folders, empty ones too, as far as they are known. */
    List<String> folders();

    /** What was met but cannot be one of {@link #files()}, each with its reason. */
    List<String> leftOut();

    /** The first bytes of a file, as many as there are up to {@code count}. Can be called by several threads at once. */
    byte[] head(String file, int count) throws IOException;

    /**
     * The whole file. Can be called by several threads at once.
     *
     * @throws UnusableImageException when it has more bytes than {@code most}
     */
    byte[] read(String file, long most) throws IOException;

    @Override
    void close();
}
