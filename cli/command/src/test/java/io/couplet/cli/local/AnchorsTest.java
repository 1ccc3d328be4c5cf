package io.couplet.cli.local;

import static org.assertj.core.api.Assertions.assertThat;

import io.couplet.schemas.avro.RunRequest;
import io.couplet.schemas.study.StoppingRuleSpecification;
import io.couplet.schemas.study.StudySpecification;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class AnchorsTest {

    private static final List<String> SIX = List.of("resnet", "vgg", "deit", "mlp-mixer", "convnext", "alexnet");

    private static StudySpecification study(String rule, Map<String, Double> options) {
        return StudySpecification.defaults()
                .withGrid(SIX, List.of("sgd", "adamw"), List.of(1L, 2L))
                .withEarlyStopping(List.of(new StoppingRuleSpecification(rule, new TreeMap<>(options))));
    }

    @Test
    void withoutTransferNothingRunsBeforeTheRest() {
        assertThat(Anchors.of(study("asha", Map.of()))).isEmpty();
    }

    @Test
    void sixBackbonesHaveTwoAnchorsOfTwoFamilies() {
        List<String> anchors = Anchors.of(study("transfer", Map.of()));

        assertThat(anchors).hasSize(2).startsWith("resnet").doesNotContain("vgg");
    }

    @Test
    void anchorsRunWithAllTheirSeedsBeforeAnyOther() {
        StudySpecification study = study("transfer", Map.of("anchors", 1.0));

        List<RunRequest> requests = study.requests(0, Anchors.of(study));
        assertThat(requests).hasSize(24);
        assertThat(requests.subList(0, 4)).extracting(RunRequest::getBackbone).containsOnly("resnet");
        assertThat(requests.subList(4, 24)).extracting(RunRequest::getBackbone).doesNotContain("resnet");
        assertThat(requests)
                .extracting(RunRequest::getRunId)
                .containsExactlyInAnyOrderElementsOf(
                        study.requests(0).stream().map(RunRequest::getRunId).toList());
    }
}
