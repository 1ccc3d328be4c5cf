package io.couplet.flink;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.couplet.producers.CurvesException;
import io.couplet.producers.RecordedCurves;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.function.Predicate;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;

/** The recorded curves of the project's shared data, written as {@code couplet replay} reads them. */
final class SharedCurves {

    /** The learning rate of the CIFAR-10 runs is a tenth from this epoch on. */
    static final int CIFAR_DROP = 151;
    /** That of the language models is a tenth from each of these epochs on. */
    static final int[] LANGUAGE_DROPS = {101, 146};

    private static final List<String> SOURCES = List.of("adabound", "adabelief", "acprop", "adabelief-rc");

    private SharedCurves() {}

    /** Skips the test when the folder is not there. */
    static Path folder(String name) {
        String given = System.getProperty("couplet.shared");
        Path root = given == null ? besideTheRepository() : Path.of(given);
        Path folder = root.resolve("data/curves").resolve(name);
        assumeTrue(Files.isDirectory(folder), () -> "shared data is not here: no " + folder);
        return folder;
    }

    private static Path besideTheRepository() {
        Path repository = Path.of("").toAbsolutePath();
        while (repository.getParent() != null && !Files.exists(repository.resolve(".mvn"))) {
            repository = repository.getParent();
        }
        return repository.resolveSibling("shared");
    }

    /** Every iteration of every run, the untrained model's among them as step 1; {@code which} tells by model. */
    static RecordedCurves hypergradient(Path directory, Predicate<String> which) throws IOException, CurvesException {
        Path csv = directory.resolve("hypergradient.csv");
        Path results = folder("hypergradient").resolve("original/results");
        try (Stream<Path> files = Files.walk(results);
                PrintWriter out = new PrintWriter(Files.newBufferedWriter(csv))) {
            out.println("run,backbone,optimizer,seed,step,seconds,loss,learning_rate");
            files.filter(file -> file.toString().endsWith(".csv.gz"))
                    .filter(file ->
                            which.test(results.relativize(file).getName(0).toString()))
                    .sorted()
                    .forEach(file -> {
                        String model = results.relativize(file).getName(0).toString();
                        String optimizer = file.getFileName().toString().replace(".csv.gz", "");
                        int step = 0;
                        for (String line : gunzipped(file)) {
                            String[] cells = line.split(",");
                            if (step > 0) {
                                out.println(String.join(
                                        ",",
                                        model + '/' + optimizer,
                                        model,
                                        optimizer,
                                        "1",
                                        Integer.toString(step),
                                        cells[2],
                                        cells[3],
                                        cells[6]));
                            }
                            step++;
                        }
                    });
        }
        return RecordedCurves.read(csv, Map.of(), null);
    }

    private static List<String> gunzipped(Path file) {
        try (BufferedReader reader =
                new BufferedReader(new InputStreamReader(new GZIPInputStream(Files.newInputStream(file))))) {
            return reader.lines().toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * An epoch a step. CIFAR-10: the loss is the share of training images that are wrong, top-1 the test accuracy. The others: the loss is the logarithm of the training perplexity.
     * The files hold no learning rates; those of their README are written: a tenth from the epoch after each cut.
     */
    static RecordedCurves cnnLstm(Path directory, String dataset, Predicate<String> source)
            throws IOException, CurvesException {
        Path folder = folder("cnn-lstm");
        Map<String, String[]> about = new HashMap<>();
        for (String line : Files.readAllLines(folder.resolve("runs.csv"))) {
            String[] cells = line.split(",", -1);
            about.put(cells[0], cells);
        }
        boolean cifar = dataset.equals("cifar10");
        int[] drops = cifar ? new int[] {CIFAR_DROP} : LANGUAGE_DROPS;
        Path csv = directory.resolve(dataset + ".csv");
        try (PrintWriter out = new PrintWriter(Files.newBufferedWriter(csv))) {
            out.println("run,backbone,optimizer,seed,step,budget,loss,learning_rate,top1");
            for (String line : Files.readAllLines(folder.resolve("curves.csv"))) {
                String[] cells = line.split(",");
                String[] run = Objects.requireNonNull(about.get(cells[0]), cells[0]);
                if (cells[2].equals(dataset) && run[17].isEmpty() && source.test(cells[1])) {
                    int epoch = Integer.parseInt(cells[5]);
                    double rate = Double.parseDouble(run[5].isEmpty() ? "nan" : run[6]);
                    for (int drop : drops) {
                        rate *= epoch >= drop ? 0.1 : 1;
                    }
                    double train = Double.parseDouble(cells[6]);
                    out.println(String.join(
                            ",",
                            cells[0],
                            cells[3],
                            cells[4],
                            Integer.toString(SOURCES.indexOf(cells[1]) + 1),
                            cells[5],
                            run[7],
                            String.format(Locale.ROOT, "%.8f", cifar ? 1 - train / 100 : Math.log(train)),
                            Double.toString(rate),
                            cifar ? cells[7] : ""));
                }
            }
        }
        return RecordedCurves.read(csv, Map.of(), true);
    }
}
