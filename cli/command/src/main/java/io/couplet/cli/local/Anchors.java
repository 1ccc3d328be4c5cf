package io.couplet.cli.local;

import io.couplet.schemas.study.StoppingRuleSpecification;
import io.couplet.schemas.study.StudySpecification;
import io.couplet.scores.stopping.StoppingRules;
import io.couplet.scores.stopping.TransferRule;
import io.couplet.trainer.backbones.Backbones;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Which backbones of a study run whole before the others, so that the rule transfer can learn from them. */
public final class Anchors {

    private Anchors() {}

    /** None when the study does not arm transfer; else as many as the rule wants, in the study's order, of as many families as there are. */
    public static List<String> of(StudySpecification study) {
        for (StoppingRuleSpecification armed : study.earlyStopping()) {
            if (armed.rule().equals(StoppingRules.TRANSFER.key())) {
                double wanted = armed.options().getOrDefault("anchors", 0.0);
                int count = wanted > 0
                        ? (int) wanted
                        : TransferRule.anchorsFor(study.backbones().size());
                return chosen(
                        study.backbones(), Math.min(count, study.backbones().size()));
            }
        }
        return List.of();
    }

    private static List<String> chosen(List<String> backbones, int count) {
        Map<String, String> firstOfFamily = new LinkedHashMap<>();
        backbones.forEach(backbone -> firstOfFamily.putIfAbsent(family(backbone), backbone));
        List<String> chosen = new ArrayList<>(firstOfFamily.values());
        backbones.stream().filter(each -> !chosen.contains(each)).toList().forEach(chosen::add);
        return List.copyOf(chosen.subList(0, count));
    }

    /** A backbone that is not registered, such as a file, is a family of its own. */
    private static String family(String backbone) {
        return Backbones.entries().stream()
                .filter(entry -> entry.name().equals(backbone))
                .map(entry -> entry.family().name())
                .findFirst()
                .orElse(backbone);
    }
}
