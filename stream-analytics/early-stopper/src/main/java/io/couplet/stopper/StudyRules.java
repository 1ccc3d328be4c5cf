package io.couplet.stopper;

import io.couplet.schemas.avro.RunRequest;
import io.couplet.schemas.avro.StoppingRule;
import io.couplet.scores.stopping.CohortRule;
import io.couplet.scores.stopping.StoppingRules;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What a study asks of the stopper, as every one of its requests says it.
 *
 * @param backbones how many backbones there are
 * @param armed the rules that compare evaluations, in the order of the study
 */
record StudyRules(int backbones, List<Armed> armed) {

    StudyRules {
        armed = List.copyOf(armed);
    }

    /**
     * A rule as a study names it.
     *
     * @param rule its name
     * @param options its options, without {@value StoppingRules#SHADOW}
     * @param shadow whether it only records
     */
    record Armed(String rule, Map<String, Double> options, boolean shadow) {
        Armed {
            options = Map.copyOf(options);
        }

        CohortRule made() {
            return (CohortRule) StoppingRules.named(rule).with(options);
        }
    }

    /**
     * The rules that a request names; divergence is on without being named.
     *
     * @throws IllegalArgumentException in one sentence, when there is no such rule or an option is wrong
     */
    static StudyRules of(RunRequest request) {
        List<Armed> armed = new ArrayList<>();
        for (StoppingRule each : request.getStoppingRules()) {
            Map<String, Double> options = new TreeMap<>(each.getOptions());
            Double shadow = options.remove(StoppingRules.SHADOW);
            if (StoppingRules.named(each.getRule()).with(options) instanceof CohortRule) {
                armed.add(new Armed(each.getRule(), options, shadow != null && shadow != 0));
            }
        }
        return new StudyRules(request.getGrid().getBackbones().size(), armed);
    }
}
