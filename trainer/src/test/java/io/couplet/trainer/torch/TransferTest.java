package io.couplet.trainer.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import org.junit.jupiter.api.Test;

class TransferTest {

    @Test
    void whatIsUploadedBelongsToTheManagerOfTheOther() {
        try (NDManager manager = NDManager.newBaseManager();
                NDManager step = manager.newSubManager()) {
            NDArray like = step.ones(new Shape(1));
            NDArray floats = Transfer.upload(like, new float[] {1, 2, 3, 4}, new Shape(2, 2));
            assertThat(floats.getManager()).isSameAs(step);
            assertThat(floats.getShape()).isEqualTo(new Shape(2, 2));
            assertThat(Transfer.floats(floats)).containsExactly(1, 2, 3, 4);
            NDArray longs = Transfer.upload(like, new long[] {1L << 40}, new Shape(1));
            assertThat(longs.toLongArray()).containsExactly(1L << 40);
        }
    }

    @Test
    void readingLeavesNothingBehindWhateverTheTypeAndShape() {
        try (NDManager manager = NDManager.newBaseManager()) {
            NDArray halves = manager.create(new double[] {0.5, 1.5}, new Shape(2, 1));
            NDArray scalar = manager.create(2f);
            int before = manager.getManagedArrays().size();
            assertThat(Transfer.floats(halves)).containsExactly(0.5f, 1.5f);
            assertThat(Transfer.doubles(halves)).containsExactly(0.5, 1.5);
            assertThat(Transfer.doubles(scalar)).containsExactly(2);
            assertThat(manager.getManagedArrays()).hasSize(before);
            assertThat(halves.getShape()).isEqualTo(new Shape(2, 1));
        }
    }

    /** Without a GPU there is no pinned memory; that torch says so shows that the script is one. */
    @Test
    void theWayToAGpuIsAScriptThatTorchKnows() {
        try (NDManager manager = NDManager.newBaseManager()) {
            NDArray x = manager.ones(new Shape(2));
            assertThatThrownBy(() -> Transfer.throughPinnedMemory(x, x)).hasMessageContaining("pin");
        }
    }
}
