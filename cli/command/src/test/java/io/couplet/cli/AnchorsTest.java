package io.couplet.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.couplet.cli.local.Anchors;
import io.couplet.cli.local.UserError;
import io.couplet.schemas.avro.RunRequest;
import io.couplet.schemas.study.StudySpecification;
import java.util.List;
import org.junit.jupiter.api.Test;

class AnchorsTest {

    private static StudySpecification study(String earlyStopping) {
        return StudySpecification.parse("""
                name: six
                backbones: [resnet, vgg, deit, mlp-mixer, convnext, alexnet]
                optimizers: [sgd, adamw]
                seeds: [1, 2]
                early-stopping: %s
                """.formatted(earlyStopping), "six.yaml", StudyNames.known());
    }

    @Test
    void withoutTransferNothingRunsBeforeTheRest() {
        assertThat(Anchors.of(study("[asha]"))).isEmpty();
    }

    @Test
    void sixBackbonesHaveTwoAnchorsOfTwoFamilies() {
        List<String> anchors = Anchors.of(study("[transfer]"));

        assertThat(anchors).hasSize(2).startsWith("resnet").doesNotContain("vgg");
    }

    @Test
    void anchorsRunWithAllTheirSeedsBeforeAnyOther() {
        StudySpecification study = study("[{rule: transfer, anchors: 1, shadow: true}]");

        List<RunRequest> requests = study.requests(0, Anchors.of(study));
        assertThat(requests).hasSize(24);
        assertThat(requests.subList(0, 4)).extracting(RunRequest::getBackbone).containsOnly("resnet");
        assertThat(requests.subList(4, 24)).extracting(RunRequest::getBackbone).doesNotContain("resnet");
        assertThat(requests)
                .extracting(RunRequest::getRunId)
                .containsExactlyInAnyOrderElementsOf(
                        study.requests(0).stream().map(RunRequest::getRunId).toList());
    }

    @Test
    void anOptionOutOfItsBoundsIsAnsweredInOneSentence() {
        assertThatThrownBy(() -> StudyNames.requireRules(study("[{rule: transfer, risk: 0.9}]")))
                .isInstanceOf(UserError.class)
                .hasMessage("early-stopping: transfer: risk must be above 0 and at most 0.5, was 0.9.");
        assertThatThrownBy(() -> StudyNames.requireRules(study("[target]")))
                .isInstanceOf(UserError.class)
                .hasMessage("early-stopping: target needs its option value: give a number.");
        StudyNames.requireRules(
                study("[divergence, {rule: target, value: 0.9}, {rule: asha, factor: 3, shadow: true}]"));
    }
}
