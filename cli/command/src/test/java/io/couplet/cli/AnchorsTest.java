package io.couplet.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.couplet.cli.local.Anchors;
import io.couplet.cli.local.UserError;
import io.couplet.schemas.avro.RunRequest;
import io.couplet.schemas.study.InvalidStudyException;
import io.couplet.schemas.study.StudySpecification;
import java.util.List;
import org.junit.jupiter.api.Test;

class AnchorsTest {

    private static StudySpecification study(String earlyStopping) throws InvalidStudyException {
        return StudySpecification.parse("""
                name: six
                backbones: [vgg, alexnet, resnet, deit, mlp-mixer, convnext]
                optimizers: [sgd, adamw]
                seeds: [1, 2]
                early-stopping: %s
                """.formatted(earlyStopping), "six.yaml", StudyNames.known());
    }

    @Test
    void withoutTransferNothingRunsBeforeTheRest() throws InvalidStudyException {
        assertThat(Anchors.of(study("[asha]"))).isEmpty();
    }

    @Test
    void sixBackbonesHaveTwoAnchorsOfTwoFamilies() throws InvalidStudyException {
        assertThat(Anchors.of(study("[transfer]"))).containsExactly("vgg", "resnet");
    }

    @Test
    void anchorsRunWithAllTheirSeedsBeforeAnyOther() throws InvalidStudyException {
        StudySpecification study = study("[{rule: transfer, anchors: 1, shadow: true}]");

        List<RunRequest> requests = study.requests(0, Anchors.of(study));
        assertThat(requests).hasSize(24);
        assertThat(requests.subList(0, 4)).extracting(RunRequest::getBackbone).containsOnly("vgg");
        assertThat(requests.subList(4, 24)).extracting(RunRequest::getBackbone).doesNotContain("vgg");
        assertThat(requests)
                .extracting(RunRequest::getRunId)
                .containsExactlyInAnyOrderElementsOf(
                        study.requests(0).stream().map(RunRequest::getRunId).toList());
    }

    @Test
    void anOptionOutOfItsBoundsIsAnsweredInOneSentence() throws InvalidStudyException {
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
