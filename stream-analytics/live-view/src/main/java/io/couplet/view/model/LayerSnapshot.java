package io.couplet.view.model;

import io.couplet.schemas.RunId;
import io.couplet.schemas.avro.LayerStatistics;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Statistics of a run's weights, layer by layer; units as in the schema LayerStatistics.
 *
 * @param step step after which was measured
 * @param layers in the order of the network
 */
public record LayerSnapshot(
        String runId, String backbone, String optimizer, long seed, int attempt, int step, List<Layer> layers) {

    /** One layer's weight tensor. */
    public record Layer(
            String name,
            long parameters,
            @Nullable Double alpha,
            @Nullable Double entropy,
            double l2Norm,
            @Nullable Double topPcaEnergy) {}

    static LayerSnapshot of(LayerStatistics statistics, RunId run) {
        return new LayerSnapshot(
                statistics.getRunId(),
                run.backbone(),
                run.optimizer(),
                run.seed(),
                statistics.getAttempt(),
                statistics.getStep(),
                statistics.getLayers().stream()
                        .map(layer -> new Layer(
                                layer.getName(),
                                layer.getParameters(),
                                layer.getAlpha(),
                                layer.getEntropy(),
                                layer.getL2Norm(),
                                layer.getTopPcaEnergy()))
                        .toList());
    }
}
