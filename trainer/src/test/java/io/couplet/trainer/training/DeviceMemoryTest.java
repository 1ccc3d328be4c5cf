package io.couplet.trainer.training;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.Device;
import ai.djl.engine.EngineException;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.couplet.trainer.backbones.Backbones;
import io.couplet.trainer.data.Batch;
import io.couplet.trainer.data.BatchSource;
import io.couplet.trainer.recipes.Recipes;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DeviceMemoryTest {

    /** As torch 2.7 writes them. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of 139.72 GiB of which 1.1 GiB is free.",
                "CUDA error: out of memory",
                "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`",
                "cuDNN error: CUDNN_STATUS_ALLOC_FAILED",
                "[enforce fail at alloc_cpu.cpp:118] err == 0. DefaultCPUAllocator: can't allocate memory: you tried to allocate 4096 bytes."
            })
    void torchsOwnWordsAreRecognised(String message) {
        assertThat(DeviceMemory.sentence(new EngineException(message), "gpu:1", 512))
                .contains("Device gpu:1 ran out of memory at batch size 512: choose a smaller batch.");
        assertThat(DeviceMemory.sentence(
                        new IllegalStateException("it broke", new EngineException(message)), "gpu:1", 512))
                .isPresent();
    }

    /** A convolution for which every engine lacks workspace (pytorch issue 108645). */
    @Test
    void aConvolutionWithoutAnEngineProbablyLacksMemory() {
        assertThat(DeviceMemory.sentence(
                        new EngineException("FIND was unable to find an engine to execute this computation"),
                        "gpu:0",
                        512))
                .contains("Device gpu:0 probably ran out of memory at batch size 512, since cuDNN found no way to"
                        + " convolve: choose a smaller batch.");
    }

    @Test
    void javasHeapIsTold() {
        assertThat(DeviceMemory.sentence(new OutOfMemoryError("Java heap space"), "cpu", 512))
                .contains("The Java heap ran out of memory at batch size 512: choose a smaller batch, or give Java"
                        + " more with -Xmx.");
    }

    @Test
    void anythingElseIsSomethingElse() {
        assertThat(DeviceMemory.sentence(new EngineException("The size of tensor a must match"), "cpu", 8))
                .isEmpty();
        assertThat(DeviceMemory.sentence(new IllegalStateException(), "cpu", 8)).isEmpty();
    }

    @Test
    void aTrainingThatRunsOutOfMemoryFailsAndTheNextOneTrains() throws InterruptedException {
        Outcome outcome = Training.run(plan(), new TooLarge(), new Silence(), StopSignal.never());
        assertThat(outcome)
                .isInstanceOfSatisfying(
                        Outcome.Failed.class,
                        failed -> assertThat(failed.reason())
                                .isEqualTo("Device cpu ran out of memory at batch size 16: choose a smaller batch."));
        assertThat(Training.run(plan(), new BrightAndDark(), new Silence(), StopSignal.never()))
                .isInstanceOf(Outcome.Completed.class);
    }

    private static TrainingPlan plan() {
        return new TrainingPlan(
                "resnet",
                Backbones.Size.NANO,
                "sgd",
                0.1,
                TrainingPlan.options("sgd", null, Map.of()),
                Recipes.named("plain"),
                0,
                2,
                16,
                List.of(1.0),
                0,
                "cpu");
    }

    /** Asks torch for more memory than any machine has when the first batch is taken. */
    private static final class TooLarge implements TrainingData {
        private final BrightAndDark data = new BrightAndDark();

        @Override
        public int classes() {
            return data.classes();
        }

        @Override
        public int imageSize() {
            return data.imageSize();
        }

        @Override
        public int trainingImages() {
            return data.trainingImages();
        }

        @Override
        public BatchSource training(int batchSize, long seed, long firstStep) {
            return new BatchSource() {
                @Override
                public Batch next() {
                    try (NDManager manager = NDManager.newBaseManager(Device.cpu(), "PyTorch")) {
                        manager.zeros(new Shape(1L << 56));
                    }
                    throw new IllegalStateException("no machine has 2^58 bytes");
                }

                @Override
                public void close() {}
            };
        }

        @Override
        public Iterable<Batch> validation(int batchSize) {
            return data.validation(batchSize);
        }
    }

    private static final class Silence implements TrainingListener {
        @Override
        public void onStep(StepResult step) {}

        @Override
        public void onEvaluation(EvaluationResult evaluation) {}
    }
}
