package io.couplet.trainer.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.DataBuffer;
import java.awt.image.IndexColorModel;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Arrays;
import javax.imageio.ImageTypeSpecifier;
import org.junit.jupiter.api.Test;

class ImageDecoderTest {
    private static int[] firstPixel(Planes image) {
        int plane = image.width() * image.height();
        return new int[] {image.levels()[0] & 0xff, image.levels()[plane] & 0xff, image.levels()[2 * plane] & 0xff};
    }

    @Test
    void greyKeepsItsStoredLevels() throws Exception {
        BufferedImage grey = new BufferedImage(9, 7, BufferedImage.TYPE_BYTE_GRAY);
        grey.getRaster().setSample(0, 0, 0, 100);
        Planes image = ImageDecoder.decode(TestFiles.encoded("png", grey), 32);
        assertThat(image.width()).isEqualTo(9);
        assertThat(image.height()).isEqualTo(7);
        assertThat(firstPixel(image)).containsExactly(100, 100, 100);
    }

    @Test
    void sixteenBitGreyKeepsItsUpperByte() throws Exception {
        BufferedImage grey = new BufferedImage(4, 4, BufferedImage.TYPE_USHORT_GRAY);
        grey.getRaster().setSample(0, 0, 0, 0xabcd);
        assertThat(firstPixel(ImageDecoder.decode(TestFiles.encoded("png", grey), 32)))
                .containsExactly(0xab, 0xab, 0xab);
    }

    @Test
    void greyOfFractionsOrSignedNumbersIsLeftOutWithAReason() {
        for (int type : new int[] {DataBuffer.TYPE_FLOAT, DataBuffer.TYPE_SHORT, DataBuffer.TYPE_INT}) {
            BufferedImage grey = ImageTypeSpecifier.createInterleaved(
                            ColorSpace.getInstance(ColorSpace.CS_GRAY), new int[] {0}, type, false, false)
                    .createBufferedImage(4, 4);
            byte[] file = TestFiles.encoded("tiff", grey);
            assertThatThrownBy(() -> ImageDecoder.decode(file, 32))
                    .as("type " + type)
                    .isInstanceOf(UnusableImageException.class)
                    .hasMessage("its pixels are no whole numbers of up to 16 bits");
        }
    }

    @Test
    void transparencyIsLaidOverWhite() throws Exception {
        BufferedImage image = new BufferedImage(4, 4, BufferedImage.TYPE_4BYTE_ABGR);
        image.setRGB(0, 0, 0x80ff0000);
        Planes decoded = ImageDecoder.decode(TestFiles.encoded("png", image), 32);
        assertThat(firstPixel(decoded)).containsExactly(255, 127, 127);
        assertThat(decoded.levels()[1] & 0xff).isEqualTo(255);
    }

    @Test
    void aPaletteIsResolved() throws Exception {
        byte[] reds = {10, (byte) 200};
        byte[] others = {20, 30};
        IndexColorModel palette = new IndexColorModel(1, 2, reds, others, others);
        BufferedImage image = new BufferedImage(4, 4, BufferedImage.TYPE_BYTE_BINARY, palette);
        image.getRaster().setSample(0, 0, 0, 1);
        for (String format : new String[] {"png", "gif", "bmp"}) {
            assertThat(firstPixel(ImageDecoder.decode(TestFiles.encoded(format, image), 32)))
                    .as(format)
                    .containsExactly(200, 30, 30);
        }
    }

    @Test
    void aLargeImageIsThinnedOutButStaysLargerThanWanted() throws Exception {
        Planes image = ImageDecoder.decode(TestFiles.image("png", 2400, 2000, 0x102030), 32);
        assertThat(image.height()).isBetween(128, 200);
        assertThat(firstPixel(image)).containsExactly(0x10, 0x20, 0x30);
    }

    /** What large images take while they are decoded comes out of one budget, and goes back. */
    @Test
    void whatDecodingTakesIsGivenBack() throws Exception {
        ImageDecoder.DECODING.acquire(ImageDecoder.DECODING_MIB);
        Thread waiting = new Thread(() -> {
            try {
                ImageDecoder.decode(TestFiles.image("png", 2400, 600, 0x102030), 224);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
        waiting.start();
        await().until(ImageDecoder.DECODING::hasQueuedThreads);
        ImageDecoder.DECODING.release(ImageDecoder.DECODING_MIB);
        waiting.join();
        assertThatThrownBy(() ->
                        ImageDecoder.decode(Arrays.copyOf(TestFiles.image("png", 2400, 600, 0x102030), 3000), 224))
                .isInstanceOf(UnusableImageException.class);
        assertThat(ImageDecoder.DECODING.availablePermits()).isEqualTo(ImageDecoder.DECODING_MIB);
    }

    @Test
    void resamplingKeepsAFlatImageAndTakesTheMiddleOfALongOne() {
        byte[] levels = new byte[3 * 10 * 30];
        for (int row = 0; row < 30; row++) { // ten rows each of 10, 20, 30
            Arrays.fill(levels, row * 10, row * 10 + 10, (byte) (10 * (row / 10 + 1)));
        }
        for (int size : new int[] {5, 8, 10, 16, 64}) {
            byte[] square = Resampler.toSquare(new Planes(10, 30, levels), size);
            assertThat(Arrays.copyOf(square, size * size)).as("size " + size).containsOnly(20);
        }
    }

    @Test
    void shrinkingAveragesAnEvenChequer() {
        byte[] levels = new byte[3 * 64 * 64];
        for (int k = 0; k < levels.length; k++) {
            levels[k] = (byte) ((k % 64 + k / 64) % 2 == 0 ? 200 : 0);
        }
        byte[] square = Resampler.toSquare(new Planes(64, 64, levels), 8);
        for (byte level : square) {
            assertThat(level & 0xff).isBetween(98, 102);
        }
    }

    @Test
    void enlargingInterpolatesBetweenTheCentresOfThePixels() {
        byte[] levels = {0, 100, 0, 100, 0, 100, 0, 100, 0, 100, 0, 100};
        assertThat(Arrays.copyOf(Resampler.toSquare(new Planes(2, 2, levels), 4), 4))
                .containsExactly(0, 25, 75, 100);
    }
}
