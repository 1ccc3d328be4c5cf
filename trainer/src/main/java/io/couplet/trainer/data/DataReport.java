package io.couplet.trainer.data;

import java.util.List;
import java.util.Locale;

/**
 * What was read, for the log and as provenance.
 *
 * @param source the path as it was given, or {@code built-in}
 * @param format {@code procedural}, {@code class folders}, {@code CIFAR-10 binary}, {@code CIFAR-100 binary} or {@code IDX}
 * @param imagesRead images in use, both parts together
 * @param skipped files that could not be used
 * @param notes sentences on anything a person might not expect
 * @param fingerprint SHA-256 over class names, labels and pixels of both parts, in hexadecimal
 */
public record DataReport(
        String source,
        String format,
        int imagesRead,
        int trainingImages,
        int validationImages,
        Skips skipped,
        List<String> notes,
        String fingerprint) {

    public DataReport {
        notes = List.copyOf(notes);
    }

    /** One line for a log. */
    public String summary() {
        return String.format(
                Locale.ROOT,
                "%s (%s): %,d images to train on, %,d to validate on, %,d files skipped, sha-256 %s",
                source,
                format,
                trainingImages,
                validationImages,
                skipped.count(),
                fingerprint.substring(0, 12));
    }
}
