package io.couplet.trainer.checkpoints;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.couplet.trainer.optimizers.OptimizerState;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CheckpointDirectoryTest {
    private static final String RUN = "study-0a1b2c.resnet.adamw.s0.123456";

    @TempDir
    Path temporary;

    private CheckpointDirectory checkpoints;

    @BeforeEach
    void open() {
        checkpoints = new CheckpointDirectory(temporary.resolve("not-there-yet"));
    }

    @Test
    void whatIsReadIsWhatWasWrittenToTheBit() throws Exception {
        float[] parameters = new float[100_000];
        for (int i = 0; i < parameters.length; i++) {
            parameters[i] = Float.intBitsToFloat(i * 0x9E3779B1);
        }
        Checkpoint written = new Checkpoint(
                17,
                parameters,
                new float[] {Float.NaN, -0f},
                new OptimizerState(
                        18,
                        Map.of("momentum", new float[] {1, Float.MIN_VALUE}),
                        Map.of("rate", new double[] {Math.PI}, "rows", new double[] {Double.NEGATIVE_INFINITY, 0})),
                Map.of("ema", new float[] {3}));
        checkpoints.write(RUN, "me", "writer", written);
        Checkpoint read = checkpoints.read(RUN, "me").orElseThrow();
        assertThat(read.step()).isEqualTo(17);
        assertThat(bits(read.parameters())).isEqualTo(bits(parameters));
        assertThat(bits(read.buffers())).isEqualTo(bits(written.buffers()));
        assertThat(read.optimizer().step()).isEqualTo(18);
        assertThat(read.optimizer().vectors()).containsOnlyKeys("momentum");
        assertThat(read.optimizer().vectors().get("momentum")).containsExactly(1, Float.MIN_VALUE);
        assertThat(read.optimizer().numbers()).containsOnlyKeys("rate", "rows");
        assertThat(read.optimizer().numbers().get("rate")).containsExactly(Math.PI);
        assertThat(read.optimizer().numbers().get("rows")).containsExactly(Double.NEGATIVE_INFINITY, 0);
        assertThat(read.extensions()).containsOnlyKeys("ema");
        assertThat(read.extensions().get("ema")).containsExactly(3);
    }

    @Test
    void aRunWithoutACheckpointHasNone() throws Exception {
        assertThat(checkpoints.read(RUN, "me")).isEmpty();
        checkpoints.delete(RUN);
    }

    @Test
    void aNewerOneTakesThePlaceOfTheOlder() throws Exception {
        checkpoints.write(RUN, "me", "a", small(1));
        checkpoints.write(RUN, "me", "b", small(2));
        assertThat(checkpoints.read(RUN, "me").orElseThrow().step()).isEqualTo(2);
        assertThat(files()).hasSize(1);
    }

    @Test
    void oneThatCannotBeFinishedLeavesTheOlderAsItWas() throws Exception {
        checkpoints.write(RUN, "me", "a", small(1));
        // A directory stands where the unfinished file is to be written, as a full disk would.
        Files.createDirectories(temporary.resolve("not-there-yet").resolve(RUN + ".b.part/full"));
        assertThatThrownBy(() -> checkpoints.write(RUN, "me", "b", small(2))).isInstanceOf(IOException.class);
        assertThat(checkpoints.read(RUN, "me").orElseThrow().step()).isEqualTo(1);
    }

    @Test
    void aFileThatEndsTooEarlyIsRefusedWhereverItEnds() throws Exception {
        checkpoints.write(RUN, "me", "a", small(1));
        byte[] whole = Files.readAllBytes(checkpoints.file(RUN));
        for (int length = 0; length < whole.length; length++) {
            Files.write(checkpoints.file(RUN), Arrays.copyOf(whole, length));
            assertThatThrownBy(() -> checkpoints.read(RUN, "me"))
                    .as("cut to %d bytes", length)
                    .isInstanceOf(CheckpointException.class);
        }
    }

    @Test
    void aByteThatChangedIsNoticedWhereverItIs() throws Exception {
        checkpoints.write(RUN, "me", "a", small(1));
        byte[] whole = Files.readAllBytes(checkpoints.file(RUN));
        for (int at = 0; at < whole.length; at++) {
            byte[] damaged = whole.clone();
            damaged[at] ^= 0x40;
            Files.write(checkpoints.file(RUN), damaged);
            assertThatThrownBy(() -> checkpoints.read(RUN, "me"))
                    .as("byte %d changed", at)
                    .isInstanceOf(CheckpointException.class);
        }
    }

    @Test
    void anotherRunsOrAnotherFormatsCheckpointIsRefusedInASentence() throws Exception {
        checkpoints.write(RUN, "another", "a", small(1));
        assertThatThrownBy(() -> checkpoints.read(RUN, "me"))
                .hasMessage("it belongs to a run with other settings, images or backbone");
        byte[] newer = Files.readAllBytes(checkpoints.file(RUN));
        newer[11] = 9;
        Files.write(checkpoints.file(RUN), newer);
        assertThatThrownBy(() -> checkpoints.read(RUN, "me"))
                .hasMessage("its format is version 9, this Couplet reads 1");
        Files.writeString(checkpoints.file(RUN), "something else altogether");
        assertThatThrownBy(() -> checkpoints.read(RUN, "me")).hasMessage("it is no checkpoint of Couplet's");
    }

    @Test
    void deletingRemovesWhatUnfinishedOnesLeftAndNothingOfOtherRuns() throws Exception {
        checkpoints.write(RUN, "me", "a", small(1));
        checkpoints.write(RUN + "7", "me", "a", small(1));
        Files.writeString(checkpoints.file(RUN).resolveSibling(RUN + ".dead.part"), "half");
        checkpoints.delete(RUN);
        assertThat(files()).containsExactly(RUN + "7.checkpoint");
    }

    @Test
    void runsWhoseNamesAreNoFileNamesGetOneEach() throws Exception {
        checkpoints.write("s.file:a/b.pt.sgd", "one", "w/1", small(1));
        checkpoints.write("s.file:a_b.pt.sgd", "two", "w/1", small(2));
        assertThat(checkpoints.read("s.file:a/b.pt.sgd", "one").orElseThrow().step())
                .isEqualTo(1);
        assertThat(checkpoints.read("s.file:a_b.pt.sgd", "two").orElseThrow().step())
                .isEqualTo(2);
    }

    private List<String> files() throws IOException {
        try (Stream<Path> files = Files.list(temporary.resolve("not-there-yet"))) {
            return files.map(file -> file.getFileName().toString()).toList();
        }
    }

    private static Checkpoint small(int step) {
        return new Checkpoint(
                step,
                new float[] {1, 2},
                new float[0],
                new OptimizerState(step, Map.of("m", new float[] {3, 4}), Map.of("n", new double[] {5})),
                Map.of());
    }

    private static int[] bits(float[] values) {
        int[] bits = new int[values.length];
        Arrays.setAll(bits, i -> Float.floatToRawIntBits(values[i]));
        return bits;
    }
}
