package io.couplet.trainer.data;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.NavigableSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * A folder per class with the images of the class anywhere below it; above them any number of folders that hold only one folder, or
 * {@code train} beside {@code val}, {@code valid}, {@code validation} or {@code test}.
 */
final class ClassFolders {
    private static final long MOST_BYTES = 64L << 20;
    private static final List<String> TRAINING = List.of("train", "training");
    /** Deeper than anybody files images; a hostile archive may nest tens of thousands of folders in each name. */
    private static final int MOST_FOLDERS = 100;
    /** So much of a name is shown that is left out for its length. */
    private static final int SHOWN = 60;
    /** The first that is there is used to validate. */
    private static final List<String> VALIDATION = List.of("val", "valid", "validation", "test", "testing");

    private ClassFolders() {}

    /** One level of the tree. */
    private static final class Node {
        private final TreeMap<String, Node> folders = new TreeMap<>();
        private final List<String> files = new ArrayList<>();

        Node at(String path) {
            Node node = this;
            for (String part : path.split("/", -1)) {
                node = node.folders.computeIfAbsent(part, any -> new Node());
            }
            return node;
        }

        void collect(List<String> into) {
            into.addAll(files);
            folders.values().forEach(folder -> folder.collect(into));
        }

        /** The folder of the first of these names, whatever its case, that holds folders: else it may be a class of that name. */
        @Nullable
        String firstWithFolders(List<String> names) {
            for (String name : names) {
                for (Map.Entry<String, Node> folder : folders.entrySet()) {
                    if (folder.getKey().toLowerCase(Locale.ROOT).equals(name)
                            && !folder.getValue().folders.isEmpty()) {
                        return folder.getKey();
                    }
                }
            }
            return null;
        }
    }

    static Listing list(FileTree tree) throws DataException {
        List<String> leftOut = new ArrayList<>(tree.leftOut());
        List<String> notes = new ArrayList<>();
        Node root = root(tree, leftOut);
        String trainingName = root.firstWithFolders(TRAINING);
        String validationName = trainingName == null ? null : root.firstWithFolders(VALIDATION);
        Node training = trainingName == null ? root : root.at(trainingName);
        if (trainingName != null) {
            addLoose(root, leftOut);
            for (String other : root.folders.keySet()) {
                if (!other.equals(trainingName) && !other.equals(validationName)) {
                    notes.add("The folder '" + other + "' beside '" + trainingName + "' was left out.");
                }
            }
        }
        List<String> classNames = classNames(tree, training);
        List<Sample> samples = samples(tree, training, classNames, leftOut);
        List<Sample> validationSamples = null;
        if (validationName != null) {
            Node validation = root.at(validationName);
            requireKnown(tree, validation, validationName, classNames);
            validationSamples = samples(tree, validation, classNames, leftOut);
        }
        return new Listing(tree.name(), "class folders", classNames, samples, validationSamples, leftOut, notes);
    }

    private static Node root(FileTree tree, List<String> leftOut) {
        Node root = new Node();
        tree.folders().stream().filter(folder -> !isTooDeep(folder)).forEach(root::at);
        for (String file : tree.files()) {
            if (isTooDeep(file)) {
                leftOut.add(file.substring(0, Math.min(SHOWN, file.length())) + "…: in more than " + MOST_FOLDERS
                        + " folders one in the other");
                continue;
            }
            int slash = file.lastIndexOf('/');
            (slash < 0 ? root : root.at(file.substring(0, slash))).files.add(file);
        }
        // a single folder that holds folders is only a wrapping around them
        while (root.folders.size() == 1
                && !root.folders.firstEntry().getValue().folders.isEmpty()) {
            Node only = root.folders.firstEntry().getValue();
            addLoose(root, leftOut);
            root = only;
        }
        return root;
    }

    private static boolean isTooDeep(String name) {
        return name.chars().filter(c -> c == '/').limit(MOST_FOLDERS + 1L).count() > MOST_FOLDERS;
    }

    private static void addLoose(Node node, List<String> leftOut) {
        for (String file : node.files) {
            leftOut.add(file + ": not in a class folder");
        }
    }

    private static List<String> classNames(FileTree tree, Node root) throws DataException {
        List<String> names = new ArrayList<>(root.folders.keySet());
        if (names.isEmpty()) {
            throw new DataException(
                    "'" + tree.name()
                            + "' has no class folders: put the images of each class into a folder of its own, as in cat/1.jpg and dog/1.jpg.");
        }
        if (names.size() == 1) {
            throw new DataException("'" + tree.name() + "' has only one class, '" + names.get(0)
                    + "': add a folder for each other class.");
        }
        return names;
    }

    private static void requireKnown(FileTree tree, Node validation, String name, List<String> classNames)
            throws DataException {
        NavigableSet<String> unknown = new TreeSet<>(validation.folders.keySet());
        classNames.forEach(unknown::remove);
        if (!unknown.isEmpty()) {
            throw new DataException("'" + tree.name() + "' has the class '" + unknown.first() + "' in '" + name
                    + "' but not in its training folder: give both the same class folders.");
        }
    }

    private static List<Sample> samples(FileTree tree, Node root, List<String> classNames, List<String> leftOut) {
        addLoose(root, leftOut);
        List<Sample> samples = new ArrayList<>();
        root.folders.forEach((className, folder) -> {
            List<String> files = new ArrayList<>();
            folder.collect(files);
            int label = classNames.indexOf(className);
            for (String file : files) {
                samples.add(new Sample(file, label, side -> ImageDecoder.decode(tree.read(file, MOST_BYTES), side)));
            }
        });
        return samples;
    }
}
