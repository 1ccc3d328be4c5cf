package io.couplet.trainer.training;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/** Where a run's network and its first weights come from. */
public sealed interface BackboneOrigin {

    /** A registered backbone with random weights. */
    record Random() implements BackboneOrigin {}

    /** A registered backbone with the weights of a file in the safetensors format. */
    record Weights(Path file) implements BackboneOrigin {}

    /** A TorchScript file, which brings both; the seed changes only the order of the images, augmentation and dropout. */
    record Script(Path file) implements BackboneOrigin {}

    /** For provenance. */
    default Map<String, String> settings() {
        Map<String, String> settings = new LinkedHashMap<>();
        if (this instanceof Weights weights) {
            settings.put("weights", weights.file().toString());
        } else if (this instanceof Script script) {
            settings.put("backboneFile", script.file().toString());
        }
        return settings;
    }
}
