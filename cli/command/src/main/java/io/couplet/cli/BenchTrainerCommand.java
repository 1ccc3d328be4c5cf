package io.couplet.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.couplet.cli.local.UserError;
import io.couplet.trainer.training.StepBenchmark;
import io.couplet.trainer.training.Torch;
import io.couplet.trainer.training.UpdaterBenchmark;
import io.couplet.trainer.worker.StreamingBenchmark;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code couplet bench trainer}: what a training step costs on this machine's processor, and where it goes. */
@Command(
        name = "trainer",
        mixinStandardHelpOptions = true,
        description = "Measure training steps on the processor: medians after a warm-up, AdamW, images of noise.",
        footer = {
            "",
            "trainer/src/bench/pytorch_trainer.py measures the same in PyTorch, with the same flags; give its --json",
            "output to --against."
        })
final class BenchTrainerCommand implements Callable<Integer> {

    /** Of the thread that trains, which the phases of a step are told in: what others do on the machine does not count. */
    private static final String PROCESSOR_TIME = "ms/step of processor time";

    private static final int WARM_UP = 5;
    private static final int STREAMING_BLOCKS = 16;

    /** What to measure. */
    enum Part {
        STEPS,
        OPTIMIZER,
        STREAMING,
        MEMORY
    }

    @Mixin
    BenchNetOptions net = new BenchNetOptions();

    @Option(
            names = "--classes",
            paramLabel = "N",
            defaultValue = "10",
            description = "Classes to tell apart (default: ${DEFAULT-VALUE}).")
    int classes;

    @Option(
            names = "--threads",
            paramLabel = "N",
            defaultValue = "1",
            description = "Threads of arithmetic within the engine (default: ${DEFAULT-VALUE}).")
    int threads;

    @Option(
            names = "--steps",
            paramLabel = "N",
            defaultValue = "20",
            description = "Steps that are measured; of --parts memory, that are watched (default: ${DEFAULT-VALUE}).")
    int steps;

    @Option(
            names = "--parts",
            split = ",",
            paramLabel = "PART",
            defaultValue = "steps,optimizer",
            description = "What to measure: steps; optimizer, its step alone over a million parameters; streaming, with"
                    + " and without; memory, before and after --steps (default: ${DEFAULT-VALUE}).")
    Set<Part> parts = EnumSet.of(Part.STEPS, Part.OPTIMIZER);

    @Option(
            names = "--against",
            paramLabel = "FILE",
            description = "JSON of another such measurement, e.g. the PyTorch script's: show the ratios to it.")
    @Nullable
    Path against;

    @Option(names = "--json", description = "Print JSON.")
    boolean json;

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it.
    CommandSpec spec;

    @Override
    public Integer call() throws IOException {
        JsonNode other = against == null ? null : read(against);
        List<BenchFigure> figures = new ArrayList<>();
        try {
            StepBenchmark.Setup setup =
                    new StepBenchmark.Setup(net.size(), net.imageSize, net.batchSize, classes, threads);
            requireSteps();
            if (parts.contains(Part.OPTIMIZER)) {
                figures.add(new BenchFigure(
                        "adamw.1M", UpdaterBenchmark.millis("adamw", 1_000_000, threads, 200, 200), "ms/step"));
            }
            for (String backbone : net.backbones()) {
                measure(backbone, setup, figures);
            }
        } catch (IllegalArgumentException e) {
            throw new UserError(String.valueOf(e.getMessage()) + ".", e);
        }
        if (other != null) {
            figures.addAll(BenchFigure.against(figures, other));
        }
        print(figures);
        return 0;
    }

    private void measure(String backbone, StepBenchmark.Setup setup, List<BenchFigure> figures) throws IOException {
        try (StepBenchmark benchmark = new StepBenchmark(backbone, "adamw", setup)) {
            if (parts.contains(Part.STEPS)) {
                StepBenchmark.Timing timing = benchmark.measure(WARM_UP, steps);
                figures.add(new BenchFigure(backbone + ".forward", timing.forward(), PROCESSOR_TIME));
                figures.add(new BenchFigure(backbone + ".backward", timing.backward(), PROCESSOR_TIME));
                figures.add(new BenchFigure(backbone + ".optimizer", timing.optimizer(), PROCESSOR_TIME));
                figures.add(new BenchFigure(backbone + ".total", timing.total(), "ms/step"));
            }
            if (parts.contains(Part.STREAMING)) {
                streaming(backbone, benchmark, figures);
            }
            if (parts.contains(Part.MEMORY)) {
                memory(backbone, benchmark, figures);
            }
        }
    }

    private static void streaming(String backbone, StepBenchmark benchmark, List<BenchFigure> figures)
            throws IOException {
        try (ScratchDirectory spool = ScratchDirectory.create("couplet-bench")) {
            StreamingBenchmark.Timing timing =
                    StreamingBenchmark.measure(benchmark, backbone, spool.path(), STREAMING_BLOCKS);
            String off = "the same without streaming";
            figures.add(new BenchFigure(backbone + ".streaming off", timing.offMillis(), "ms/step"));
            figures.add(new BenchFigure(backbone + ".streaming on", timing.onMillis(), "ms/step"));
            figures.add(new BenchFigure(backbone + ".streaming", timing.onMillis() / timing.offMillis(), "ratio", off));
            figures.add(new BenchFigure(
                    backbone + ".streaming, processor time",
                    timing.onCpuMillis() / timing.offCpuMillis(),
                    "ratio",
                    off));
            figures.add(new BenchFigure(backbone + ".publish, first 100", timing.coldPublishMicros(), "µs/step"));
            figures.add(new BenchFigure(backbone + ".publish", timing.publishMicros(), "µs/step"));
            figures.add(new BenchFigure(
                    backbone + ".publish", timing.publishMicros() / 1e3 / timing.offCpuMillis(), "ratio", off));
        }
    }

    /**
     * Memory that is resident after a third of the steps, when caches, buffers and the compiler's memory have their size, and at the end. Garbage is collected before
     * each reading, which gives Java's heap back to the system: how far that has grown says nothing about what is leaked.
     */
    private void memory(String backbone, StepBenchmark benchmark, List<BenchFigure> figures) throws IOException {
        int warmUp = Math.max(1, steps / 3);
        for (int i = 0; i < warmUp; i++) {
            benchmark.step();
        }
        System.gc();
        double before = ResidentMemory.mebibytes();
        for (int i = warmUp; i < steps; i++) {
            benchmark.step();
        }
        System.gc();
        double after = ResidentMemory.mebibytes();
        String first = backbone + ".resident after " + warmUp + " steps";
        figures.add(new BenchFigure(first, before, "MiB"));
        figures.add(new BenchFigure(backbone + ".resident after " + steps + " steps", after, "MiB"));
        figures.add(new BenchFigure(backbone + ".resident after " + steps + " steps", after / before, "ratio", first));
    }

    private void print(List<BenchFigure> figures) throws IOException {
        PrintWriter out = spec.commandLine().getOut();
        if (json) {
            Map<String, Object> settings = new LinkedHashMap<>();
            settings.put("backbones", String.join(",", net.backbones));
            settings.put("size", net.size);
            settings.put("image", net.imageSize);
            settings.put("batch", net.batchSize);
            settings.put("threads", threads);
            settings.put("steps", steps);
            settings.put("classes", classes);
            BenchFigure.printJson(
                    out, "Couplet " + BuildInfo.read().version() + ", " + Torch.version(), settings, figures);
        } else {
            BenchFigure.printTable(out, figures);
        }
    }

    private void requireSteps() {
        if (steps < 1) {
            throw new IllegalArgumentException("--steps must be at least 1, was " + steps);
        }
    }

    private static JsonNode read(Path file) {
        try {
            JsonNode other = new ObjectMapper().readTree(Files.readString(file));
            if (!other.path("figures").isArray()) {
                throw new UserError(String.format(
                        Locale.ROOT, "%s has no figures: give what --json of such a measurement printed.", file));
            }
            return other;
        } catch (IOException e) {
            throw new UserError("--against " + file + " cannot be read (" + e.getMessage() + "): check the path.", e);
        }
    }
}
