package io.couplet.producers.tail;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/** An open log: stays readable to its end when another file takes its name. */
final class LogFile implements AutoCloseable {

    private static final int HEAD = 64;

    private final FileChannel channel;
    private final @Nullable Object key;

    private LogFile(FileChannel channel, @Nullable Object key) {
        this.channel = channel;
        this.key = key;
    }

    static LogFile open(Path path) throws IOException {
        Object key = Files.readAttributes(path, BasicFileAttributes.class).fileKey();
        return new LogFile(FileChannel.open(path, StandardOpenOption.READ), key);
    }

    /** Whether the path still leads to this file. */
    boolean isAt(Path path) throws IOException {
        Object now = Files.readAttributes(path, BasicFileAttributes.class).fileKey();
        return key == null || key.equals(now);
    }

    long size() throws IOException {
        return channel.size();
    }

    /** Its first bytes, at most so many, hexadecimal; two files that grow from the same head count as one. */
    String head(long most) throws IOException {
        return HexFormat.of().formatHex(read(0, (int) Math.min(HEAD, most)));
    }

    /** So many bytes, fewer at its end. */
    byte[] read(long from, int most) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate((int) Math.max(0, Math.min(most, size() - from)));
        while (buffer.hasRemaining() && channel.read(buffer, from + buffer.position()) >= 0) {
            continue;
        }
        byte[] bytes = new byte[buffer.position()];
        buffer.flip().get(bytes);
        return bytes;
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
