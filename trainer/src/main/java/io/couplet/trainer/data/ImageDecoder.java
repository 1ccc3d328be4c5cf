package io.couplet.trainer.data;

import java.awt.image.BufferedImage;
import java.awt.image.DataBuffer;
import java.awt.image.IndexColorModel;
import java.awt.image.Raster;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.Iterator;
import java.util.Locale;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.imageio.ImageIO;
import javax.imageio.ImageReadParam;
import javax.imageio.ImageReader;
import javax.imageio.stream.ImageInputStream;
import javax.imageio.stream.MemoryCacheImageInputStream;

/**
 * Bytes of an image file to {@link Planes}: the first frame, grey copied to all channels, transparency laid over white, colours as they
 * are stored (neither profiles nor the camera's rotation are applied).
 */
final class ImageDecoder {
    /** Larger images are not decoded: a few bytes of a hostile file could ask for all of the memory. */
    static final long MOST_PIXELS = 40_000_000;

    /** The longest side of a JPEG. A PNG of one long row asks for much more memory than a square one of as many pixels. */
    static final long LONGEST_SIDE = 65_535;

    /** What a pixel takes while it is decoded: 16 bits a channel and transparency, then a byte for each of three channels. */
    private static final long BYTES_A_PIXEL = 12;

    /** MiB that all images that are being decoded may take together: on many cores a few large ones at once would fill a small heap. */
    static final int DECODING_MIB = (int) Math.max(1, Runtime.getRuntime().maxMemory() / 4 >> 20);

    static final Semaphore DECODING = new Semaphore(DECODING_MIB, true);

    /** Images with more pixels than this are thinned out while they are decoded. */
    private static final long MANY_PIXELS = 4_000_000;

    private ImageDecoder() {}

    /**
     * @param wantedSide the size that the image will be brought to; a large image may come thinned out, but not below four times that
     * @throws UnusableImageException when the bytes are no image, damaged, or too large
     */
    static Planes decode(byte[] file, int wantedSide) throws UnusableImageException {
        try (ImageInputStream input = new MemoryCacheImageInputStream(new ByteArrayInputStream(file))) {
            Iterator<ImageReader> readers = ImageIO.getImageReaders(input);
            if (!readers.hasNext()) {
                throw new UnusableImageException(
                        file.length == 0 ? "the file is empty" : "not an image that Java reads");
            }
            ImageReader reader = readers.next();
            try {
                reader.setInput(input, true, true);
                return decode(reader, wantedSide);
            } finally {
                reader.dispose();
            }
        } catch (UnusableImageException e) {
            throw e;
        } catch (IOException | RuntimeException e) { // the readers of the JDK throw either on damaged files
            throw new UnusableImageException("damaged or not supported (" + reasonOf(e) + ")");
        }
    }

    private static Planes decode(ImageReader reader, int wantedSide) throws IOException {
        long width = reader.getWidth(0);
        long height = reader.getHeight(0);
        if (width < 1 || height < 1 || width * height > MOST_PIXELS || Math.max(width, height) > LONGEST_SIDE) {
            throw new UnusableImageException(String.format(
                    Locale.ROOT,
                    "%d x %d pixels, and the most that is read is %d million with no side over %,d",
                    width,
                    height,
                    MOST_PIXELS / 1_000_000,
                    LONGEST_SIDE));
        }
        ImageReadParam parameters = reader.getDefaultReadParam();
        long decoded = width * height;
        int thinning = (int) (Math.min(width, height) / (4L * wantedSide));
        if (decoded > MANY_PIXELS && thinning > 1) {
            parameters.setSourceSubsampling(thinning, thinning, 0, 0);
            decoded /= (long) thinning * thinning;
        }
        int mebibytes = (int) Math.min(DECODING_MIB, decoded * BYTES_A_PIXEL >> 20);
        DECODING.acquireUninterruptibly(mebibytes);
        try {
            return decode(reader, parameters);
        } finally {
            DECODING.release(mebibytes);
        }
    }

    private static Planes decode(ImageReader reader, ImageReadParam parameters) throws IOException {
        AtomicBoolean cutShort = new AtomicBoolean();
        reader.addIIOReadWarningListener((source, warning) -> {
            if (warning.contains("Premature end")) {
                cutShort.set(true);
            }
        });
        BufferedImage image = reader.read(0, parameters);
        if (cutShort.get()) {
            throw new UnusableImageException("damaged (the file ends too early)");
        }
        return planes(image);
    }

    private static Planes planes(BufferedImage image) throws UnusableImageException {
        Raster raster = image.getRaster();
        if (image.getColorModel() instanceof IndexColorModel) {
            return fromColours(image);
        }
        int bands = raster.getNumBands();
        if (bands <= 2) {
            int type = raster.getDataBuffer().getDataType();
            if (type != DataBuffer.TYPE_BYTE && type != DataBuffer.TYPE_USHORT) { // what is black and what white there?
                throw new UnusableImageException("its pixels are no whole numbers of up to 16 bits");
            }
            return fromBands(image, bands == 2, true);
        }
        boolean bytes = raster.getDataBuffer().getDataType() == DataBuffer.TYPE_BYTE;
        boolean plain = bands == 3 || (bands == 4 && image.getColorModel().hasAlpha() && !image.isAlphaPremultiplied());
        return bytes && plain ? fromBands(image, bands == 4, false) : fromColours(image);
    }

    /** By the stored values: the JDK's conversion of grey to RGB would brighten it. */
    private static Planes fromBands(BufferedImage image, boolean alpha, boolean grey) {
        int width = image.getWidth();
        int height = image.getHeight();
        int plane = width * height;
        Raster raster = image.getRaster();
        int bands = raster.getNumBands();
        int shift = Math.max(0, image.getColorModel().getComponentSize(0) - 8);
        int most = (1 << Math.min(8, image.getColorModel().getComponentSize(0))) - 1;
        byte[] levels = new byte[ImageSet.CHANNELS * plane];
        int[] row = new int[width * bands];
        for (int y = 0; y < height; y++) {
            raster.getPixels(raster.getMinX(), raster.getMinY() + y, width, 1, row);
            for (int x = 0; x < width; x++) {
                int opacity = alpha ? (row[x * bands + bands - 1] >>> shift) * 255 / most : 255;
                for (int channel = 0; channel < ImageSet.CHANNELS; channel++) {
                    int level = (row[x * bands + (grey ? 0 : channel)] >>> shift) * 255 / most;
                    levels[channel * plane + y * width + x] = (byte) overWhite(level, opacity);
                }
            }
        }
        return new Planes(width, height, levels);
    }

    /** Palettes and whatever is rare. */
    private static Planes fromColours(BufferedImage image) {
        int width = image.getWidth();
        int height = image.getHeight();
        int plane = width * height;
        byte[] levels = new byte[ImageSet.CHANNELS * plane];
        int[] row = new int[width];
        for (int y = 0; y < height; y++) {
            image.getRGB(0, y, width, 1, row, 0, width);
            for (int x = 0; x < width; x++) {
                int opacity = row[x] >>> 24;
                for (int channel = 0; channel < ImageSet.CHANNELS; channel++) {
                    int level = (row[x] >>> (16 - 8 * channel)) & 0xff;
                    levels[channel * plane + y * width + x] = (byte) overWhite(level, opacity);
                }
            }
        }
        return new Planes(width, height, levels);
    }

    private static int overWhite(int level, int opacity) {
        return (level * opacity + 255 * (255 - opacity) + 127) / 255;
    }

    private static String reasonOf(Exception e) {
        String message = e.getMessage();
        return message == null || message.isBlank()
                ? e.getClass().getSimpleName()
                : message.lines().findFirst().orElse("");
    }
}
