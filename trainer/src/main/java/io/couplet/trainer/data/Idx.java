package io.couplet.trainer.data;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.zip.GZIPInputStream;
import org.jspecify.annotations.Nullable;

/**
 * The IDX files of MNIST and its relatives (LeCun, http://yann.lecun.com/exdb/mnist/), plain or gzipped: a file of grey images, (count,
 * rows, columns) of unsigned bytes, and a file of as many labels. Told by their first four bytes, paired by their names.
 */
final class Idx {
    private static final int IMAGES = 0x0803;
    private static final int LABELS = 0x0801;
    private static final int LONGEST_SIDE = 4096;
    /** Beyond this many files only those with a telling name are looked into. */
    private static final int FEW = 64;

    private Idx() {}

    /** The two files of a part; the names of both are equal but for what tells images from labels. */
    private static final class Pair {
        private @Nullable String images;
        private @Nullable String labels;
    }

    /** What is in the tree, or null when no file is IDX images or labels. */
    static @Nullable Listing list(FileTree tree) throws DataException {
        TreeMap<String, Pair> training = new TreeMap<>();
        TreeMap<String, Pair> validation = new TreeMap<>();
        for (String file : candidates(tree)) {
            int magic = magic(tree, file);
            if (magic != IMAGES && magic != LABELS) {
                continue;
            }
            String key = key(file);
            boolean held = key.contains("t10k") || key.contains("test") || key.contains("val");
            Pair pair = (held ? validation : training).computeIfAbsent(key, any -> new Pair());
            // the plain file sorts before its gzipped twin
            if (magic == IMAGES && pair.images == null) {
                pair.images = file;
            } else if (magic == LABELS && pair.labels == null) {
                pair.labels = file;
            }
        }
        if (training.isEmpty() && validation.isEmpty()) {
            return null;
        }
        List<String> notes = new ArrayList<>();
        if (training.isEmpty()) {
            notes.add("There are no training files, so the images of the test files are split.");
            training = validation;
            validation = new TreeMap<>();
        }
        Part first = part(tree, training);
        Part second = validation.isEmpty() ? null : part(tree, validation);
        TreeSet<Integer> labels = new TreeSet<>();
        for (int label : first.labels) {
            labels.add(label);
        }
        List<Integer> classes = new ArrayList<>(labels);
        List<String> classNames = classes.stream().map(String::valueOf).toList();
        if (classes.size() < 2) {
            throw new DataException("'" + tree.name() + "' has only one class, '" + classNames.get(0)
                    + "': a classifier needs images of two or more.");
        }
        return new Listing(
                tree.name(),
                "IDX",
                classNames,
                first.samples(tree, classes),
                second == null ? null : second.samples(tree, classes),
                tree.leftOut(),
                notes);
    }

    private static List<String> candidates(FileTree tree) {
        if (tree.files().size() <= FEW) {
            return tree.files();
        }
        return tree.files().stream()
                .filter(file -> Cifar.baseName(file).contains("idx")
                        || Cifar.baseName(file).contains("ubyte"))
                .toList();
    }

    /** The first four bytes as a number, or −1. */
    static int magic(FileTree tree, String file) {
        try {
            byte[] head = tree.head(file, 4096);
            if (Bounded.isGzip(head)) {
                try (InputStream unzipped = new GZIPInputStream(new ByteArrayInputStream(head))) {
                    head = unzipped.readNBytes(4);
                }
            }
            return head.length < 4 ? -1 : ByteBuffer.wrap(head).getInt();
        } catch (IOException e) {
            // by its name then; whoever reads the file in earnest says what is wrong with it
            String name = Cifar.baseName(file);
            return name.contains("idx3") ? IMAGES : name.contains("idx1") ? LABELS : -1;
        }
    }

    private static String key(String file) {
        String name = Cifar.baseName(file);
        if (name.endsWith(".gz")) {
            name = name.substring(0, name.length() - 3);
        }
        return name.replace("images", "*")
                .replace("labels", "*")
                .replace("idx3", "idx")
                .replace("idx1", "idx");
    }

    @SuppressWarnings("ArrayRecordComponent") // used up at once, never compared
    private record Part(String imagesFile, byte[] images, String labelsFile, int[] labels, int rows, int columns) {
        private static final int HEADER = 16;

        List<Sample> samples(FileTree tree, List<Integer> classes) throws DataException {
            List<Sample> samples = new ArrayList<>();
            for (int k = 0; k < labels.length; k++) {
                int label = classes.indexOf(labels[k]);
                if (label < 0) {
                    throw new DataException(String.format(
                            Locale.ROOT,
                            "Label %,d of '%s' in '%s' is %d, which no training image has: fetch the files again or take those that belong together.",
                            k + 1,
                            labelsFile,
                            tree.name(),
                            labels[k]));
                }
                int offset = HEADER + k * rows * columns;
                samples.add(new Sample(
                        imagesFile + " image " + (k + 1), label, side -> Planes.grey(columns, rows, images, offset)));
            }
            return samples;
        }
    }

    private static Part part(FileTree tree, NavigableMap<String, Pair> pairs) throws DataException {
        if (pairs.size() > 1) {
            throw new DataException(
                    "'" + tree.name() + "' has " + pairs.size() + " sets of IDX files of the same kind ("
                            + String.join(", ", pairs.keySet()) + "): put the one you want into a folder of its own.");
        }
        Pair pair = pairs.firstEntry().getValue();
        String imagesFile = pair.images;
        String labelsFile = pair.labels;
        if (imagesFile == null || labelsFile == null) {
            String there = imagesFile == null ? String.valueOf(labelsFile) : imagesFile;
            throw new DataException("'" + tree.name() + "' has '" + there + "' but not the IDX file of its "
                    + (imagesFile == null ? "images" : "labels") + ": put both into the folder.");
        }
        byte[] images = read(tree, imagesFile);
        byte[] labelBytes = read(tree, labelsFile);
        requireHeader(tree, imagesFile, images, Part.HEADER);
        requireHeader(tree, labelsFile, labelBytes, 8);
        ByteBuffer header = ByteBuffer.wrap(images);
        int count = header.getInt(4);
        int rows = header.getInt(8);
        int columns = header.getInt(12);
        if (count < 1 || rows < 1 || columns < 1 || rows > LONGEST_SIDE || columns > LONGEST_SIDE) {
            throw new DataException(String.format(
                    Locale.ROOT,
                    "'%s' in '%s' promises %d images of %d x %d pixels, which cannot be: fetch it again.",
                    imagesFile,
                    tree.name(),
                    count,
                    rows,
                    columns));
        }
        requireLength(tree, imagesFile, images.length, Part.HEADER + (long) count * rows * columns);
        int labelCount = ByteBuffer.wrap(labelBytes).getInt(4);
        requireLength(tree, labelsFile, labelBytes.length, 8 + (long) labelCount);
        if (labelCount != count) {
            throw new DataException(String.format(
                    Locale.ROOT,
                    "'%s' has %,d images but '%s' in '%s' has %,d labels: take the two files that belong together.",
                    imagesFile,
                    count,
                    labelsFile,
                    tree.name(),
                    labelCount));
        }
        int[] labels = new int[count];
        for (int k = 0; k < count; k++) {
            labels[k] = labelBytes[8 + k] & 0xff;
        }
        return new Part(imagesFile, images, labelsFile, labels, rows, columns);
    }

    private static byte[] read(FileTree tree, String file) throws DataException {
        try {
            return Bounded.plain(tree.read(file, FileTree.MOST_BYTES), FileTree.MOST_BYTES);
        } catch (IOException e) {
            throw new DataException(
                    "'" + file + "' in '" + tree.name() + "' cannot be read (" + e.getMessage() + "): fetch it again.",
                    e);
        }
    }

    private static void requireHeader(FileTree tree, String file, byte[] bytes, int header) throws DataException {
        if (bytes.length < header) {
            requireLength(tree, file, bytes.length, header);
        }
    }

    private static void requireLength(FileTree tree, String file, long actual, long expected) throws DataException {
        if (actual != expected) {
            throw new DataException(String.format(
                    Locale.ROOT,
                    "'%s' in '%s' has %,d bytes where its header promises %,d: it is damaged or cut short, so fetch it again.",
                    file,
                    tree.name(),
                    actual,
                    expected));
        }
    }
}
