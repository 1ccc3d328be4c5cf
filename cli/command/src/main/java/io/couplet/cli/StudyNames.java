package io.couplet.cli;

import io.couplet.cli.local.UserError;
import io.couplet.schemas.study.KnownNames;
import io.couplet.schemas.study.StoppingRuleSpecification;
import io.couplet.schemas.study.StudySpecification;
import io.couplet.scores.stopping.StoppingRules;
import io.couplet.trainer.backbones.Backbones;
import io.couplet.trainer.data.Augmentation;
import io.couplet.trainer.optimizers.Optimizers;
import io.couplet.trainer.recipes.Loss;
import io.couplet.trainer.recipes.Recipes;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/** What a study may name, gathered from the modules that know it. */
final class StudyNames {

    private StudyNames() {}

    static KnownNames known() {
        Map<String, List<String>> optimizers = new LinkedHashMap<>();
        for (Optimizers.Entry entry : Optimizers.entries()) {
            TreeSet<String> options = new TreeSet<>(entry.options().keySet());
            options.remove("weight_decay");
            optimizers.put(entry.name(), List.copyOf(options));
        }
        Map<String, List<String>> rules = new LinkedHashMap<>();
        for (StoppingRules rule : StoppingRules.values()) {
            if (rule.forStudies()) {
                rules.put(rule.key(), rule.optionsOfStudies());
            }
        }
        List<String> sizes =
                Arrays.stream(Backbones.Size.values()).map(Backbones.Size::key).toList();
        return new KnownNames(
                Backbones.names(), sizes, optimizers, Recipes.choices(), Augmentation.names(), Loss.names(), rules);
    }

    /** Makes every rule of a study once; throws {@link UserError} for an option out of its bounds, or one that is missing. */
    static void requireRules(StudySpecification study) {
        for (StoppingRuleSpecification armed : study.earlyStopping()) {
            try {
                StoppingRules.named(armed.rule()).ofStudy(armed.options());
            } catch (IllegalArgumentException e) {
                throw new UserError("early-stopping: " + e.getMessage() + ".", e);
            }
        }
    }
}
