package io.couplet.trainer.data;

import java.util.List;
import java.util.Set;

/** What file managers leave behind; it is passed over without a word. */
final class Litter {
    private static final Set<String> NAMES = Set.of("__MACOSX", "Thumbs.db", "desktop.ini");

    private Litter() {}

    static boolean is(String fileName) {
        return fileName.startsWith(".") || NAMES.contains(fileName);
    }

    /** Whether a member of an archive would land outside of it, were it unpacked by its name. */
    static boolean leadsOut(String path) {
        return List.of(path.split("/", -1)).contains("..");
    }

    /** Whether any part of a path is. */
    static boolean isIn(String path) {
        for (String part : path.split("/", -1)) {
            if (is(part)) {
                return true;
            }
        }
        return false;
    }
}
