package io.couplet.trainer.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.engine.EngineException;
import java.net.UnknownHostException;
import org.junit.jupiter.api.Test;

class GpusTest {
    private static final String WHERE =
            " but the libtorch here is the one for CPUs: start with COUPLET_CUDA=download or COUPLET_CUDA=DIRECTORY (docs/gpu.md), or train on the CPU.";

    @Test
    void withNeitherGpuNorLibtorchForCudaBothAreMissing() {
        assertThat(new Gpus(0, false).missingFor("gpu:0"))
                .contains("Device gpu:0 needs a GPU whose driver answers, and a libtorch for CUDA," + WHERE);
    }

    @Test
    void withAGpuAndALibtorchForCpusTheLibtorchIsMissing() {
        Gpus gpus = new Gpus(2, false);
        assertThat(gpus.missingFor("gpu")).contains("Device gpu needs a libtorch for CUDA," + WHERE);
        assertThat(gpus.usable()).isZero();
    }

    @Test
    void withALibtorchForCudaAndNoGpuTheGpuIsMissing() {
        assertThat(new Gpus(0, true).missingFor("gpu:1"))
                .contains("Device gpu:1 needs a GPU, and the libtorch for CUDA finds none: see whether nvidia-smi"
                        + " lists it here and CUDA_VISIBLE_DEVICES leaves it in (docs/gpu.md).");
    }

    @Test
    void aNumberBeyondTheLastGpuIsSaidWithTheNumbersThatThereAre() {
        assertThat(new Gpus(2, true).missingFor("gpu:2"))
                .contains("Device gpu:2 is not there: this machine has 2 GPUs, gpu:0 to gpu:1.");
        assertThat(new Gpus(1, true).missingFor("gpu:1"))
                .contains("Device gpu:1 is not there: this machine has one GPU, gpu:0.");
    }

    @Test
    void nothingIsMissingForTheCpuAndForAGpuThatIsThere() {
        assertThat(new Gpus(0, false).missingFor("cpu")).isEmpty();
        assertThat(new Gpus(2, true).missingFor("gpu:1")).isEmpty();
        assertThat(new Gpus(2, true).missingFor("gpu")).isEmpty();
        assertThat(new Gpus(2, true).usable()).isEqualTo(2);
    }

    @Test
    void fewerThanNoGpusAreRefused() {
        assertThatThrownBy(() -> new Gpus(-1, true)).hasMessage("present must be at least 0, was -1");
    }

    @Test
    void aLibtorchThatCannotBeLoadedIsToldByTheInnermostCause() {
        Throwable unreachable = new EngineException("no engine", new UnknownHostException("publish.djl.ai"));
        assertThat(Torch.sentence(unreachable))
                .isEqualTo("libtorch cannot be loaded (publish.djl.ai cannot be reached): check COUPLET_CUDA and the"
                        + " PYTORCH_ variables (docs/gpu.md), or leave them out to train on the CPU.");
        Throwable torn =
                new EngineException("no engine", new UnsatisfiedLinkError("libc10_cuda.so: no such file\nmore"));
        assertThat(Torch.sentence(torn)).startsWith("libtorch cannot be loaded (libc10_cuda.so: no such file): ");
    }

    /** The driver counts the GPUs of the machine also when libtorch cannot use them; then auto would choose what fails. */
    @Test
    void theLibtorchOfTheTestsUsesNoGpuWhateverTheMachineHas() {
        assertThat(Gpus.ofThisMachine().libtorchForCuda()).isFalse();
        assertThat(Gpus.ofThisMachine().usable()).isZero();
    }
}
