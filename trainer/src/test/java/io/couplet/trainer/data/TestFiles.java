package io.couplet.trainer.data;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPOutputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import javax.imageio.ImageIO;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;

/** Makes the files that the tests read. */
final class TestFiles {
    private TestFiles() {}

    static byte[] image(String format, int width, int height, int rgb) {
        BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                image.setRGB(x, y, rgb);
            }
        }
        return encoded(format, image);
    }

    static byte[] encoded(String format, BufferedImage image) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try {
            if (!ImageIO.write(image, format, bytes)) {
                throw new IllegalArgumentException("no writer for " + format);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    static byte[] png(int rgb) {
        return image("png", 32, 32, rgb);
    }

    static void write(Path root, String name, byte[] bytes) throws IOException {
        Path file = root.resolve(name);
        Files.createDirectories(file.getParent());
        Files.write(file, bytes);
    }

    /** So many PNGs of each class, each of another colour. */
    static void classFolders(Path root, int perClass, String... classNames) throws IOException {
        for (int label = 0; label < classNames.length; label++) {
            for (int k = 0; k < perClass; k++) {
                write(root, classNames[label] + "/" + (k + 1) + ".png", png(0x10000 * 20 * label + k + 1));
            }
        }
    }

    static void zip(Path zip, Map<String, byte[]> members) throws IOException {
        try (ZipOutputStream output = new ZipOutputStream(Files.newOutputStream(zip))) {
            for (Map.Entry<String, byte[]> member : members.entrySet()) {
                output.putNextEntry(new ZipEntry(member.getKey()));
                output.write(member.getValue());
                output.closeEntry();
            }
        }
    }

    static void tarGz(Path tar, Map<String, byte[]> members) throws IOException {
        try (OutputStream file = Files.newOutputStream(tar);
                TarArchiveOutputStream output = new TarArchiveOutputStream(new GZIPOutputStream(file))) {
            for (Map.Entry<String, byte[]> member : members.entrySet()) {
                TarArchiveEntry entry = new TarArchiveEntry(member.getKey());
                entry.setSize(member.getValue().length);
                output.putArchiveEntry(entry);
                output.write(member.getValue());
                output.closeArchiveEntry();
            }
        }
    }

    static byte[] gzip(byte[] bytes) throws IOException {
        ByteArrayOutputStream zipped = new ByteArrayOutputStream();
        try (GZIPOutputStream output = new GZIPOutputStream(zipped)) {
            output.write(bytes);
        }
        return zipped.toByteArray();
    }

    /** Records of label bytes and an image that is filled with the number of the record. */
    static byte[] cifar(int labelBytes, int... labels) {
        ByteBuffer bytes = ByteBuffer.allocate(labels.length * (labelBytes + 3072));
        for (int k = 0; k < labels.length; k++) {
            for (int i = 1; i < labelBytes; i++) {
                bytes.put((byte) 19);
            }
            bytes.put((byte) labels[k]);
            for (int i = 0; i < 3072; i++) {
                bytes.put((byte) k);
            }
        }
        return bytes.array();
    }

    /** Every label from 0 to classes − 1, so many times. */
    static int[] labels(int classes, int times) {
        int[] labels = new int[classes * times];
        for (int i = 0; i < labels.length; i++) {
            labels[i] = i % classes;
        }
        return labels;
    }

    /** Images that are filled with their number. */
    static byte[] idxImages(int count, int rows, int columns) {
        ByteBuffer bytes = ByteBuffer.allocate(16 + count * rows * columns);
        bytes.putInt(0x0803).putInt(count).putInt(rows).putInt(columns);
        for (int k = 0; k < count; k++) {
            for (int i = 0; i < rows * columns; i++) {
                bytes.put((byte) k);
            }
        }
        return bytes.array();
    }

    static byte[] idxLabels(int... labels) {
        ByteBuffer bytes = ByteBuffer.allocate(8 + labels.length);
        bytes.putInt(0x0801).putInt(labels.length);
        for (int label : labels) {
            bytes.put((byte) label);
        }
        return bytes.array();
    }

    /** Level of the first pixel of each image, red. */
    static List<Integer> firstLevels(ImageSet set) {
        List<Integer> levels = new ArrayList<>();
        for (int i = 0; i < set.size(); i++) {
            levels.add(set.pixels(i)[0] & 0xff);
        }
        return levels;
    }
}
