package io.couplet.trainer.recipes;

import java.util.Arrays;
import java.util.List;

/** What a training makes smaller. */
public enum Loss {
    /** Of the softmax, mean over the images, nats. */
    CROSS_ENTROPY("cross-entropy"),

    /**
     * Of a sigmoid for each class on its own, mean over images and classes, nats: every class that has more than 0.2 of a mixed image is present in it, as timm has it
     * with {@code bce_target_thresh=0.2} in the procedures of Wightman et al. 2021 (arXiv:2110.00476).
     */
    BINARY_CROSS_ENTROPY("bce");

    private final String key;

    Loss(String key) {
        this.key = key;
    }

    /** As a study writes it. */
    public String key() {
        return key;
    }

    public static List<String> names() {
        return Arrays.stream(values()).map(Loss::key).toList();
    }

    /** @throws IllegalArgumentException with the names there are */
    public static Loss named(String name) {
        return Arrays.stream(values())
                .filter(loss -> loss.key.equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException(
                        "unknown loss '" + name + "': there are " + String.join(", ", names())));
    }
}
