package io.couplet.cli.local;

import io.couplet.scores.coupling.Families;
import io.couplet.trainer.backbones.Backbones;
import io.couplet.trainer.optimizers.Optimizers;
import java.util.HashMap;
import java.util.Map;

/** Families of every backbone and optimizer that Couplet knows by name, for the page and the reports. */
public final class KnownFamilies {

    private KnownFamilies() {}

    /** By registered name. */
    public static Families byName() {
        Map<String, String> backbones = new HashMap<>();
        Map<String, String> optimizers = new HashMap<>();
        for (Backbones.Entry entry : Backbones.entries()) {
            backbones.put(entry.name(), Label.of(entry.family()));
        }
        for (Optimizers.Entry entry : Optimizers.entries()) {
            optimizers.put(entry.name(), Label.of(entry.family()));
        }
        return new Families(backbones, optimizers);
    }
}
