package io.couplet.cli.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.couplet.schemas.avro.RunEvent;
import io.couplet.schemas.avro.RunEventKind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Every fault strikes at a random moment while a study is trained, and the books balance: steps trained = steps in the topic = steps scored, an order for a run
 * once, no dead letter.
 *
 * <p>{@code -Dcouplet.faults.seed} makes another choice of parts, moments and pauses than the usual one; {@code -Dcouplet.faults.minutes} goes on with round after round for so long;
 * {@code -Dcouplet.faults.outage} is for how many seconds all brokers are away.
 */
class FaultsTest {

    private static final Duration PATIENCE = Duration.ofMinutes(6);
    private static final int SEEDS_A_ROUND = Integer.getInteger("couplet.faults.seeds", 2);
    private static final int MOST_SECONDS_BETWEEN = 4;
    private static final String STUDY = """
            name: faults
            data: {image-size: 32, limit: 400}
            backbones: [resnet, mlp-mixer]
            optimizers: [sgd, adamw, lion, lamb]
            budget: {steps: 320, batch-size: 16}
            early-stopping:
              - rule: divergence
              - rule: median
            """;

    private static final String DEADLY = """
            name: deadly
            data: {image-size: 32, limit: 400}
            backbones: [resnet]
            optimizers: [sgd]
            budget: {steps: 100000, batch-size: 16}
            """;

    @TempDir
    Path directory;

    @Test
    void everyFaultStrikesWhileAStudyIsTrainedAndTheBooksBalance() throws Exception {
        long seed = Long.getLong("couplet.faults.seed", 8_633_513_527_953L);
        Random random = new Random(seed);
        System.out.println("Faults by -Dcouplet.faults.seed=" + seed);
        Fault.Outage outage = new Fault.Outage(Integer.getInteger("couplet.faults.outage", 20));
        Path study = Files.writeString(directory.resolve("faults.yaml"), STUDY);
        try (FaultySystem system = FaultySystem.start(directory)) {
            try {
                Map<Fault, Integer> struck = new EnumMap<>(Fault.class);
                long until = System.nanoTime()
                        + Duration.ofMinutes(Integer.getInteger("couplet.faults.minutes", 0))
                                .toNanos();
                int round = 0;
                do {
                    submit(system, study, ++round);
                    strikeAll(system, random, outage, struck);
                } while (System.nanoTime() < until);
                aRunThatKillsItsTrainersIsFailedAndTheOthersGoOn(system);
                Books books = awaitSettled(system);
                System.out.println(struck);
                System.out.println(books.totals());
                assertThat(books.faults()).as("seed %d", seed).isEmpty();
                thePageShowsAll(system, books);
            } catch (Exception | AssertionError e) {
                throw new AssertionError("seed " + seed + "\n" + system.tails(), e);
            }
        }
    }

    /** Whoever trains it dies of it, as of a fault in native code; after the third time nobody tries again. */
    private void aRunThatKillsItsTrainersIsFailedAndTheOthersGoOn(FaultySystem system) throws Exception {
        system.submit(Files.writeString(directory.resolve("deadly.yaml"), DEADLY), "0");
        Set<Integer> died = new TreeSet<>();
        await().atMost(PATIENCE).pollInterval(Duration.ofMillis(500)).until(() -> {
            for (RunEvent event : Books.events(system.bootstrapServers(), "deadly-")) {
                if (event.getKind() == RunEventKind.FAILED) {
                    assertThat(event.getReason())
                            .isEqualTo("Its trainer died 3 times while it was trained or made ready.");
                    return true;
                }
                if (event.getProvenance() != null && died.add(event.getAttempt())) {
                    system.killTrainer(event.getProvenance().getTrainerId());
                }
            }
            return false;
        });
        assertThat(died).containsExactly(1, 2, 3);
    }

    private void submit(FaultySystem system, Path study, int round) throws IOException, InterruptedException {
        system.submit(
                study,
                IntStream.range(0, round * SEEDS_A_ROUND)
                        .mapToObj(Integer::toString)
                        .collect(Collectors.joining(",")));
    }

    private static void strikeAll(FaultySystem system, Random random, Fault.Outage outage, Map<Fault, Integer> struck)
            throws Exception {
        List<Fault> faults = new ArrayList<>(List.of(Fault.values()));
        Collections.shuffle(faults, random);
        for (Fault fault : faults) {
            Fault.pause(1 + random.nextInt(MOST_SECONDS_BETWEEN));
            System.out.println(java.time.LocalTime.now() + " " + fault.description());
            fault.strike(system, random, outage);
            struck.merge(fault, 1, Integer::sum);
        }
        system.awaitJobs();
    }

    private static Books awaitSettled(FaultySystem system) {
        await().atMost(PATIENCE)
                .pollInterval(Duration.ofSeconds(3))
                .until(() -> Books.read(system.bootstrapServers()).settled());
        return Books.read(system.bootstrapServers());
    }

    /** Every run that trainers brought to an end, with all of its steps. */
    private static void thePageShowsAll(FaultySystem system, Books books) throws Exception {
        ObjectMapper json = new ObjectMapper();
        for (Books.RunBook run : books.runs()) {
            if (run.ending().equals(Optional.of(RunEventKind.FAILED))) {
                continue;
            }
            await().atMost(PATIENCE)
                    .ignoreExceptions()
                    .untilAsserted(() -> assertThat(json.readTree(system.get("/api/runs/" + run.runId()))
                                    .path("summary")
                                    .path("step")
                                    .asInt(-1))
                            .as(run.runId())
                            .isEqualTo(run.distinct()));
        }
    }
}
