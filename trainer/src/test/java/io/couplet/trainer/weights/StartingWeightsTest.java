package io.couplet.trainer.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.couplet.trainer.backbones.Backbones;
import io.couplet.trainer.backbones.ParameterLayout;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.StringJoiner;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class StartingWeightsTest {

    @TempDir
    Path directory;

    private static ParameterLayout layout(String backbone, int image, int classes) {
        return Backbones.create(backbone, new Backbones.Task(Backbones.Size.NANO, image, classes, 0))
                .layout();
    }

    private record Saved(String type, long[] shape, byte[] bytes) {}

    /** A backbone's tensors, each element its place in the vector times 1/1024. */
    private static Map<String, Saved> all(ParameterLayout layout, String type) {
        Map<String, Saved> tensors = new LinkedHashMap<>();
        layout.parameters()
                .forEach(p -> tensors.put(p.name(), counting(type, p.shape().getShape(), p.offset(), p.size())));
        layout.buffers()
                .forEach(b -> tensors.put(b.name(), counting(type, b.shape().getShape(), b.offset(), b.size())));
        return tensors;
    }

    private static Saved counting(String type, long[] shape, int offset, int size) {
        int width = type.equals("F64") ? 8 : type.equals("F32") ? 4 : 2;
        ByteBuffer bytes = ByteBuffer.allocate(size * width).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < size; i++) {
            float value = value(offset + i);
            switch (type) {
                case "F64" -> bytes.putDouble(value);
                case "F32" -> bytes.putFloat(value);
                case "BF16" -> bytes.putShort((short) (Float.floatToIntBits(value) >>> 16));
                default ->
                    bytes.putShort((short)
                            (value == 0
                                    ? 0
                                    : (Math.getExponent(value) + 15) << 10
                                            | (Float.floatToIntBits(value) >> 13) & 0x3FF));
            }
        }
        return new Saved(type, shape, bytes.array());
    }

    /** Exact in every one of the types. */
    private static float value(int place) {
        return (place % 128) / 1024f;
    }

    private Path save(Map<String, Saved> tensors) throws IOException {
        StringJoiner header = new StringJoiner(",", "{", "}");
        header.add("\"__metadata__\":{\"format\":\"pt\"}");
        int offset = 0;
        for (Map.Entry<String, Saved> each : tensors.entrySet()) {
            int end = offset + each.getValue().bytes().length;
            header.add("\"%s\":{\"dtype\":\"%s\",\"shape\":%s,\"data_offsets\":[%d,%d]}"
                    .formatted(
                            each.getKey(),
                            each.getValue().type(),
                            Arrays.toString(each.getValue().shape()),
                            offset,
                            end));
            offset = end;
        }
        ByteBuffer data = ByteBuffer.allocate(offset);
        tensors.values().forEach(tensor -> data.put(tensor.bytes()));
        return file(header.toString(), data.array());
    }

    private Path file(String header, byte[] data) throws IOException {
        byte[] text = header.getBytes(StandardCharsets.UTF_8);
        ByteBuffer whole = ByteBuffer.allocate(8 + text.length + data.length).order(ByteOrder.LITTLE_ENDIAN);
        whole.putLong(text.length).put(text).put(data);
        return Files.write(directory.resolve("w.safetensors"), whole.array());
    }

    @ParameterizedTest
    @ValueSource(strings = {"F32", "F64", "F16", "BF16"})
    void everyTensorLandsAtItsPlaceInTheVector(String type) throws IOException {
        ParameterLayout layout = layout("resnet", 32, 10);
        Map<String, Saved> tensors = all(layout, type);
        tensors.put("bn1.num_batches_tracked", new Saved("I64", new long[0], new byte[8]));
        StartingWeights weights = StartingWeights.read(save(tensors), layout, 0);
        for (int i = 0; i < weights.parameters().length; i++) {
            assertThat(weights.parameters()[i]).isEqualTo(value(i));
        }
        for (int i = 0; i < weights.buffers().length; i++) {
            assertThat(weights.buffers()[i]).isEqualTo(value(i));
        }
        assertThat(weights.report().sentence())
                .isEqualTo((layout.parameters().size() + layout.buffers().size())
                        + " tensors loaded, 0 missing, 0 unexpected, 0 mis-shaped");
    }

    @ParameterizedTest
    @ValueSource(strings = {"resnet", "mobilenetv2", "deit", "convnext", "caformer", "vgg"})
    void anotherNumberOfClassesLeavesTheClassifierFresh(String backbone) throws IOException {
        ParameterLayout ours = layout(backbone, 32, 7);
        StartingWeights weights = StartingWeights.read(save(all(layout(backbone, 32, 10), "F32")), ours, 5);
        assertThat(weights.report().freshHead()).isTrue();
        assertThat(weights.report().misshaped()).hasSize(2).allMatch(name -> name.matches(".*\\.(weight|bias)"));
        assertThat(weights.report().sentence()).endsWith("; the classifier is new, it has another number of classes");
        ParameterLayout.Parameter head = ours.parameters().stream()
                .filter(p -> weights.report().misshaped().contains(p.name()))
                .findFirst()
                .orElseThrow();
        assertThat(Arrays.copyOfRange(weights.parameters(), head.offset(), head.offset() + head.size()))
                .isEqualTo(Arrays.copyOfRange(ours.initialParameters(5), head.offset(), head.offset() + head.size()));
    }

    @Test
    void positionEmbeddingsOfAnotherSizeAreLeftFreshAndReported() throws IOException {
        ParameterLayout layout = layout("deit", 32, 10);
        Map<String, Saved> tensors = all(layout, "F32");
        long width = layout.parameters().stream()
                .filter(p -> p.name().equals("pos_embed"))
                .findFirst()
                .orElseThrow()
                .shape()
                .get(2);
        tensors.put("pos_embed", counting("F32", new long[] {1, 3, width}, 0, Math.toIntExact(3 * width)));
        StartingWeights weights = StartingWeights.read(save(tensors), layout, 0);
        assertThat(weights.report().misshaped()).containsExactly("pos_embed");
        assertThat(weights.report().freshHead()).isFalse();
    }

    @Test
    void missingAndUnexpectedTensorsAreNamed() throws IOException {
        ParameterLayout layout = layout("resnet", 32, 10);
        Map<String, Saved> tensors = all(layout, "F32");
        tensors.remove("conv1.weight");
        tensors.put("teacher.weight", new Saved("F32", new long[] {1}, new byte[4]));
        StartingWeights weights = StartingWeights.read(save(tensors), layout, 0);
        assertThat(weights.report().missing()).containsExactly("conv1.weight");
        assertThat(weights.report().unexpected()).containsExactly("teacher.weight");
        assertThat(weights.report().sentence()).contains("1 missing (conv1.weight), 1 unexpected (teacher.weight)");
    }

    @Test
    void anotherBackbonesWeightsAreAnErrorThatNamesTheFirstFew() throws IOException {
        Path file = save(all(layout("vgg", 32, 10), "F32"));
        assertThatThrownBy(() -> StartingWeights.read(file, layout("resnet", 32, 10), 0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(" are another backbone's, or the same one's in another size: they fill 0 of ")
                .hasMessageContaining(" are missing (conv1.weight, ")
                .hasMessageEndingWith(
                        "; give a file of the same timm model and the study's size (timm's own files are of size paper)");
    }

    @Test
    void theHeaderAloneTellsWhatReadingWouldFind() throws IOException {
        ParameterLayout layout = layout("resnet", 32, 10);
        Map<String, Saved> tensors = all(layout, "F32");
        tensors.remove("conv1.weight");
        Path file = save(tensors);
        assertThat(StartingWeights.check(file, layout))
                .isEqualTo(StartingWeights.read(file, layout, 0).report());
        assertThatThrownBy(() -> StartingWeights.check(file, layout("vgg", 32, 10)))
                .hasMessageContaining("they fill 0 of ");
    }

    @Test
    void aFileThatWasCutShortIsAnErrorWhereverItWasCut() throws IOException {
        ParameterLayout layout = layout("resnet", 32, 10);
        byte[] whole = Files.readAllBytes(save(all(layout, "F32")));
        Path cut = directory.resolve("cut.safetensors");
        for (int length : new int[] {0, 7, 8, 100, whole.length / 2, whole.length - 1}) {
            Files.write(cut, Arrays.copyOf(whole, length));
            assertThatThrownBy(() -> StartingWeights.read(cut, layout, 0))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageMatching(
                            ".*(is no safetensors file|are cut short: by its header the file has " + "\\d+ bytes).*");
        }
        assertThatThrownBy(() -> StartingWeights.read(directory.resolve("absent"), layout, 0))
                .hasMessageStartingWith("there is no file of weights ");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            {"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}} | tensors a and b overlap
            {"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}} | tensor a has 4 bytes, which is not what F32 of shape [2] takes
            {"a":{"dtype":"F32","shape":[9223372036854775807,4],"data_offsets":[0,16]}} | which is not what F32
            {"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}} | tensor a ends before it begins
            {"a":{"dtype":"F32","shape":[2],"data_offsets":[-8,0]}} | tensor a has a shape or offsets that cannot be
            {"a":{"dtype":"F32","shape":[99999999999999999999],"data_offsets":[0,8]}} | tensor a has a shape or offsets that cannot be
            {"a":{"dtype":"F32","shape":[2],"data_offsets":[0,9223372036854775807]}} | are cut short: by its header the file has far more bytes
            {"a":{"dtype":"F32","shape":[2]}} | tensor a lacks its dtype, shape or data_offsets
            {"a":{},"a":{}} | tensor a lacks its dtype, shape or data_offsets
            {"a":7} | tensor a is not described
            [1,2] | its header is no JSON object
            {"a":{"dtype | its header is no JSON (
            """)
    void aHeaderThatCannotBeIsAnErrorInOneSentence(String header, String sentence) throws IOException {
        Path file = file(header, new byte[16]);
        assertThatThrownBy(() -> StartingWeights.read(file, layout("resnet", 32, 10), 0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(sentence);
    }

    @Test
    void anAbsurdHeaderLengthIsRefusedBeforeAnythingIsAllocated() throws IOException {
        for (long length : new long[] {-1, 0, 100_000_001, Long.MAX_VALUE}) {
            byte[] bytes = ByteBuffer.allocate(64)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putLong(length)
                    .array();
            Path file = Files.write(directory.resolve("absurd.safetensors"), bytes);
            assertThatThrownBy(() -> StartingWeights.read(file, layout("resnet", 32, 10), 0))
                    .hasMessageContaining(
                            "its first eight bytes say that its header has " + Long.toUnsignedString(length));
        }
    }

    @Test
    void halvesAreThoseOfIeee() {
        assertThat(SafeTensors.half((short) 0x3C00)).isEqualTo(1f);
        assertThat(SafeTensors.half((short) 0xC000)).isEqualTo(-2f);
        assertThat(SafeTensors.half((short) 0x0001)).isEqualTo(0x1p-24f);
        assertThat(SafeTensors.half((short) 0x7BFF)).isEqualTo(65504f);
        assertThat(SafeTensors.half((short) 0x7C00)).isEqualTo(Float.POSITIVE_INFINITY);
        assertThat(SafeTensors.half((short) 0x7E00)).isNaN();
    }
}
