package io.couplet.scores.stopping;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * All runs of one study as far as they have come.
 *
 * @param metric what the values are
 * @param runsPerBackbone how many runs each backbone will have; 0 when unknown: then those that are known are taken for all
 * @param backbones how many backbones the study has; 0 when unknown
 * @param curves the runs that were heard of
 */
public record StudySoFar(Metric metric, int runsPerBackbone, int backbones, List<Curve> curves) {

    public StudySoFar {
        curves = List.copyOf(curves);
    }

    Optional<Curve> run(String runId) {
        return curves.stream().filter(curve -> curve.runId().equals(runId)).findFirst();
    }

    /** The runs of the same backbone, itself among them. */
    List<Curve> cohort(Curve curve) {
        return of(curve.backbone());
    }

    List<Curve> of(String backbone) {
        return curves.stream()
                .filter(curve -> curve.backbone().equals(backbone))
                .toList();
    }

    /** The other runs of the same backbone with a value at this very rung. */
    List<Curve> peers(Curve curve, int rung) {
        List<Curve> peers = new ArrayList<>();
        for (Curve other : curves) {
            if (other.backbone().equals(curve.backbone())
                    && !other.runId().equals(curve.runId())
                    && other.at(rung).isPresent()) {
                peers.add(other);
            }
        }
        return peers;
    }

    /** Whether every run of this one's cohort that still trains, and every one that is still to come, has reached the rung. */
    boolean allReached(Curve curve, int rung) {
        List<Curve> cohort = cohort(curve);
        return cohort.size() >= runsPerBackbone
                && cohort.stream().allMatch(each -> !each.trains() || each.reached(rung));
    }
}
