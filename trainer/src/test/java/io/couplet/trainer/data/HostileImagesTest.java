package io.couplet.trainer.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import java.util.zip.DeflaterOutputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Data that somebody made to harm whoever trains on them. */
class HostileImagesTest {
    private static final int SIDE = 32;
    /** Bytes. A 32 × 32 image needs thousands; a bomb asks for hundreds of millions. */
    private static final long LITTLE_MEMORY = 32L << 20;

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it.
    Path folder;

    private DataReport open(Path path) throws DataException, InterruptedException {
        return DataSets.open(new DataOptions(path, null, 0.34, SIDE, 0, null)).report();
    }

    private static Map<String, byte[]> goodMembers() {
        Map<String, byte[]> members = new LinkedHashMap<>();
        for (String name : List.of("cat", "dog")) {
            for (int k = 1; k <= 3; k++) {
                members.put(name + "/" + k + ".png", TestFiles.png(k));
            }
        }
        return members;
    }

    private List<Path> everythingOnTheDisk() throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.sorted().toList();
        }
    }

    @Test
    void membersOfAZipThatWouldLandOutsideOfItAreCountedAndNothingIsWritten() throws Exception {
        Map<String, byte[]> members = goodMembers();
        members.put("../../outside/1.png", TestFiles.png(7));
        members.put("cat/../../../outside.png", TestFiles.png(7));
        members.put("dog\\..\\..\\outside.png", TestFiles.png(7));
        members.put("/cat/absolute.png", TestFiles.png(7));
        Path zip = folder.resolve("slip.zip");
        TestFiles.zip(zip, members);
        List<Path> before = everythingOnTheDisk();
        DataReport report = open(zip);
        assertThat(everythingOnTheDisk()).isEqualTo(before);
        assertThat(report.imagesRead()).isEqualTo(7); // an absolute name is one below the archive's own root
        assertThat(report.skipped().count()).isEqualTo(3);
        assertThat(report.skipped().first())
                .containsExactlyInAnyOrder(
                        "../../outside/1.png: its name leads out of the archive",
                        "cat/../../../outside.png: its name leads out of the archive",
                        "dog/../../outside.png: its name leads out of the archive");
    }

    /** As deep as a name in a zip can lead: whoever walked such a tree by recursion would run out of stack. */
    @Test
    void aMemberInTensOfThousandsOfFoldersIsCountedAndLeftOut() throws Exception {
        Map<String, byte[]> members = goodMembers();
        members.put("cat/" + "a/".repeat(32_000) + "1.png", TestFiles.png(7));
        members.put("dog/" + "a/".repeat(99) + "1.png", TestFiles.png(7));
        members.put("dog/" + "b/".repeat(32_000), new byte[0]);
        Path zip = folder.resolve("deep.zip");
        TestFiles.zip(zip, members);
        DataReport report = open(zip);
        assertThat(report.imagesRead()).isEqualTo(7);
        assertThat(report.skipped().first())
                .containsExactly("cat/" + "a/".repeat(28) + "…: in more than 100 folders one in the other");
    }

    @Test
    void membersOfATarThatWouldLandOutsideLinksAndDevicesAreCountedAndNothingIsWritten() throws Exception {
        Files.writeString(folder.resolve("secret"), "secret");
        Path tar = folder.resolve("slip.tar");
        try (TarArchiveOutputStream output = new TarArchiveOutputStream(Files.newOutputStream(tar))) {
            for (Map.Entry<String, byte[]> member : goodMembers().entrySet()) {
                put(output, new TarArchiveEntry(member.getKey()), member.getValue());
            }
            put(output, new TarArchiveEntry("../../outside.png", true), TestFiles.png(7));
            TarArchiveEntry link = new TarArchiveEntry("cat/link.png", TarConstants.LF_SYMLINK);
            link.setLinkName(folder.resolve("secret").toString());
            put(output, link, new byte[0]);
            TarArchiveEntry hard = new TarArchiveEntry("cat/hard.png", TarConstants.LF_LINK);
            hard.setLinkName("../secret");
            put(output, hard, new byte[0]);
            put(output, new TarArchiveEntry("cat/device.png", TarConstants.LF_CHR), new byte[0]);
            put(output, new TarArchiveEntry("cat/pipe.png", TarConstants.LF_FIFO), new byte[0]);
        }
        List<Path> before = everythingOnTheDisk();
        DataReport report = open(tar);
        assertThat(everythingOnTheDisk()).isEqualTo(before);
        assertThat(report.imagesRead()).isEqualTo(6);
        assertThat(report.skipped().first())
                .containsExactlyInAnyOrder(
                        "../../outside.png: its name leads out of the archive",
                        "cat/link.png: a link, which an archive is not followed out of",
                        "cat/hard.png: a link, which an archive is not followed out of",
                        "cat/device.png: neither a file nor a folder",
                        "cat/pipe.png: neither a file nor a folder");
    }

    private static void put(TarArchiveOutputStream output, TarArchiveEntry entry, byte[] bytes) throws IOException {
        entry.setSize(bytes.length);
        output.putArchiveEntry(entry);
        output.write(bytes);
        output.closeArchiveEntry();
    }

    @Test
    void aLinkPutInAFilesPlaceAfterListingIsNotFollowedOut() throws Exception {
        Path data = folder.resolve("data");
        TestFiles.classFolders(data, 3, "cat", "dog");
        TestFiles.write(folder, "secret.png", TestFiles.png(7));
        try (Folder tree = new Folder(data)) {
            Files.delete(data.resolve("cat/1.png"));
            Files.createSymbolicLink(data.resolve("cat/1.png"), folder.resolve("secret.png"));
            assertThat(tree.files()).contains("cat/1.png");
            assertThatThrownBy(() -> tree.read("cat/1.png", 1 << 20))
                    .isInstanceOf(UnusableImageException.class)
                    .hasMessage("a symbolic link out of the data folder");
            assertThatThrownBy(() -> tree.head("cat/1.png", 4)).isInstanceOf(UnusableImageException.class);
        }
    }

    @Test
    void aMemberThatUnpacksToMoreThanAnImageHasIsSkipped() throws Exception {
        Map<String, byte[]> members = goodMembers();
        members.put("cat/bomb.png", new byte[(64 << 20) + 1]);
        Path zip = folder.resolve("bomb.zip");
        TestFiles.zip(zip, members);
        assertThat(Files.size(zip)).isLessThan(1 << 20);
        assertThat(open(zip).skipped().first())
                .containsExactly("cat/bomb.png: larger than 67,108,864 bytes, the most that is read");
    }

    @Test
    void gzipThatUnpacksToMoreThanItMayIsRefused() throws Exception {
        byte[] bomb = TestFiles.gzip(new byte[16 << 20]);
        assertThat(bomb.length).isLessThan(100_000);
        assertThatThrownBy(() -> Bounded.plain(bomb, 1 << 20))
                .isInstanceOf(UnusableImageException.class)
                .hasMessage("larger than 1,048,576 bytes, the most that is read");
    }

    @Test
    void noFileOfManyImagesMayTakeMoreThanItsShareOfTheHeap() {
        assertThat(FileTree.MOST_BYTES)
                .isLessThanOrEqualTo(Runtime.getRuntime().maxMemory() / 4)
                .isLessThanOrEqualTo(1L << 30);
    }

    /** Width and height that a few bytes can promise, in each format that Java reads. */
    static Stream<byte[]> promisesOfHugeImages() {
        return Stream.of(
                png(30_000, 30_000, new byte[0]),
                png(40_000_000, 1, new byte[0]),
                png(1, 40_000_000, new byte[0]),
                png(Integer.MAX_VALUE, Integer.MAX_VALUE, new byte[0]),
                patched("jpg", 65_000, 65_000),
                patched("gif", 65_535, 65_535));
    }

    @ParameterizedTest
    @MethodSource("promisesOfHugeImages")
    void anImageThatPromisesTooMuchIsRefusedBeforeMemoryIsTaken(byte[] image) {
        long allocated = allocated(() -> assertThatThrownBy(() -> ImageDecoder.decode(image, SIDE))
                .isInstanceOf(UnusableImageException.class)
                .hasMessageContaining("the most that is read is 40 million with no side over 65,535"));
        assertThat(allocated).isLessThan(LITTLE_MEMORY);
    }

    /** Java's own reader is the first to refuse it. */
    @Test
    void aBmpThatPromisesTooMuchIsRefusedBeforeMemoryIsTaken() {
        byte[] image = patched("bmp", 70_000, 7_000);
        long allocated = allocated(() -> assertThatThrownBy(() -> ImageDecoder.decode(image, SIDE))
                .isInstanceOf(UnusableImageException.class)
                .hasMessageStartingWith("damaged or not supported ("));
        assertThat(allocated).isLessThan(LITTLE_MEMORY);
    }

    @ParameterizedTest
    @ValueSource(strings = {"zTXt", "iCCP", "iTXt"})
    void whatIsPackedBesideThePixelsIsNotUnpacked(String chunk) throws Exception {
        byte[] text = "a\0".getBytes(StandardCharsets.ISO_8859_1);
        byte[] content = chunk.equals("iTXt")
                ? joined(text, new byte[] {1, 0, 0, 0}, deflated(256 << 20))
                : joined(text, new byte[] {0}, deflated(256 << 20));
        byte[] good = TestFiles.png(0x336699);
        int afterHeader = 8 + 25;
        byte[] bomb = joined(
                Arrays.copyOf(good, afterHeader),
                chunk(chunk, content),
                Arrays.copyOfRange(good, afterHeader, good.length));
        long allocated = allocated(
                () -> assertThat(ImageDecoder.decode(bomb, SIDE).width()).isEqualTo(SIDE));
        assertThat(allocated).isLessThan(LITTLE_MEMORY);
    }

    @Test
    void morePixelsThanPromisedAreNotUnpacked() throws Exception {
        byte[] bomb = png(SIDE, SIDE, deflated(256 << 20));
        long allocated = allocated(
                () -> assertThat(ImageDecoder.decode(bomb, SIDE).width()).isEqualTo(SIDE));
        assertThat(allocated).isLessThan(LITTLE_MEMORY);
    }

    /** The seed is fixed, so a failure repeats. */
    @ParameterizedTest
    @ValueSource(strings = {"png", "jpg", "gif", "bmp", "tiff"})
    void anImageWithSpoiltBytesIsReadOrRefusedWithinBounds(String format) {
        byte[] good = TestFiles.image(format, 24, 20, 0x336699);
        Random random = new Random(7);
        for (int i = 0; i < 1_500; i++) {
            byte[] spoilt = good.clone();
            for (int k = 0; k <= i % 4; k++) {
                int where = random.nextInt(random.nextBoolean() ? Math.min(64, spoilt.length) : spoilt.length);
                spoilt[where] = (byte) (random.nextInt(4) == 0 ? 0xff : random.nextInt(256));
            }
            byte[] image = i % 5 == 0 ? Arrays.copyOf(spoilt, random.nextInt(spoilt.length)) : spoilt;
            long allocated = allocated(() -> {
                try {
                    assertThat(ImageDecoder.decode(image, SIDE).levels()).isNotEmpty();
                } catch (UnusableImageException e) {
                    assertThat(e.getMessage()).isNotBlank().doesNotContain("\n");
                }
            });
            assertThat(allocated).as("%s, change %d", format, i).isLessThan(1L << 30);
        }
    }

    private interface Action {
        void run() throws Exception;
    }

    /** Bytes of the heap that an action takes on this thread, those that it gives back included. */
    private static long allocated(Action action) {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long before = threads.getCurrentThreadAllocatedBytes();
        try {
            action.run();
        } catch (Exception e) {
            throw new AssertionError("the action failed", e);
        }
        return threads.getCurrentThreadAllocatedBytes() - before;
    }

    private static byte[] deflated(int zeros) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (DeflaterOutputStream output = new DeflaterOutputStream(bytes)) {
            byte[] piece = new byte[1 << 20];
            for (int written = 0; written < zeros; written += piece.length) {
                output.write(piece);
            }
        } catch (IOException e) {
            throw new IllegalStateException("deflating in memory", e);
        }
        return bytes.toByteArray();
    }

    /** Eight bits of red, green and blue. */
    private static byte[] png(int width, int height, byte[] pixels) {
        byte[] header = ByteBuffer.allocate(13)
                .putInt(width)
                .putInt(height)
                .put(new byte[] {8, 2, 0, 0, 0})
                .array();
        return joined(
                new byte[] {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'},
                chunk("IHDR", header),
                chunk("IDAT", pixels),
                chunk("IEND", new byte[0]));
    }

    private static byte[] chunk(String type, byte[] content) {
        byte[] named = joined(type.getBytes(StandardCharsets.US_ASCII), content);
        CRC32 sum = new CRC32();
        sum.update(named);
        return joined(
                ByteBuffer.allocate(4).putInt(content.length).array(),
                named,
                ByteBuffer.allocate(4).putInt((int) sum.getValue()).array());
    }

    /** A small image of which the header says that it is a large one. */
    private static byte[] patched(String format, int width, int height) {
        byte[] image = TestFiles.encoded(format, new BufferedImage(SIDE, SIDE, BufferedImage.TYPE_INT_RGB));
        ByteBuffer bytes = ByteBuffer.wrap(image);
        switch (format) {
            case "bmp" ->
                bytes.order(java.nio.ByteOrder.LITTLE_ENDIAN).putInt(18, width).putInt(22, height);
            case "gif" -> {
                int frame = new String(image, StandardCharsets.ISO_8859_1).indexOf(",\0\0\0\0");
                bytes.order(java.nio.ByteOrder.LITTLE_ENDIAN)
                        .putShort(frame + 5, (short) width)
                        .putShort(frame + 7, (short) height);
            }
            default -> {
                int frame = new String(image, StandardCharsets.ISO_8859_1).indexOf("\u00ff\u00c0");
                bytes.putShort(frame + 5, (short) height).putShort(frame + 7, (short) width);
            }
        }
        return image;
    }

    private static byte[] joined(byte[]... parts) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            all.writeBytes(part);
        }
        return all.toByteArray();
    }
}
