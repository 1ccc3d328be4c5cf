package io.couplet.trainer.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ClassFoldersTest {
    private static final byte[] NO_IMAGE = "no image".getBytes(StandardCharsets.UTF_8);

    @TempDir
    Path folder;

    private DataSplit open() throws Exception {
        return DataSets.open(options());
    }

    private DataOptions options() {
        return DataOptions.defaults().withPath(folder);
    }

    private void assertRefused(String sentence) {
        assertThatThrownBy(this::open).isInstanceOf(DataException.class).hasMessage(sentence);
    }

    @Test
    void everyFormatOfImageIoIsReadWhateverTheNameSays() throws Exception {
        for (String format : new String[] {"png", "bmp", "gif", "jpg"}) {
            TestFiles.write(folder, "red/" + format + ".dat", TestFiles.image(format, 40, 40, 0xff0000));
            TestFiles.write(folder, "blue/" + format + ".dat", TestFiles.image(format, 32, 32, 0x0000ff));
        }
        DataSplit data = open();
        assertThat(data.classNames()).containsExactly("blue", "red");
        assertThat(data.report().format()).isEqualTo("class folders");
        assertThat(data.report().imagesRead()).isEqualTo(8);
        assertThat(data.report().skipped().count()).isZero();
        for (ImageSet set : new ImageSet[] {data.training(), data.validation()}) {
            for (int i = 0; i < set.size(); i++) {
                byte[] pixels = set.pixels(i);
                assertThat(pixels).hasSize(3 * 32 * 32);
                assertThat(pixels[0] & 0xff)
                        .isCloseTo(set.label(i) == 1 ? 255 : 0, org.assertj.core.data.Offset.offset(3));
                assertThat(pixels[2 * 32 * 32] & 0xff)
                        .isCloseTo(set.label(i) == 0 ? 255 : 0, org.assertj.core.data.Offset.offset(3));
            }
        }
    }

    @Test
    void theSplitTakesTheFractionOfEachClassAndDependsOnTheSeedOnly() throws Exception {
        TestFiles.classFolders(folder, 20, "cat", "dog", "emu");
        DataSplit data = open();
        assertThat(data.training().classCounts()).containsExactly(16, 16, 16);
        assertThat(data.validation().classCounts()).containsExactly(4, 4, 4);
        assertThat(open().report().fingerprint()).isEqualTo(data.report().fingerprint());
        assertThat(DataSets.open(options().withSeed(1)).report().fingerprint())
                .isNotEqualTo(data.report().fingerprint());
        assertThat(DataSets.open(options().withValidationFraction(0.5))
                        .validation()
                        .classCounts())
                .containsExactly(10, 10, 10);
    }

    @Test
    void aLimitKeepsTheClassesEven() throws Exception {
        TestFiles.classFolders(folder, 20, "cat", "dog");
        DataSplit data = DataSets.open(options().withLimit(20));
        assertThat(data.training().classCounts()).containsExactly(8, 8);
        assertThat(data.validation().classCounts()).containsExactly(2, 2);
    }

    @Test
    void aLimitOfFewerThanTwoImagesOfEachClassIsRefused() throws Exception {
        TestFiles.classFolders(folder, 3, "cat", "dog", "emu");
        assertThatThrownBy(() -> DataSets.open(options().withLimit(5)))
                .isInstanceOf(DataException.class)
                .hasMessage("A limit of 5 images is too small for the 3 classes of '" + folder + "': use at least 6.");
    }

    @Test
    void aLimitBesideAValidationPartLeavesBothSomething() throws Exception {
        TestFiles.classFolders(folder.resolve("train"), 5, "cat", "dog", "emu");
        TestFiles.classFolders(folder.resolve("val"), 5, "cat", "dog", "emu");
        DataOptions limited = options().withLimit(6);
        DataSplit little = DataSets.open(limited.withValidationFraction(0.01));
        assertThat(little.training().size()).isEqualTo(5);
        assertThat(little.validation().size()).isEqualTo(1);
        DataSplit much = DataSets.open(limited.withValidationFraction(0.99));
        assertThat(much.training().classCounts()).containsExactly(1, 1, 1);
        assertThat(much.validation().classCounts()).containsExactly(1, 1, 1);
    }

    @Test
    void trainAndValFoldersAreTheSplitAndWhatLiesBesideIsNoted() throws Exception {
        TestFiles.classFolders(folder.resolve("photos/Train"), 5, "cat", "dog");
        TestFiles.classFolders(folder.resolve("photos/val"), 2, "cat", "dog");
        TestFiles.classFolders(folder.resolve("photos/test"), 3, "cat", "dog");
        DataSplit data = open();
        assertThat(data.training().classCounts()).containsExactly(5, 5);
        assertThat(data.validation().classCounts()).containsExactly(2, 2);
        assertThat(data.report().notes()).containsExactly("The folder 'test' beside 'Train' was left out.");
    }

    @Test
    void aClassMayBeCalledTrain() throws Exception {
        TestFiles.classFolders(folder, 5, "car", "train");
        assertThat(open().classNames()).containsExactly("car", "train");
    }

    @Test
    void aClassOfTheValidationFolderThatTrainingLacksIsRefused() throws Exception {
        TestFiles.classFolders(folder.resolve("train"), 2, "cat", "dog");
        TestFiles.classFolders(folder.resolve("val"), 2, "cat", "emu");
        assertRefused("'" + folder
                + "' has the class 'emu' in 'val' but not in its training folder: give both the same class folders.");
    }

    @Test
    void aValidationPathOfItsOwnIsUsedByTheNamesOfTheClasses(@TempDir Path other) throws Exception {
        TestFiles.classFolders(folder, 5, "cat", "dog", "emu");
        TestFiles.classFolders(other, 3, "dog", "emu");
        DataSplit data = DataSets.open(options().withValidationPath(other));
        assertThat(data.training().classCounts()).containsExactly(5, 5, 5);
        assertThat(data.validation().classCounts()).containsExactly(0, 3, 3);
        assertThat(data.report().notes()).containsExactly("The class 'cat' has no image to validate with.");

        TestFiles.classFolders(other, 3, "gnu");
        assertThatThrownBy(() -> DataSets.open(options().withValidationPath(other)))
                .isInstanceOf(DataException.class)
                .hasMessage("'" + other + "' has the class 'gnu', which '" + folder
                        + "' does not have: give both the same class names.");
    }

    @Test
    void zipAndTarGiveTheSameImagesAsTheFolder(@TempDir Path archives) throws Exception {
        Map<String, byte[]> members = new LinkedHashMap<>();
        for (int k = 0; k < 6; k++) {
            String name = "pictures/" + (k % 2 == 0 ? "cat" : "dog") + "/" + k + ".png";
            byte[] png = TestFiles.png(40 * k);
            members.put(name, png);
            TestFiles.write(folder, name, png);
        }
        members.put("__MACOSX/pictures/cat/._0.png", NO_IMAGE);
        TestFiles.zip(archives.resolve("a.zip"), members);
        TestFiles.tarGz(archives.resolve("a.tgz"), members);
        String expected = open().report().fingerprint();
        for (String archive : new String[] {"a.zip", "a.tgz"}) {
            DataReport report = DataSets.open(DataOptions.defaults().withPath(archives.resolve(archive)))
                    .report();
            assertThat(report.fingerprint()).isEqualTo(expected);
            assertThat(report.skipped().count()).isZero();
        }
    }

    @Test
    void damagedImagesAreSkippedCountedAndListedWithTheirReason() throws Exception {
        TestFiles.classFolders(folder, 40, "cat", "dog");
        byte[] jpeg = TestFiles.image("jpg", 64, 64, 0x123456);
        byte[] png = TestFiles.image("png", 64, 64, 0x123456);
        TestFiles.write(folder, "cat/a.png", NO_IMAGE);
        TestFiles.write(folder, "cat/b.png", new byte[0]);
        TestFiles.write(folder, "cat/c.jpg", Arrays.copyOf(jpeg, jpeg.length / 2 + 200));
        TestFiles.write(folder, "cat/d.png", Arrays.copyOf(png, png.length / 2));
        TestFiles.write(folder, "loose.png", TestFiles.png(1));
        for (int k = 0; k < 20; k++) {
            TestFiles.write(folder, "dog/x" + k, NO_IMAGE);
        }
        DataReport report = open().report();
        assertThat(report.imagesRead()).isEqualTo(80);
        assertThat(report.skipped().count()).isEqualTo(25);
        assertThat(report.skipped().first())
                .hasSize(20)
                .startsWith(
                        "loose.png: not in a class folder",
                        "cat/a.png: not an image that Java reads",
                        "cat/b.png: the file is empty");
        assertThat(report.skipped().first().get(3)).startsWith("cat/c.jpg: damaged");
        assertThat(report.skipped().first().get(4)).startsWith("cat/d.png: damaged");
        assertThat(report.summary()).contains("64 images to train on, 16 to validate on, 25 files skipped");
    }

    @Test
    void moreThanHalfOfTheImagesUnusableIsRefused() throws Exception {
        TestFiles.classFolders(folder, 2, "cat", "dog");
        for (int k = 0; k < 5; k++) {
            TestFiles.write(folder, "cat/x" + k + ".png", NO_IMAGE);
        }
        assertRefused("5 of the 9 images of '" + folder
                + "' cannot be used (first cat/x0.png: not an image that Java reads): repair or replace them.");
    }

    @Test
    void anImageWithAHugePromisedSizeIsSkippedWithoutBeingDecoded() throws Exception {
        TestFiles.classFolders(folder, 3, "cat", "dog");
        byte[] png = TestFiles.png(1);
        ByteBuffer.wrap(png).putInt(16, 30_000).putInt(20, 30_000); // width and height in the header
        TestFiles.write(folder, "cat/huge.png", png);
        assertThat(open().report().skipped().first())
                .containsExactly(
                        "cat/huge.png: 30000 x 30000 pixels, and the most that is read is 40 million with no side over"
                                + " 65,535");
    }

    @Test
    void symbolicLinksAreFollowedOnlyWithinTheFolder(@TempDir Path elsewhere) throws Exception {
        TestFiles.classFolders(folder, 3, "cat", "dog");
        TestFiles.write(elsewhere, "secret.png", TestFiles.png(7));
        link("cat/in.png", folder.resolve("cat/1.png"));
        link("cat/out.png", elsewhere.resolve("secret.png"));
        link("cat/nothing.png", folder.resolve("cat/gone.png"));
        link("dog/round", folder);
        DataReport report = open().report();
        assertThat(report.imagesRead()).isEqualTo(7);
        assertThat(report.skipped().first())
                .containsExactly(
                        "cat/nothing.png: a symbolic link to nothing",
                        "cat/out.png: a symbolic link out of the data folder",
                        "dog/round: a symbolic link to a folder");
    }

    private void link(String name, Path target) throws IOException {
        try {
            Files.createSymbolicLink(folder.resolve(name), target);
        } catch (UnsupportedOperationException e) {
            assumeThat(false).as("this file system has no symbolic links").isTrue();
        }
    }

    @Test
    void aFileThatMayNotBeReadIsSkipped() throws Exception {
        TestFiles.classFolders(folder, 3, "cat", "dog");
        Path file = folder.resolve("cat/1.png");
        assumeThat(file.toFile().setReadable(false)).isTrue();
        assumeThat(Files.isReadable(file)).as("who is root may read everything").isFalse();
        assertThat(open().report().skipped().first()).containsExactly("cat/1.png: this user may not read it");
    }

    @Test
    void nothingAtThePathIsRefused() {
        Path missing = folder.resolve("photos");
        assertThatThrownBy(() -> DataSets.open(options().withPath(missing)))
                .isInstanceOf(DataException.class)
                .hasMessage("There is nothing at '" + missing + "': check the path of the data.");
    }

    @Test
    void anEmptyFolderIsRefused() {
        assertRefused("'" + folder + "' is empty: put a folder of images for each class into it.");
    }

    @Test
    void imagesWithoutClassFoldersAreRefused() throws Exception {
        TestFiles.write(folder, "1.png", TestFiles.png(1));
        assertRefused(
                "'" + folder
                        + "' has no class folders: put the images of each class into a folder of its own, as in cat/1.jpg and dog/1.jpg.");
    }

    @Test
    void oneClassOnlyIsRefused() throws Exception {
        TestFiles.classFolders(folder, 3, "cat");
        assertRefused("'" + folder + "' has only one class, 'cat': add a folder for each other class.");
    }

    @Test
    void anEmptyClassIsNamed() throws Exception {
        TestFiles.classFolders(folder, 3, "cat", "dog");
        Files.createDirectories(folder.resolve("emu"));
        assertRefused("The class 'emu' in '" + folder + "' has no image: add images or remove the class.");
    }

    @Test
    void aClassWithoutAnyUsableImageIsNamed() throws Exception {
        TestFiles.classFolders(folder, 3, "cat", "dog");
        TestFiles.write(folder, "emu/1.png", NO_IMAGE);
        assertRefused("The class 'emu' in '" + folder + "' has no usable image: add images or remove the class.");
    }

    @Test
    void aClassOfOneImageCannotBeSplit() throws Exception {
        TestFiles.classFolders(folder, 3, "cat", "dog");
        TestFiles.classFolders(folder, 1, "emu");
        assertRefused(
                "The class 'emu' in '" + folder
                        + "' has only one image, and the split needs one to train and one to validate: add images or give validation data.");
    }

    @Test
    void aFileThatIsNoArchiveIsRefused() throws Exception {
        Path file = folder.resolve("data.zip");
        Files.write(file, NO_IMAGE);
        assertThatThrownBy(() -> DataSets.open(options().withPath(file)))
                .isInstanceOf(DataException.class)
                .hasMessage(
                        "'" + file
                                + "' is no zip, tar or gzipped tar: give a folder or an archive of class folders, CIFAR binary files or IDX files.");
    }

    @Test
    void aZipCutShortIsRefused() throws Exception {
        Path zip = folder.resolve("data.zip");
        TestFiles.zip(zip, Map.of("cat/1.png", TestFiles.png(1), "dog/1.png", TestFiles.png(2)));
        byte[] whole = Files.readAllBytes(zip);
        Files.write(zip, Arrays.copyOf(whole, whole.length - 30));
        assertThatThrownBy(() -> DataSets.open(options().withPath(zip)))
                .isInstanceOf(DataException.class)
                .hasMessageStartingWith("The zip '" + zip + "' cannot be read (")
                .hasMessageEndingWith("): it is damaged or cut short, so fetch it again.");
    }

    @Test
    void moreImagesThanFitIntoMemoryAreRefusedBeforeAnyIsDecoded() {
        Sample sample = new Sample("x", 0, side -> new Planes(1, 1, new byte[3]));
        Listing listing = new Listing(
                "many",
                "class folders",
                java.util.List.of("a", "b"),
                java.util.Collections.nCopies(2_000_000_000, sample),
                null,
                java.util.List.of(),
                java.util.List.of());
        assertThatThrownBy(() -> Decoder.decode(listing, listing.training(), 1024))
                .isInstanceOf(DataException.class)
                .hasMessageStartingWith("2,000,000,000 images at 1024 x 1024 need 6,000,0")
                .hasMessageEndingWith(" MiB: choose smaller images, set a limit, or raise -Xmx.");
    }
}
