package io.couplet.scores.coupling;

import java.util.Map;

/**
 * To which family each backbone and each optimizer belongs, for {@link FamilyContrast}s. The paper has four of each: optimizers with (a) a fixed rate and
 * momentum, (b) adaptive with momentum, (c) estimated with momentum, (d) adaptive without momentum; primary CNNs, classical CNNs, modern
 * backbones and MetaFormers. Any names will do.
 *
 * @param backbones family by backbone; those without stay out of the contrasts
 * @param optimizers family by optimizer
 */
public record Families(Map<String, String> backbones, Map<String, String> optimizers) {

    public static final Families NONE = new Families(Map.of(), Map.of());

    public Families {
        backbones = Map.copyOf(backbones);
        optimizers = Map.copyOf(optimizers);
    }
}
