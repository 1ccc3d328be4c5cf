package io.couplet.trainer.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.couplet.trainer.backbones.Backbones;
import org.junit.jupiter.api.Test;

class StepBenchmarkTest {

    @Test
    void thePartsOfAStepAreWithinTheStep() {
        StepBenchmark.Setup setup = new StepBenchmark.Setup(Backbones.Size.NANO, 32, 4, 10, 1);
        try (StepBenchmark benchmark = new StepBenchmark("resnet", "adamw", setup)) {
            StepBenchmark.Timing timing = benchmark.measure(1, 1);
            assertThat(timing.forward()).isPositive();
            assertThat(timing.backward()).isPositive();
            assertThat(timing.optimizer()).isPositive();
            assertThat(timing.total())
                    .isGreaterThanOrEqualTo(timing.forward() + timing.backward() + timing.optimizer());
        }
    }

    @Test
    void medians() {
        assertThat(StepBenchmark.median(new double[] {3})).isEqualTo(3);
        assertThat(StepBenchmark.median(new double[] {9, 1, 2})).isEqualTo(2);
        assertThat(StepBenchmark.median(new double[] {9, 1, 2, 4})).isEqualTo(3);
    }

    @Test
    void anOptimizersStepIsMeasuredAlone() {
        assertThat(UpdaterBenchmark.millis("adamw", 10_000, 1, 1, 3)).isPositive();
    }

    @Test
    void aPairingThatTrainsPassesAndOneThatDivergesDoesNot() throws InterruptedException {
        PairingTrial good = PairingTrial.of(plan(0.05), new BrightAndDark());
        assertThat(good.passed()).isTrue();
        assertThat(good.last()).isLessThan(good.first());
        PairingTrial bad = PairingTrial.of(plan(1e20), new BrightAndDark());
        assertThat(bad.finite()).isFalse();
        assertThat(bad.passed()).isFalse();
        PairingTrial impossible = PairingTrial.of(plan(0.05), new BrightAndDark(20));
        assertThat(impossible.passed()).isFalse();
        assertThat(impossible.failure()).contains("imageSize");
    }

    @Test
    void aSetupWithoutWorkIsRefused() {
        assertThatThrownBy(() -> new StepBenchmark.Setup(Backbones.Size.NANO, 32, 1, 10, 1))
                .hasMessage("batch must be at least 2, was 1");
        assertThatThrownBy(() -> new StepBenchmark.Setup(Backbones.Size.NANO, 32, 8, 10, 0))
                .hasMessage("threads must be at least 1, was 0");
    }

    private static TrainingPlan plan(double learningRate) {
        return new TrainingPlan(
                "resnet",
                Backbones.Size.NANO,
                "sgd",
                learningRate,
                TrainingPlan.options("sgd", null, java.util.Map.of()),
                io.couplet.trainer.recipes.Recipes.named("plain"),
                0,
                12,
                16,
                java.util.List.of(1.0),
                0,
                "cpu");
    }
}
