package io.couplet.trainer.data;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.zip.GZIPInputStream;
import org.jspecify.annotations.Nullable;

/**
 * Opens data of any of these formats, told by the content:
 *
 * <ul>
 *   <li>none: the built-in {@link ProceduralImages};
 *   <li>a folder of class folders of images (whatever ImageIO reads: JPEG, PNG, BMP, GIF), also below {@code train} and {@code val},
 *       {@code valid}, {@code validation} or {@code test};
 *   <li>the binary version of CIFAR-10 or CIFAR-100;
 *   <li>IDX files as of MNIST, plain or gzipped;
 *   <li>a zip, tar or gzipped tar of any of them.
 * </ul>
 */
public final class DataSets {
    /** More unusable images than this share say that something else is wrong. */
    private static final double MOST_UNUSABLE = 0.5;

    private DataSets() {}

    /**
     * Reads everything into memory; the same options on the same files give the same images in the same order.
     *
     * @throws DataException when the data cannot be used, with one sentence that says why and what to do
     */
    public static DataSplit open(DataOptions options) throws DataException, InterruptedException {
        Path path = options.path();
        if (path == null) {
            return builtIn(options);
        }
        Path validationPath = options.validationPath();
        try (FileTree tree = tree(path)) {
            Listing listing = list(tree);
            if (validationPath == null) {
                return split(options, listing, listing.validation());
            }
            try (FileTree validationTree = tree(validationPath)) {
                Listing other = list(validationTree);
                return split(options, joined(listing, other), relabelled(listing, other));
            }
        }
    }

    private static DataSplit builtIn(DataOptions options) throws DataException {
        int all = ProceduralImages.TRAINING_IMAGES + ProceduralImages.VALIDATION_IMAGES;
        Integer limit = options.limit();
        int count = limit == null ? all : Math.min(all, limit);
        int classes = ProceduralImages.classNames().size();
        int validation = (int) Math.round(count * options.validationFraction());
        int training = count - validation;
        if (training < classes || validation < classes) {
            throw new DataException(String.format(
                    Locale.ROOT,
                    "%,d built-in images are too few for %d classes, split by %s: use at least %d and a fraction nearer to a half.",
                    count,
                    classes,
                    options.validationFraction(),
                    5 * classes));
        }
        ImageSet trainingSet = ProceduralImages.generate(0, training, options.imageSize(), options.seed());
        ImageSet validationSet = ProceduralImages.generate(training, validation, options.imageSize(), options.seed());
        return described("built-in", "procedural", trainingSet, validationSet, Skips.NONE, List.of());
    }

    private static FileTree tree(Path path) throws DataException {
        if (!Files.exists(path)) {
            throw new DataException("There is nothing at '" + path + "': check the path of the data.");
        }
        if (Files.isDirectory(path)) {
            return new Folder(path);
        }
        byte[] head;
        try (InputStream input = Files.newInputStream(path)) {
            head = input.readNBytes(512);
        } catch (AccessDeniedException e) {
            throw new DataException("The file '" + path + "' may not be read: give this user the right to read it.", e);
        } catch (IOException e) {
            throw new DataException(
                    "The file '" + path + "' cannot be read (" + e.getMessage() + "): check the disk and the path.", e);
        }
        if (head.length >= 4 && head[0] == 'P' && head[1] == 'K') {
            return new ZipArchive(path);
        }
        byte[] inner = Bounded.isGzip(head) ? unzippedHead(path) : head;
        if (isTar(inner)) {
            return new TarArchive(path, Bounded.isGzip(head), FileTree.MOST_BYTES);
        }
        if (inner.length >= 4 && inner[0] == 0 && inner[1] == 0 && inner[2] == 8) {
            throw new DataException("'" + path
                    + "' is one file of an IDX data set: give the folder that holds the files of images and labels.");
        }
        throw new DataException(
                "'" + path
                        + "' is no zip, tar or gzipped tar: give a folder or an archive of class folders, CIFAR binary files or IDX files.");
    }

    private static byte[] unzippedHead(Path path) throws DataException {
        try (InputStream input = new GZIPInputStream(new BufferedInputStream(Files.newInputStream(path)))) {
            return input.readNBytes(512);
        } catch (IOException e) {
            throw new DataException(
                    "The archive '" + path + "' cannot be read (" + e.getMessage()
                            + "): it is damaged or cut short, so fetch it again.",
                    e);
        }
    }

    private static boolean isTar(byte[] head) {
        return head.length >= 262 && new String(head, 257, 5, StandardCharsets.US_ASCII).equals("ustar");
    }

    private static Listing list(FileTree tree) throws DataException {
        if (tree.files().isEmpty() && tree.folders().isEmpty() && tree.leftOut().isEmpty()) {
            throw new DataException("'" + tree.name() + "' is empty: put a folder of images for each class into it.");
        }
        Listing idx = Idx.list(tree);
        if (idx != null) {
            return idx;
        }
        Listing cifar = Cifar.list(tree);
        return cifar != null ? cifar : ClassFolders.list(tree);
    }

    private static Listing joined(Listing listing, Listing other) {
        List<String> leftOut = new ArrayList<>(listing.leftOut());
        leftOut.addAll(other.leftOut());
        List<String> notes = new ArrayList<>(listing.notes());
        if (listing.validation() != null) {
            notes.add("The validation part of '" + listing.source() + "' was left out, because '" + other.source()
                    + "' is there to validate.");
        }
        if (other.validation() != null) {
            notes.add("Of '" + other.source() + "' only the training part is used to validate.");
        }
        return new Listing(
                listing.source(), listing.format(), listing.classNames(), listing.training(), null, leftOut, notes);
    }

    private static List<Sample> relabelled(Listing listing, Listing other) throws DataException {
        for (String name : other.classNames()) {
            if (!listing.classNames().contains(name)) {
                throw new DataException("'" + other.source() + "' has the class '" + name + "', which '"
                        + listing.source() + "' does not have: give both the same class names.");
            }
        }
        return other.training().stream()
                .map(sample -> sample.withLabel(
                        listing.classNames().indexOf(other.classNames().get(sample.label()))))
                .toList();
    }

    private static DataSplit split(DataOptions options, Listing listing, @Nullable List<Sample> validation)
            throws DataException, InterruptedException {
        requireLargeEnough(options, listing);
        List<Sample> trainingSamples = listing.training();
        List<Sample> validationSamples = validation == null ? List.of() : validation;
        Integer limit = options.limit();
        if (limit != null) {
            int held = validation == null ? 0 : held(limit, options.validationFraction(), listing);
            trainingSamples = limited(options, listing, trainingSamples, limit - held);
            validationSamples = limited(options, listing, validationSamples, held);
        }
        Decoder.Decoded first = Decoder.decode(listing, trainingSamples, options.imageSize());
        Decoder.Decoded second = Decoder.decode(listing, validationSamples, options.imageSize());
        List<String> unusable = new ArrayList<>(first.unusable());
        unusable.addAll(second.unusable());
        ImageSet training = usable(listing, trainingSamples, first, unusable, second.offered());
        List<String> notes = new ArrayList<>(listing.notes());
        Skips skips = Skips.of(listing.leftOut()).plus(Skips.of(unusable));
        if (validation != null) {
            ImageSet validationSet = second.images();
            if (validationSet == null) {
                throw new DataException("The validation part of '" + listing.source()
                        + "' has no usable image: add images or leave it out to split the training images.");
            }
            noteMissingClasses(validationSet, notes);
            return described(listing.source(), listing.format(), training, validationSet, skips, notes);
        }
        int[] counts = training.classCounts();
        for (int label = 0; label < counts.length; label++) {
            if (counts[label] < 2) {
                throw new DataException(
                        "The class '" + listing.classNames().get(label) + "' in '" + listing.source()
                                + "' has only one image, and the split needs one to train and one to validate: add images or give validation data.");
            }
        }
        List<int[]> places =
                Choice.split(labels(training), training.classCount(), options.validationFraction(), options.seed());
        return described(
                listing.source(),
                listing.format(),
                training.subset(places.get(0)),
                training.subset(places.get(1)),
                skips,
                notes);
    }

    /** How much of a limit is kept for a validation part of its own: one image at least, and one of each class is left to train on. */
    private static int held(int limit, double validationFraction, Listing listing) {
        int most = limit - listing.classNames().size();
        return Math.max(1, Math.min(most, (int) Math.round(limit * validationFraction)));
    }

    private static void requireLargeEnough(DataOptions options, Listing listing) throws DataException {
        Integer limit = options.limit();
        int classes = listing.classNames().size();
        if (limit != null && limit < 2 * classes) {
            throw new DataException("A limit of " + limit + " images is too small for the " + classes + " classes of '"
                    + listing.source() + "': use at least " + 2 * classes + ".");
        }
    }

    private static List<Sample> limited(DataOptions options, Listing listing, List<Sample> samples, int limit) {
        int[] labels = samples.stream().mapToInt(Sample::label).toArray();
        int[] places = Choice.limited(labels, listing.classNames().size(), limit, options.seed());
        return Arrays.stream(places).mapToObj(samples::get).toList();
    }

    /** The training images, unless too many are unusable or a class has none. */
    private static ImageSet usable(
            Listing listing, List<Sample> samples, Decoder.Decoded decoded, List<String> unusable, int alsoOffered)
            throws DataException {
        int[] offered = new int[listing.classNames().size()];
        samples.forEach(sample -> offered[sample.label()]++);
        requireEveryClass(listing, offered, "");
        int all = decoded.offered() + alsoOffered;
        if (unusable.size() > all * MOST_UNUSABLE) {
            throw new DataException(String.format(
                    Locale.ROOT,
                    "%,d of the %,d images of '%s' cannot be used (first %s): repair or replace them.",
                    unusable.size(),
                    all,
                    listing.source(),
                    unusable.get(0)));
        }
        ImageSet images = decoded.images();
        if (images == null) {
            throw new DataException("'" + listing.source() + "' has no usable image to train on: add images.");
        }
        requireEveryClass(listing, images.classCounts(), "usable ");
        return images;
    }

    private static void requireEveryClass(Listing listing, int[] counts, String kind) throws DataException {
        for (int label = 0; label < counts.length; label++) {
            if (counts[label] == 0) {
                throw new DataException("The class '" + listing.classNames().get(label) + "' in '" + listing.source()
                        + "' has no " + kind + "image: add images or remove the class.");
            }
        }
    }

    private static void noteMissingClasses(ImageSet validation, List<String> notes) {
        int[] counts = validation.classCounts();
        for (int label = 0; label < counts.length; label++) {
            if (counts[label] == 0) {
                notes.add("The class '" + validation.classNames().get(label) + "' has no image to validate with.");
            }
        }
    }

    private static int[] labels(ImageSet set) {
        int[] labels = new int[set.size()];
        Arrays.setAll(labels, set::label);
        return labels;
    }

    private static DataSplit described(
            String source, String format, ImageSet training, ImageSet validation, Skips skips, List<String> notes) {
        DataReport report = new DataReport(
                source,
                format,
                training.size() + validation.size(),
                training.size(),
                validation.size(),
                skips,
                notes,
                ImageSet.fingerprint(training, validation));
        return new DataSplit(training, validation, Normalisation.of(training), report);
    }
}
