package io.couplet.trainer.data;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The binary versions of CIFAR-10 and CIFAR-100 (Krizhevsky, https://www.cs.toronto.edu/~kriz/cifar.html): records of one label byte, or
 * a coarse and a fine one, and 3 × 32 × 32 bytes. The fine label is the class.
 */
final class Cifar {
    private static final int SIDE = 32;
    private static final int IMAGE_BYTES = ImageSet.CHANNELS * SIDE * SIDE;
    private static final Pattern BATCH_OF_10 = Pattern.compile("data_batch_\\d+\\.bin");
    private static final List<String> NAMES_OF_10 =
            List.of("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck");

    private enum Version {
        CIFAR_10("CIFAR-10 binary", 1, 10, "batches.meta.txt"),
        CIFAR_100("CIFAR-100 binary", 2, 100, "fine_label_names.txt");

        private final String format;
        private final int labelBytes;
        private final int classes;
        private final String namesFile;

        Version(String format, int labelBytes, int classes, String namesFile) {
            this.format = format;
            this.labelBytes = labelBytes;
            this.classes = classes;
            this.namesFile = namesFile;
        }

        private int recordBytes() {
            return labelBytes + IMAGE_BYTES;
        }
    }

    private Cifar() {}

    /** What is in the tree, or null when no file has a name of this format. */
    static @Nullable Listing list(FileTree tree) throws DataException {
        List<String> batches = named(tree, file -> BATCH_OF_10.matcher(file).matches());
        List<String> test = named(tree, "test_batch.bin"::equals);
        Version version = Version.CIFAR_10;
        if (batches.isEmpty() && test.isEmpty()) {
            batches = named(tree, "train.bin"::equals);
            test = named(tree, "test.bin"::equals);
            version = Version.CIFAR_100;
        }
        if (batches.isEmpty() && test.isEmpty()) {
            refusePythonVersion(tree);
            return null;
        }
        List<String> notes = new ArrayList<>();
        List<String> classNames = classNames(tree, version);
        if (batches.isEmpty() || test.isEmpty()) {
            String missing = batches.isEmpty() ? "training" : "test";
            notes.add("The " + missing + " file is not there, so the images of the other are split.");
            List<Sample> all = samples(tree, batches.isEmpty() ? test : batches, version);
            return new Listing(tree.name(), version.format, classNames, all, null, tree.leftOut(), notes);
        }
        return new Listing(
                tree.name(),
                version.format,
                classNames,
                samples(tree, batches, version),
                samples(tree, test, version),
                tree.leftOut(),
                notes);
    }

    private static List<String> named(FileTree tree, java.util.function.Predicate<String> matches) {
        return tree.files().stream()
                .filter(file -> matches.test(baseName(file)))
                .toList();
    }

    static String baseName(String file) {
        return file.substring(file.lastIndexOf('/') + 1).toLowerCase(Locale.ROOT);
    }

    private static void refusePythonVersion(FileTree tree) throws DataException {
        if (!named(
                        tree,
                        file -> file.equals("data_batch_1")
                                || file.equals("fine_label_names")
                                || file.equals("batches.meta"))
                .isEmpty()) {
            throw new DataException("'" + tree.name()
                    + "' is the Python version of CIFAR: take the binary version from the same page.");
        }
    }

    private static List<String> classNames(FileTree tree, Version version) throws DataException {
        List<String> files = named(tree, version.namesFile::equals);
        if (!files.isEmpty()) {
            try {
                List<String> names = new String(tree.read(files.get(0), 1 << 20), StandardCharsets.UTF_8)
                        .lines()
                        .map(String::strip)
                        .filter(line -> !line.isEmpty())
                        .toList();
                if (names.size() == version.classes && names.stream().distinct().count() == names.size()) {
                    return names;
                }
            } catch (IOException e) {
                throw unreadable(tree, files.get(0), e);
            }
        }
        return version == Version.CIFAR_10
                ? NAMES_OF_10
                : IntStream.range(0, version.classes)
                        .mapToObj(label -> String.format(Locale.ROOT, "%02d", label))
                        .toList();
    }

    private static List<Sample> samples(FileTree tree, List<String> files, Version version) throws DataException {
        List<Sample> samples = new ArrayList<>();
        for (String file : files) {
            byte[] bytes;
            try {
                bytes = tree.read(file, FileTree.MOST_BYTES);
            } catch (IOException e) {
                throw unreadable(tree, file, e);
            }
            int recordBytes = version.recordBytes();
            if (bytes.length == 0 || bytes.length % recordBytes != 0) {
                throw new DataException(String.format(
                        Locale.ROOT,
                        "'%s' in '%s' has %,d bytes, which is no whole number of %s records of %,d bytes: it is damaged or cut short, so fetch it again.",
                        file,
                        tree.name(),
                        bytes.length,
                        version.format,
                        recordBytes));
            }
            for (int k = 0; k < bytes.length / recordBytes; k++) {
                int image = k * recordBytes + version.labelBytes;
                int label = bytes[image - 1] & 0xff;
                if (label >= version.classes) {
                    throw new DataException(String.format(
                            Locale.ROOT,
                            "Record %,d of '%s' in '%s' has the label %d, but %s has only 0 to %d: it is damaged or of another format, so fetch it again.",
                            k + 1,
                            file,
                            tree.name(),
                            label,
                            version.format,
                            version.classes - 1));
                }
                samples.add(new Sample(
                        file + " record " + (k + 1),
                        label,
                        side -> new Planes(SIDE, SIDE, Arrays.copyOfRange(bytes, image, image + IMAGE_BYTES))));
            }
        }
        return samples;
    }

    private static DataException unreadable(FileTree tree, String file, IOException cause) {
        return new DataException(
                "'" + file + "' in '" + tree.name() + "' cannot be read (" + cause.getMessage() + "): fetch it again.",
                cause);
    }
}
