package io.couplet.stopper;

import io.couplet.schemas.avro.RunCommand;
import io.couplet.schemas.avro.RunRequest;
import io.couplet.scores.stopping.CohortRule;
import io.couplet.scores.stopping.StoppingRules;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What a study asks of the stopper, as every one of its requests says it.
 *
 * @param backbones how many backbones there are
 * @param armed the rules that compare evaluations, in the order they are asked
 * @param orderOffset the offset of the person's order that armed them; {@value #OF_THE_STUDY} while they are the study's own
 */
record StudyRules(int backbones, List<Armed> armed, long orderOffset) {

    static final long OF_THE_STUDY = -1;

    StudyRules {
        armed = List.copyOf(armed);
    }

    /**
     * A rule as a study names it.
     *
     * @param rule its name
     * @param options its options, without {@value StoppingRules#SHADOW} and {@value StoppingRules#PAUSE}
     * @param shadow whether it only records
     * @param pause whether a run that it stops can be taken up again
     */
    record Armed(String rule, Map<String, Double> options, boolean shadow, boolean pause) {
        Armed {
            options = Map.copyOf(options);
        }

        CohortRule made() {
            return (CohortRule) StoppingRules.named(rule).with(options);
        }
    }

    /**
     * The rules that a request names, unless a person has ordered others; divergence is on without being named.
     *
     * @throws IllegalArgumentException in one sentence, when there is no such rule or an option is wrong
     */
    static StudyRules of(RunRequest request, @Nullable StudyRules known) {
        int backbones = request.getGrid().getBackbones().size();
        if (known != null && known.orderOffset != OF_THE_STUDY) {
            return new StudyRules(backbones, known.armed, known.orderOffset);
        }
        List<Armed> armed = new ArrayList<>();
        request.getStoppingRules().forEach(each -> add(armed, each.getRule(), each.getOptions()));
        return new StudyRules(backbones, armed, OF_THE_STUDY);
    }

    /**
     * The rules that a person orders, in place of all that there were; an order that was read before changes nothing.
     *
     * @throws IllegalArgumentException in one sentence, when there is no such rule or an option is wrong
     */
    static StudyRules of(RunCommand order, long offset, @Nullable StudyRules known) {
        if (known != null && offset <= known.orderOffset) {
            return known;
        }
        List<Armed> armed = new ArrayList<>();
        order.getRules().forEach(each -> add(armed, each.getRule(), each.getOptions()));
        return new StudyRules(known == null ? 0 : known.backbones, armed, offset);
    }

    private static void add(List<Armed> armed, String rule, Map<String, Double> given) {
        Map<String, Double> options = new TreeMap<>(given);
        boolean shadow = isSet(options.remove(StoppingRules.SHADOW));
        boolean pause = isSet(options.remove(StoppingRules.PAUSE));
        if (StoppingRules.named(rule).with(options) instanceof CohortRule) {
            armed.add(new Armed(rule, options, shadow, pause));
        }
    }

    private static boolean isSet(@Nullable Double option) {
        return option != null && option != 0;
    }
}
