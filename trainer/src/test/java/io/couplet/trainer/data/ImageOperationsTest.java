package io.couplet.trainer.data;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Against what Pillow and timm made of the same images, byte for byte. */
class ImageOperationsTest {
    private static final int SIDE = 9;
    private static final byte[] FILL = {124, 116, 104};

    record Recorded(String operation, String argument, String image, String pixels) {
        @Override
        public String toString() {
            return operation + " " + argument + " " + image;
        }
    }

    static List<Recorded> recorded() throws IOException {
        try (InputStream in =
                ImageOperationsTest.class.getResourceAsStream("/reference/augmentations/pillow-timm.txt")) {
            if (in == null) {
                throw new IOException("the recorded values are missing");
            }
            return new String(in.readAllBytes(), StandardCharsets.US_ASCII)
                    .lines()
                    .filter(line -> !line.startsWith("#"))
                    .map(line -> line.split(" "))
                    .map(parts -> new Recorded(parts[0], parts[1], parts[2], parts[3]))
                    .toList();
        }
    }

    @ParameterizedTest
    @MethodSource("recorded")
    void everyOperationIsPillowsToTheByte(Recorded recorded) {
        ImageOperations operations = new ImageOperations(SIDE);
        byte[] from = image(recorded.image());
        byte[] untouched = from.clone();
        byte[] to = new byte[from.length];
        if (recorded.operation().equals("resized-crop")) {
            List<Integer> window = List.of(recorded.argument().split(",")).stream()
                    .map(Integer::valueOf)
                    .toList();
            operations.window(from, to, window.get(0), window.get(1), window.get(2), window.get(3), false);
        } else {
            apply(operations, recorded.operation(), Double.parseDouble(recorded.argument()), from, to);
        }
        assertThat(HexFormat.of().formatHex(to)).isEqualTo(recorded.pixels());
        assertThat(from).isEqualTo(untouched);
    }

    private static void apply(ImageOperations operations, String name, double argument, byte[] from, byte[] to) {
        switch (name) {
            case "autocontrast" -> operations.autoContrast(from, to);
            case "equalize" -> operations.equalize(from, to);
            case "invert" -> operations.invert(from, to);
            case "rotate" -> operations.rotate(from, to, argument, FILL);
            case "posterize" -> operations.posterize(from, to, (int) argument);
            case "solarize" -> operations.solarize(from, to, (int) argument);
            case "solarize-add" -> operations.solarizeAdd(from, to, (int) argument);
            case "color" -> operations.color(from, to, argument);
            case "contrast" -> operations.contrast(from, to, argument);
            case "brightness" -> operations.brightness(from, to, argument);
            case "sharpness" -> operations.sharpness(from, to, argument);
            case "shear-x" -> operations.shearX(from, to, argument, FILL);
            case "shear-y" -> operations.shearY(from, to, argument, FILL);
            case "translate-x" -> operations.translateX(from, to, argument, FILL);
            case "translate-y" -> operations.translateY(from, to, argument, FILL);
            default -> throw new IllegalArgumentException(name);
        }
    }

    /** The formulas of the script that recorded. */
    private static byte[] image(String kind) {
        byte[] image = new byte[3 * SIDE * SIDE];
        for (int c = 0; c < 3; c++) {
            for (int y = 0; y < SIDE; y++) {
                for (int x = 0; x < SIDE; x++) {
                    int level = switch (kind) {
                        case "ramp" -> (37 * x + 91 * y + 53 * c + 11 * x * y + 7 * c * x * x) % 256;
                        case "dim" -> 60 + (13 * x + 29 * y + 17 * c + 5 * x * y) % 90;
                        default -> 77;
                    };
                    image[(c * SIDE + y) * SIDE + x] = (byte) level;
                }
            }
        }
        return image;
    }
}
