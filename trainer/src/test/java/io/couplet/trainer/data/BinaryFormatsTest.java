package io.couplet.trainer.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.zip.GZIPOutputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BinaryFormatsTest {
    @TempDir
    Path folder;

    private DataSplit open() throws Exception {
        return open(folder);
    }

    private static DataSplit open(Path path) throws Exception {
        return DataSets.open(DataOptions.defaults().withPath(path));
    }

    private void assertRefused(String sentence) {
        assertThatThrownBy(this::open).isInstanceOf(DataException.class).hasMessage(sentence);
    }

    @Test
    void cifar10IsReadFromFolderZipAndTar(@TempDir Path archives) throws Exception {
        Map<String, byte[]> members = Map.of(
                "cifar-10-batches-bin/data_batch_1.bin", TestFiles.cifar(1, TestFiles.labels(10, 2)),
                "cifar-10-batches-bin/data_batch_2.bin", TestFiles.cifar(1, TestFiles.labels(10, 1)),
                "cifar-10-batches-bin/test_batch.bin", TestFiles.cifar(1, TestFiles.labels(10, 1)));
        for (Map.Entry<String, byte[]> member : members.entrySet()) {
            TestFiles.write(folder, member.getKey(), member.getValue());
        }
        TestFiles.zip(archives.resolve("c.zip"), members);
        TestFiles.tarGz(archives.resolve("c.tar.gz"), members);
        DataSplit data = open();
        assertThat(data.report().format()).isEqualTo("CIFAR-10 binary");
        assertThat(data.classNames()).hasSize(10).startsWith("airplane").endsWith("truck");
        assertThat(data.training().size()).isEqualTo(30);
        assertThat(data.validation().size()).isEqualTo(10);
        assertThat(TestFiles.firstLevels(data.training()).subList(18, 22)).containsExactly(18, 19, 0, 1);
        assertThat(data.training().label(13)).isEqualTo(3);
        for (String archive : new String[] {"c.zip", "c.tar.gz"}) {
            assertThat(open(archives.resolve(archive)).report().fingerprint())
                    .isEqualTo(data.report().fingerprint());
        }
    }

    @Test
    void cifar10TakesTheNamesOfItsClassesFromTheFileBesideIt() throws Exception {
        TestFiles.write(folder, "test_batch.bin", TestFiles.cifar(1, TestFiles.labels(10, 5)));
        TestFiles.write(
                folder, "batches.meta.txt", "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\n\n".getBytes(StandardCharsets.UTF_8));
        DataSplit data = open();
        assertThat(data.classNames()).containsExactly("a", "b", "c", "d", "e", "f", "g", "h", "i", "j");
        assertThat(data.validation().size()).isEqualTo(10);
        assertThat(data.report().notes())
                .containsExactly("The training file is not there, so the images of the other are split.");
    }

    @Test
    void cifar100UsesTheFineLabel() throws Exception {
        TestFiles.write(folder, "train.bin", TestFiles.cifar(2, TestFiles.labels(100, 2)));
        TestFiles.write(folder, "test.bin", TestFiles.cifar(2, TestFiles.labels(100, 1)));
        DataSplit data = open();
        assertThat(data.report().format()).isEqualTo("CIFAR-100 binary");
        assertThat(data.classNames()).hasSize(100).startsWith("00", "01");
        assertThat(data.training().label(57)).isEqualTo(57);
        assertThat(data.validation().size()).isEqualTo(100);
    }

    @Test
    void aCifarFileCutShortIsRefused() throws Exception {
        TestFiles.write(folder, "data_batch_1.bin", Arrays.copyOf(TestFiles.cifar(1, 1, 2, 3), 3 * 3073 - 10));
        assertRefused(
                "'data_batch_1.bin' in '" + folder
                        + "' has 9,209 bytes, which is no whole number of CIFAR-10 binary records of 3,073 bytes: it is damaged or cut short, so fetch it again.");
    }

    @Test
    void aCifarLabelOutOfRangeIsRefused() throws Exception {
        TestFiles.write(folder, "data_batch_1.bin", TestFiles.cifar(1, 1, 2, 10));
        assertRefused(
                "Record 3 of 'data_batch_1.bin' in '" + folder
                        + "' has the label 10, but CIFAR-10 binary has only 0 to 9: it is damaged or of another format, so fetch it again.");
    }

    @Test
    void thePythonVersionOfCifarIsRefused() throws Exception {
        TestFiles.write(folder, "cifar-10-batches-py/data_batch_1", new byte[] {(byte) 0x80, 2});
        assertRefused("'" + folder + "' is the Python version of CIFAR: take the binary version from the same page.");
    }

    @Test
    void aTarCutShortIsRefused() throws Exception {
        Path tar = folder.resolve("c.tgz");
        TestFiles.tarGz(tar, Map.of("test_batch.bin", TestFiles.cifar(1, TestFiles.labels(10, 30))));
        byte[] whole = Files.readAllBytes(tar);
        Files.write(tar, Arrays.copyOf(whole, whole.length / 2));
        assertThatThrownBy(() -> open(tar))
                .isInstanceOf(DataException.class)
                .hasMessageStartingWith("The archive '" + tar + "' cannot be read (")
                .hasMessageEndingWith("): it is damaged or cut short, so fetch it again.");
    }

    @Test
    void aTarThatUnpacksToMoreThanTheLimitIsRefused() throws Exception {
        Path tar = folder.resolve("c.tgz");
        TestFiles.tarGz(tar, Map.of("a/1.png", new byte[2 << 20], "b/1.png", new byte[2 << 20]));
        assertThatThrownBy(() -> new TarArchive(tar, true, 3 << 20))
                .isInstanceOf(DataException.class)
                .hasMessage("The archive '" + tar
                        + "' holds more than 3 MiB, the most that is read from a tar: unpack it and give the folder.");
    }

    @Test
    void whatATarLeavesOutCountsTowardsTheLimitToo() throws Exception {
        Path tar = folder.resolve("c.tgz");
        TestFiles.tarGz(tar, Map.of("__MACOSX/a", new byte[2 << 20], "../b", new byte[2 << 20]));
        assertThatThrownBy(() -> new TarArchive(tar, true, 3 << 20)).hasMessageContaining("holds more than 3 MiB");
    }

    /** The library would hold it in memory whatever its length, before any member is counted. */
    @Test
    void aNameOfMegabytesIsRefusedBeforeItIsRead() throws Exception {
        Path tar = folder.resolve("c.tgz");
        try (TarArchiveOutputStream output =
                new TarArchiveOutputStream(new GZIPOutputStream(Files.newOutputStream(tar)))) {
            byte[] name = new byte[3 << 20];
            Arrays.fill(name, (byte) 'b');
            TarArchiveEntry longName = new TarArchiveEntry(TarConstants.GNU_LONGLINK, TarConstants.LF_GNUTYPE_LONGNAME);
            longName.setSize(name.length);
            output.putArchiveEntry(longName);
            output.write(name);
            output.closeArchiveEntry();
        }
        assertThatThrownBy(() -> new TarArchive(tar, true, 1L << 30))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("a name or header of more than 1024 KiB");
    }

    @Test
    void idxIsReadPlainOrZippedResizedAndGrey() throws Exception {
        TestFiles.write(folder, "train-images-idx3-ubyte.gz", TestFiles.gzip(TestFiles.idxImages(20, 28, 28)));
        TestFiles.write(
                folder, "train-labels-idx1-ubyte.gz", TestFiles.gzip(TestFiles.idxLabels(TestFiles.labels(5, 4))));
        TestFiles.write(folder, "t10k-images.idx3-ubyte", TestFiles.idxImages(5, 28, 28));
        TestFiles.write(folder, "t10k-labels.idx1-ubyte", TestFiles.idxLabels(TestFiles.labels(5, 1)));
        DataSplit data = open();
        assertThat(data.report().format()).isEqualTo("IDX");
        assertThat(data.classNames()).containsExactly("0", "1", "2", "3", "4");
        assertThat(data.training().size()).isEqualTo(20);
        assertThat(data.validation().size()).isEqualTo(5);
        assertThat(data.training().pixels(17)).hasSize(3 * 32 * 32).containsOnly(17);
    }

    @Test
    void idxWithoutATestPartIsSplitAndLabelsNeedNotStartAtZero() throws Exception {
        TestFiles.write(folder, "images.idx", TestFiles.idxImages(10, 8, 8));
        TestFiles.write(folder, "labels.idx", TestFiles.idxLabels(1, 7, 1, 7, 1, 7, 1, 7, 1, 7));
        DataSplit data = open();
        assertThat(data.classNames()).containsExactly("1", "7");
        assertThat(data.validation().classCounts()).containsExactly(1, 1);
    }

    @Test
    void anIdxFileCutShortIsRefused() throws Exception {
        TestFiles.write(folder, "train-images-idx3-ubyte", Arrays.copyOf(TestFiles.idxImages(10, 8, 8), 600));
        TestFiles.write(folder, "train-labels-idx1-ubyte", TestFiles.idxLabels(TestFiles.labels(5, 2)));
        assertRefused("'train-images-idx3-ubyte' in '" + folder
                + "' has 600 bytes where its header promises 656: it is damaged or cut short, so fetch it again.");
    }

    @Test
    void aZippedIdxFileCutShortIsRefused() throws Exception {
        byte[] whole = TestFiles.gzip(TestFiles.idxImages(10, 8, 8));
        TestFiles.write(folder, "train-images-idx3-ubyte.gz", Arrays.copyOf(whole, whole.length - 20));
        TestFiles.write(folder, "train-labels-idx1-ubyte", TestFiles.idxLabels(TestFiles.labels(5, 2)));
        assertThatThrownBy(this::open)
                .isInstanceOf(DataException.class)
                .hasMessageStartingWith(
                        "'train-images-idx3-ubyte.gz' in '" + folder + "' cannot be read (damaged gzip data (")
                .hasMessageEndingWith(": fetch it again.");
    }

    @Test
    void idxLabelsThatDoNotMatchTheImagesAreRefused() throws Exception {
        TestFiles.write(folder, "train-images-idx3-ubyte", TestFiles.idxImages(10, 8, 8));
        TestFiles.write(folder, "train-labels-idx1-ubyte", TestFiles.idxLabels(1, 2, 3));
        assertRefused("'train-images-idx3-ubyte' has 10 images but 'train-labels-idx1-ubyte' in '" + folder
                + "' has 3 labels: take the two files that belong together.");
    }

    @Test
    void aTestLabelThatNoTrainingImageHasIsRefused() throws Exception {
        TestFiles.write(folder, "train-images-idx3-ubyte", TestFiles.idxImages(4, 8, 8));
        TestFiles.write(folder, "train-labels-idx1-ubyte", TestFiles.idxLabels(0, 1, 0, 1));
        TestFiles.write(folder, "t10k-images-idx3-ubyte", TestFiles.idxImages(2, 8, 8));
        TestFiles.write(folder, "t10k-labels-idx1-ubyte", TestFiles.idxLabels(0, 9));
        assertRefused("Label 2 of 't10k-labels-idx1-ubyte' in '" + folder
                + "' is 9, which no training image has: fetch the files again or take those that belong together.");
    }

    @Test
    void anIdxFileWithoutItsPartnerIsRefused() throws Exception {
        TestFiles.write(folder, "train-images-idx3-ubyte", TestFiles.idxImages(4, 8, 8));
        assertRefused("'" + folder
                + "' has 'train-images-idx3-ubyte' but not the IDX file of its labels: put both into the folder.");
        Path file = folder.resolve("train-images-idx3-ubyte");
        assertThatThrownBy(() -> open(file))
                .isInstanceOf(DataException.class)
                .hasMessage(
                        "'" + file
                                + "' is one file of an IDX data set: give the folder that holds the files of images and labels.");
    }

    @Test
    void idxImagesOfOneClassAreRefused() throws Exception {
        TestFiles.write(folder, "train-images-idx3-ubyte", TestFiles.idxImages(2, 8, 8));
        TestFiles.write(folder, "train-labels-idx1-ubyte", TestFiles.idxLabels(3, 3));
        assertRefused("'" + folder + "' has only one class, '3': a classifier needs images of two or more.");
    }
}
