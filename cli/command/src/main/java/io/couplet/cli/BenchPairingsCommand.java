package io.couplet.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.couplet.cli.local.UserError;
import io.couplet.schemas.study.Nearest;
import io.couplet.trainer.data.DataException;
import io.couplet.trainer.data.DataOptions;
import io.couplet.trainer.data.DataSets;
import io.couplet.trainer.data.DataSplit;
import io.couplet.trainer.optimizers.Optimizers;
import io.couplet.trainer.recipes.Recipes;
import io.couplet.trainer.training.PairingTrial;
import io.couplet.trainer.training.TrainingData;
import io.couplet.trainer.training.TrainingPlan;
import io.couplet.trainer.worker.TrainingImages;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code couplet bench pairings}: every backbone with every optimizer trains, shown in one table. */
@Command(
        name = "pairings",
        mixinStandardHelpOptions = true,
        description = "Train every backbone with every optimizer for a few steps at its default learning rate on the"
                + " built-in images; fails when a loss does not fall or a value is not finite.")
final class BenchPairingsCommand implements Callable<Integer> {

    /** Fewer than these the built-in ones cannot be split into training and validation. */
    private static final int LEAST_IMAGES = 50;

    @Mixin
    BenchNetOptions net = new BenchNetOptions();

    @Option(
            names = "--optimizers",
            split = ",",
            paramLabel = "NAME",
            description = "Optimizers, comma separated (default: all).")
    List<String> optimizers = Optimizers.names();

    @Option(
            names = "--steps",
            paramLabel = "N",
            defaultValue = "30",
            description = "Steps of each pairing, at least 6 (default: ${DEFAULT-VALUE}).")
    int steps;

    @Option(
            names = "--images",
            paramLabel = "N",
            description = "Images to train on (default: hardly more than a batch, so that all steps see nearly the"
                    + " same ones and the loss falls or rises by training, not by the sample).")
    @Nullable
    Integer images;

    @Option(
            names = "--recipe",
            paramLabel = "NAME",
            defaultValue = "plain",
            description = "Recipe (default: ${DEFAULT-VALUE}).")
    String recipe = "plain";

    @Option(
            names = "--jobs",
            paramLabel = "N",
            description = "Pairings that train at once, with one thread each (default: one per core).")
    int jobs = Runtime.getRuntime().availableProcessors();

    @Option(names = "--json", description = "Print JSON.")
    boolean json;

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it.
    CommandSpec spec;

    private record Row(String backbone, String optimizer, double learningRate, PairingTrial trial) {}

    @Override
    public Integer call() throws InterruptedException, JsonProcessingException {
        if (steps < 6) {
            throw new UserError("--steps must be at least 6, was " + steps + ".");
        }
        if (jobs < 1) {
            throw new UserError("--jobs must be at least 1, was " + jobs + ".");
        }
        List<TrainingPlan> plans = plans();
        List<Row> rows = train(plans, data());
        long failed = rows.stream().filter(row -> !row.trial().passed()).count();
        if (json) {
            printJson(rows, failed);
        } else {
            printTable(rows, failed);
        }
        return failed == 0 ? 0 : Errors.FAILED;
    }

    private List<TrainingPlan> plans() {
        for (String optimizer : optimizers) {
            if (!Optimizers.names().contains(optimizer)) {
                throw new UserError("--optimizers: " + Nearest.unknown("optimizer", optimizer, Optimizers.names()));
            }
        }
        List<TrainingPlan> plans = new ArrayList<>();
        try {
            for (String backbone : net.backbones()) {
                for (String optimizer : optimizers) {
                    plans.add(new TrainingPlan(
                            backbone,
                            net.size(),
                            optimizer,
                            TrainingPlan.defaultLearningRate(backbone, optimizer),
                            TrainingPlan.options(optimizer, null, Map.of()),
                            Recipes.named(recipe),
                            steps / 10,
                            steps,
                            net.batchSize,
                            List.of(1.0),
                            0,
                            "cpu"));
                }
            }
        } catch (IllegalArgumentException e) {
            throw new UserError(e.getMessage() + ".", e);
        }
        return plans;
    }

    private int images() {
        return images == null ? net.batchSize : Math.max(images, net.batchSize);
    }

    private TrainingData data() throws InterruptedException {
        try {
            // Two fifths more than asked for, so that a fifth of all can be validated on and the rest is enough.
            DataSplit split = DataSets.open(
                    new DataOptions(null, null, 0.2, net.imageSize, 0, Math.max(LEAST_IMAGES, images() * 7 / 5)));
            return TrainingImages.trainingData(split, Recipes.named(recipe));
        } catch (DataException | IllegalArgumentException e) {
            throw new UserError(String.valueOf(e.getMessage()), e);
        }
    }

    private List<Row> train(List<TrainingPlan> plans, TrainingData data) throws InterruptedException {
        ExecutorService threads = Executors.newFixedThreadPool(jobs);
        try {
            List<Future<PairingTrial>> trials = new ArrayList<>();
            for (TrainingPlan plan : plans) {
                trials.add(threads.submit(() -> PairingTrial.of(plan, data)));
            }
            List<Row> rows = new ArrayList<>();
            for (int i = 0; i < plans.size(); i++) {
                TrainingPlan plan = plans.get(i);
                rows.add(new Row(
                        plan.backbone(),
                        plan.optimizer(),
                        plan.learningRate(),
                        trials.get(i).get()));
            }
            return rows;
        } catch (ExecutionException e) {
            throw new IllegalStateException("A training broke: " + e.getCause(), e);
        } finally {
            threads.shutdownNow();
        }
    }

    private void printTable(List<Row> rows, long failed) {
        PrintWriter out = spec.commandLine().getOut();
        out.printf(
                "%-16s %-18s %13s %10s %10s  %-5s %-6s %s%n",
                "backbone", "optimizer", "learning rate", "loss first", "loss last", "falls", "finite", "");
        for (Row row : rows) {
            PairingTrial trial = row.trial();
            out.printf(
                    Locale.ROOT,
                    "%-16s %-18s %13s %10.4f %10.4f  %-5s %-6s %s%n",
                    row.backbone(),
                    row.optimizer(),
                    Double.toString(row.learningRate()),
                    trial.first(),
                    trial.last(),
                    trial.last() < trial.first() ? "yes" : "NO",
                    trial.finite() ? "yes" : "NO",
                    trial.failure());
        }
        out.printf("%d of %d pairings train%n", rows.size() - failed, rows.size());
    }

    private void printJson(List<Row> rows, long failed) throws JsonProcessingException {
        List<Map<String, Object>> pairings = new ArrayList<>();
        for (Row row : rows) {
            Map<String, Object> pairing = new LinkedHashMap<>();
            pairing.put("backbone", row.backbone());
            pairing.put("optimizer", row.optimizer());
            pairing.put("learningRate", row.learningRate());
            pairing.put("lossFirst", row.trial().first());
            pairing.put("lossLast", row.trial().last());
            pairing.put("falls", row.trial().last() < row.trial().first());
            pairing.put("finite", row.trial().finite());
            pairing.put("failure", row.trial().failure());
            pairings.add(pairing);
        }
        Map<String, Object> all = new LinkedHashMap<>();
        all.put("steps", steps);
        all.put("failed", failed);
        all.put("pairings", pairings);
        spec.commandLine()
                .getOut()
                .println(new ObjectMapper().writerWithDefaultPrettyPrinter().writeValueAsString(all));
    }
}
