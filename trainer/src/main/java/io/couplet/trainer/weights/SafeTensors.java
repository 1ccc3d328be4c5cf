package io.couplet.trainer.weights;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadFeature;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A file in the safetensors format (https://github.com/huggingface/safetensors, section Format): eight bytes with the length of a header, little-endian; the header, a
 * JSON object from names to types, shapes and offsets; the tensors, row-major and little-endian. Each tensor is mapped when it is asked for.
 */
final class SafeTensors implements AutoCloseable {

    /** The format's own limit. */
    private static final long LONGEST_HEADER = 100_000_000;

    private static final int LENGTH_BYTES = Long.BYTES;
    private static final int MOST_DIMENSIONS = 16;
    private static final JsonFactory JSON = JsonFactory.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .build();

    /** One tensor of the file. @param begin of its bytes in the file */
    record Tensor(String name, String type, List<Long> shape, long begin, long end) {

        /** Whether it holds numbers that can be weights: the others are counters, indices and masks. */
        boolean isFloating() {
            return FloatType.of(type).isPresent() || type.startsWith("F8") || type.startsWith("F4");
        }
    }

    /** What can be read as float32. */
    private enum FloatType {
        F64(8),
        F32(4),
        F16(2),
        BF16(2);

        private final int bytes;

        FloatType(int bytes) {
            this.bytes = bytes;
        }

        static Optional<FloatType> of(String name) {
            for (FloatType type : values()) {
                if (type.name().equals(name)) {
                    return Optional.of(type);
                }
            }
            return Optional.empty();
        }
    }

    private final Path file;
    private final FileChannel channel;
    private final Map<String, Tensor> tensors;

    private SafeTensors(Path file, FileChannel channel, Map<String, Tensor> tensors) {
        this.file = file;
        this.channel = channel;
        this.tensors = Collections.unmodifiableMap(tensors);
    }

    /**
     * Reads and checks the header.
     *
     * @throws IllegalArgumentException in one sentence, if there is no such file or it is not what it should be
     */
    static SafeTensors open(Path file) {
        @Nullable FileChannel channel = null;
        try {
            channel = FileChannel.open(file, StandardOpenOption.READ);
            SafeTensors opened = new SafeTensors(file, channel, header(file, channel));
            channel = null;
            return opened;
        } catch (NoSuchFileException e) {
            throw new IllegalArgumentException("there is no file of weights " + file + " on this trainer", e);
        } catch (IOException e) {
            throw new IllegalArgumentException("the weights in " + file + " cannot be read: " + e.getMessage(), e);
        } finally {
            closeQuietly(channel);
        }
    }

    private static void closeQuietly(@Nullable FileChannel channel) {
        if (channel != null) {
            try {
                channel.close();
            } catch (IOException e) {
                // it was only read from, and a better sentence is on its way
            }
        }
    }

    private static Map<String, Tensor> header(Path file, FileChannel channel) throws IOException {
        long size = channel.size();
        if (size < LENGTH_BYTES) {
            throw broken(file, "it has " + size + " bytes");
        }
        long length = read(channel, 0, LENGTH_BYTES).getLong(0);
        if (length < 2 || length > LONGEST_HEADER) {
            throw broken(
                    file, "its first eight bytes say that its header has " + Long.toUnsignedString(length) + " bytes");
        }
        if (length > size - LENGTH_BYTES) {
            throw cutShort(file, LENGTH_BYTES + length, size);
        }
        byte[] header = new byte[Math.toIntExact(length)];
        read(channel, LENGTH_BYTES, header.length).get(header);
        List<Tensor> tensors;
        try (JsonParser json = JSON.createParser(header)) {
            tensors = tensors(file, json, LENGTH_BYTES + length);
        } catch (JsonProcessingException e) {
            throw broken(
                    file,
                    "its header is no JSON ("
                            + e.getOriginalMessage().lines().findFirst().orElse("") + ")");
        }
        return checked(file, tensors, size);
    }

    private static ByteBuffer read(FileChannel channel, long from, int bytes) throws IOException {
        return channel.map(FileChannel.MapMode.READ_ONLY, from, bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static List<Tensor> tensors(Path file, JsonParser json, long dataBegin) throws IOException {
        List<Tensor> tensors = new ArrayList<>();
        expect(file, json.nextToken() == JsonToken.START_OBJECT, "its header is no JSON object");
        while (json.nextToken() == JsonToken.FIELD_NAME) {
            String name = json.currentName();
            json.nextToken();
            if (name.equals("__metadata__")) {
                json.skipChildren();
            } else {
                tensors.add(tensor(file, name, json, dataBegin));
            }
        }
        expect(file, json.nextToken() == null, "its header goes on after its end");
        return tensors;
    }

    private static Tensor tensor(Path file, String name, JsonParser json, long dataBegin) throws IOException {
        String type = "";
        @Nullable List<Long> shape = null;
        List<Long> offsets = List.of();
        expect(file, json.currentToken() == JsonToken.START_OBJECT, "tensor " + name + " is not described");
        while (json.nextToken() == JsonToken.FIELD_NAME) {
            String key = json.currentName();
            json.nextToken();
            switch (key) {
                case "dtype" -> type = json.getText();
                case "shape" -> shape = numbers(file, name, json);
                case "data_offsets" -> offsets = numbers(file, name, json);
                default -> json.skipChildren();
            }
        }
        expect(
                file,
                !type.isEmpty() && shape != null && offsets.size() == 2,
                "tensor " + name + " lacks its dtype, shape or data_offsets");
        return new Tensor(
                name,
                type,
                List.copyOf(shape),
                saturatedSum(dataBegin, offsets.get(0)),
                saturatedSum(dataBegin, offsets.get(1)));
    }

    private static long saturatedSum(long a, long b) {
        return b > Long.MAX_VALUE - a ? Long.MAX_VALUE : a + b;
    }

    private static List<Long> numbers(Path file, String name, JsonParser json) throws IOException {
        List<Long> numbers = new ArrayList<>();
        expect(file, json.currentToken() == JsonToken.START_ARRAY, "tensor " + name + " has a shape that is no list");
        while (json.nextToken() != JsonToken.END_ARRAY) {
            expect(
                    file,
                    json.currentToken() == JsonToken.VALUE_NUMBER_INT
                            && json.getNumberType() != JsonParser.NumberType.BIG_INTEGER
                            && json.getLongValue() >= 0
                            && numbers.size() < MOST_DIMENSIONS,
                    "tensor " + name + " has a shape or offsets that cannot be");
            numbers.add(json.getLongValue());
        }
        return numbers;
    }

    private static Map<String, Tensor> checked(Path file, List<Tensor> tensors, long size) {
        List<Tensor> byPlace = new ArrayList<>(tensors);
        byPlace.sort(Comparator.comparingLong(Tensor::begin).thenComparingLong(Tensor::end));
        @Nullable Tensor previous = null;
        for (Tensor tensor : byPlace) {
            if (tensor.end() > size) {
                long needed = byPlace.stream().mapToLong(Tensor::end).max().orElse(size);
                throw cutShort(file, needed, size);
            }
            expect(file, tensor.begin() <= tensor.end(), "tensor " + tensor.name() + " ends before it begins");
            if (previous != null) {
                expect(
                        file,
                        tensor.begin() >= previous.end(),
                        "tensors " + previous.name() + " and " + tensor.name() + " overlap");
            }
            Optional<FloatType> type = FloatType.of(tensor.type());
            expect(
                    file,
                    type.isEmpty() || bytes(tensor.shape(), type.get().bytes) == tensor.end() - tensor.begin(),
                    "tensor " + tensor.name() + " has " + (tensor.end() - tensor.begin()) + " bytes, which is not what "
                            + tensor.type() + " of shape " + tensor.shape() + " takes");
            previous = tensor;
        }
        Map<String, Tensor> byName = new LinkedHashMap<>();
        tensors.forEach(tensor -> byName.put(tensor.name(), tensor));
        return byName;
    }

    /** −1 for more than there can be. */
    private static long bytes(List<Long> shape, int bytesEach) {
        long bytes = bytesEach;
        try {
            for (long dimension : shape) {
                bytes = Math.multiplyExact(bytes, dimension);
            }
        } catch (ArithmeticException e) {
            return -1;
        }
        return bytes;
    }

    private static void expect(Path file, boolean condition, String otherwise) {
        if (!condition) {
            throw broken(file, otherwise);
        }
    }

    private static IllegalArgumentException broken(Path file, String why) {
        return new IllegalArgumentException(
                file + " is no safetensors file: " + why + "; save the weights with safetensors.torch.save_file");
    }

    private static IllegalArgumentException cutShort(Path file, long needed, long size) {
        return new IllegalArgumentException("the weights in " + file + " are cut short: by its header the file has "
                + (needed == Long.MAX_VALUE ? "far more" : needed) + " bytes, but there are " + size
                + "; copy or download it again");
    }

    /** In the header's order. */
    Map<String, Tensor> tensors() {
        return tensors;
    }

    /**
     * Converts a tensor to float32.
     *
     * @throws IllegalArgumentException in one sentence, if its type cannot be
     */
    void read(Tensor tensor, float[] into, int offset) {
        FloatType type = FloatType.of(tensor.type())
                .orElseThrow(() -> new IllegalArgumentException("tensor " + tensor.name() + " in " + file
                        + " is of type " + tensor.type() + ": convert it to F32, F16, BF16 or F64"));
        int count = Math.toIntExact((tensor.end() - tensor.begin()) / type.bytes);
        int most = Integer.MAX_VALUE / type.bytes;
        try {
            for (int done = 0; done < count; done += most) {
                int part = Math.min(most, count - done);
                ByteBuffer bytes = read(channel, tensor.begin() + (long) done * type.bytes, part * type.bytes);
                convert(type, bytes, into, offset + done, part);
            }
        } catch (IOException e) {
            throw new IllegalArgumentException("the weights in " + file + " cannot be read: " + e.getMessage(), e);
        }
    }

    private static void convert(FloatType type, ByteBuffer bytes, float[] into, int offset, int count) {
        switch (type) {
            case F32 -> bytes.asFloatBuffer().get(into, offset, count);
            case F64 -> {
                for (int i = 0; i < count; i++) {
                    into[offset + i] = (float) bytes.getDouble(i * 8);
                }
            }
            case BF16 -> {
                for (int i = 0; i < count; i++) {
                    into[offset + i] = Float.intBitsToFloat(bytes.getShort(2 * i) << 16);
                }
            }
            case F16 -> {
                for (int i = 0; i < count; i++) {
                    into[offset + i] = half(bytes.getShort(2 * i));
                }
            }
        }
    }

    /** IEEE 754 binary16; Java 17 does not know it. */
    static float half(short bits) {
        int exponent = (bits >> 10) & 0x1F;
        int fraction = bits & 0x3FF;
        float magnitude;
        if (exponent == 0) {
            magnitude = fraction * 0x1p-24f;
        } else if (exponent == 0x1F) {
            magnitude = fraction == 0 ? Float.POSITIVE_INFINITY : Float.NaN;
        } else {
            magnitude = Float.intBitsToFloat((exponent + 127 - 15) << 23 | fraction << 13);
        }
        return bits < 0 ? -magnitude : magnitude;
    }

    @Override
    public void close() {
        closeQuietly(channel);
    }
}
