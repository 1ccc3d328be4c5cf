package io.couplet.view.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.couplet.schemas.Topics;
import io.couplet.schemas.avro.CouplingScore;
import io.couplet.scores.coupling.Families;
import io.couplet.view.DemoLog;
import io.couplet.view.DemoRecords;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;

final class StudyAnalysisTest {

    private final ViewModel model = new ViewModel();
    private long offset;

    @Test
    void aProfileComparesTheTimeToTheSameAccuracyOnEachBackbone() {
        // The target on a is 0.95 × 0.8 = 0.76, on b 0.95 × 0.6 = 0.57; linear between rungs.
        cell("a", "fast", 0.76, 10, 0.8, 20);
        cell("a", "slow", 0.4, 10, 0.8, 20);
        cell("b", "fast", 0.3, 10, 0.5, 20);
        cell("b", "slow", 0.3, 10, 0.6, 20);

        StudyAnalysis analysis = analysis(Families.NONE);

        StudyAnalysis.Profile fast = analysis.profiles().get(0);
        StudyAnalysis.Profile slow = analysis.profiles().get(1);
        assertThat(fast.optimizer()).isEqualTo("fast");
        assertThat(fast.ratios()).containsExactly(1.0);
        assertThat(fast.backbones()).isEqualTo(2);
        assertThat(fast.score()).isEqualTo(0.5);
        assertThat(slow.ratios()).hasSize(2);
        assertThat(slow.ratios().get(0)).isEqualTo(1);
        assertThat(slow.ratios().get(1)).isCloseTo(1.9, within(1e-9));
        assertThat(slow.score()).isCloseTo((1 + 2.1 / 3) / 2, within(1e-9));
    }

    @Test
    void aPairingThatDidNotGetToTheRungIsInNoProfile() {
        cell("a", "fast", 0.7, 10, 0.8, 20);
        score("a", "slow", 1, 0.4, 10);

        assertThat(analysis(Families.NONE).profiles())
                .extracting(StudyAnalysis.Profile::backbones)
                .containsExactly(1, 0);
    }

    @Test
    void aPlantedPreferenceOfAFamilyShowsAsItsContrast() {
        for (String backbone : List.of("c1", "c2", "t1", "t2")) {
            for (String optimizer : List.of("f1", "f2", "a1", "a2")) {
                boolean wanted = backbone.startsWith("c") == optimizer.startsWith("f");
                score(backbone, optimizer, 2, wanted ? 0.8 : 0.7, 10);
            }
        }
        Families families = new Families(
                Map.of("c1", "cnn", "c2", "cnn", "t1", "transformer", "t2", "transformer"),
                Map.of("f1", "fixed", "f2", "fixed", "a1", "adaptive", "a2", "adaptive"));

        assertThat(analysis(families).contrasts()).hasSize(4).allSatisfy(contrast -> {
            boolean wanted = contrast.optimizerFamily().equals("fixed")
                    == contrast.backboneFamily().equals("cnn");
            assertThat(contrast.points()).isCloseTo(wanted ? 20 : -20, within(1e-9));
            assertThat(contrast.cells()).isEqualTo(4);
        });
        assertThat(analysis(Families.NONE).contrasts()).isEmpty();
    }

    @Test
    void aStudyWithoutScoresHasNoAnalysisAndNothingBreaks() {
        DemoLog.of(DemoRecords.small()).entries().stream()
                .limit(24)
                .forEach(entry -> model.apply(entry.origin(), entry.record()));
        StudyAnalysis analysis =
                StudyAnalysis.of(Objects.requireNonNull(model.snapshot("small-3fa2c1")), 0, DemoRecords.FAMILIES);

        assertThat(analysis.profiles()).isEmpty();
        assertThat(analysis.contrasts()).isEmpty();
    }

    private StudyAnalysis analysis(Families families) {
        return StudyAnalysis.of(Objects.requireNonNull(model.snapshot("study-1")), 2, families);
    }

    private void cell(
            String backbone, String optimizer, double first, double seconds, double last, double lastSeconds) {
        score(backbone, optimizer, 1, first, seconds);
        score(backbone, optimizer, 2, last, lastSeconds);
    }

    private void score(String backbone, String optimizer, int rung, double accuracy, double seconds) {
        CouplingScore score = CouplingScore.newBuilder()
                .setStudyId("study-1")
                .setRung(rung)
                .setFraction(rung / 2.0)
                .setBackbone(backbone)
                .setOptimizer(optimizer)
                .setAccuracy(accuracy)
                .setRuns(1)
                .setSeeds(1)
                .setDiverged(false)
                .setFailed(false)
                .setIndistinguishableFromBest(false)
                .setDeviceSeconds(seconds)
                .setTimeMillis(1)
                .build();
        model.apply(new ViewModel.Origin(Topics.COUPLING_SCORES.name(), 0, offset++), score);
    }
}
