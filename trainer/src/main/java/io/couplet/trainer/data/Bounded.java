package io.couplet.trainer.data;

import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.Locale;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;

/** Reads no more than it is told to, whatever a file says of itself. */
final class Bounded {
    private Bounded() {}

    static byte[] read(InputStream input, long most) throws IOException {
        byte[] bytes = input.readNBytes((int) Math.min(most + 1, Integer.MAX_VALUE - 16));
        if (bytes.length > most) {
            throw new UnusableImageException(
                    String.format(Locale.ROOT, "larger than %,d bytes, the most that is read", most));
        }
        return bytes;
    }

    static boolean isGzip(byte[] head) {
        return head.length > 1 && (head[0] & 0xff) == 0x1f && (head[1] & 0xff) == 0x8b;
    }

    /** The bytes, unzipped if they are gzip. */
    static byte[] plain(byte[] bytes, long most) throws IOException {
        if (!isGzip(bytes)) {
            return bytes;
        }
        try (GZIPInputStream unzipped = new GZIPInputStream(new ByteArrayInputStream(bytes))) {
            return read(unzipped, most);
        } catch (EOFException | ZipException e) {
            throw new UnusableImageException("damaged gzip data (" + e.getMessage() + ")");
        }
    }
}
