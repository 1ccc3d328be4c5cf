package io.couplet.docker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.couplet.view.model.StudySnapshot;
import java.awt.image.BufferedImage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import org.awaitility.core.ConditionTimeoutException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The whole system in containers, on drawn images and on those of a tar, with its parts stopped, paused and cut off from the network: each time every step that was trained is
 * in the topic and in the scores.
 */
class ContainersTest {

    private static final Duration PATIENCE = Duration.ofMinutes(5);
    /** Longer than a trainer holds a run without a word, so that the run has gone to another one meanwhile. */
    private static final Duration LONGER_THAN_THE_LOCK = Duration.ofSeconds(40);

    private static final int STEPS = 1_500;

    private static @Nullable Containers containers;

    @BeforeAll
    static void start(@TempDir Path folder) throws Exception {
        Engine.assumeImages();
        Path datasets = Files.createDirectory(folder.resolve("datasets"));
        tarOfImages(Files.createDirectory(folder.resolve("images")), datasets.resolve("shades.tar.gz"));
        containers = new Containers(datasets);
    }

    @AfterAll
    static void stop() {
        if (containers != null) {
            containers.close();
        }
    }

    @Test
    void aStudyGoesTheWholeWay() throws Exception {
        submit("whole", "resnet,vgg", "adamw,lamb", 16);
        StudySnapshot study = awaitStudy("whole", StudySnapshot::scored);
        assertNothingLost("whole", 4 * 16);
        assertThat(study.summary().completed()).isEqualTo(4);

        JsonNode report = new ObjectMapper().readTree(system().couplet("report", "whole", "--format", "json"));
        assertThat(report.path("cells"))
                .hasSize(4)
                .allSatisfy(cell -> assertThat(cell.path("accuracy").isNumber()).isTrue());
        assertThat(report.at("/counts/stepsTrained").asLong()).isEqualTo(4 * 16);
        assertThat(report.at("/counts/stepsInTopic").asLong()).isEqualTo(4 * 16);
        // What an image lacks of its service shows here, and may show nowhere else.
        assertThat(system().logs(Integer.MAX_VALUE)).doesNotContain("NoClassDefFoundError");
    }

    @Test
    void aTarOfImagesIsTrainedOn() {
        submit("tar", "resnet", "adamw", 16, "--data", "/datasets/shades.tar.gz");
        awaitStudy("tar", now -> now.summary().finished());
        assertNothingLost("tar", 16);
    }

    @Test
    void aStoppedTrainersRunIsTakenOver() {
        during("trainer-stopped", () -> {
            system().stop(system().trainer(0));
            system().startAgain(system().trainer(0));
        });
    }

    @Test
    void aPausedTrainersRunIsTakenOverAndItsLateRecordsChangeNothing() {
        during("trainer-paused", () -> {
            system().pause(system().trainer(0));
            await().pollDelay(LONGER_THAN_THE_LOCK).atMost(PATIENCE).until(() -> true);
            system().thaw(system().trainer(0));
        });
    }

    @Test
    void aTrainerThatIsCutOffGoesOnAndSendsLater() {
        during("trainer-cut-off", () -> {
            system().cutOff(system().trainer(1));
            awaitTheOtherTrainersSteps("trainer-cut-off");
            system().connectAgain(system().trainer(1));
        });
    }

    @Test
    void aBrokerThatStopsAndComesBackHasLostNothing() {
        during("broker-stopped", () -> {
            system().stop(system().broker());
            system().startAgain(system().broker());
        });
    }

    @Test
    void aPausedBrokerIsWaitedFor() {
        during("broker-paused", () -> {
            system().pause(system().broker());
            await().pollDelay(Duration.ofSeconds(15)).atMost(PATIENCE).until(() -> true);
            system().thaw(system().broker());
        });
    }

    @Test
    void aBrokerThatIsCutOffIsCaughtUpWith() {
        during("broker-cut-off", () -> {
            system().cutOff(system().broker());
            await().pollDelay(Duration.ofSeconds(15)).atMost(PATIENCE).until(() -> true);
            system().connectAgain(system().broker());
        });
    }

    /** Submits a study of two runs, one for each trainer, lets it happen once both train, and holds the counts against each other at the end. */
    private static void during(String study, Runnable fault) {
        submit(study, "resnet", "adamw,lamb", STEPS);
        awaitStudy(study, now -> now.summary().running() == 2 && now.counts().stepsInTopic() > 50);
        fault.run();
        awaitStudy(study, now -> now.summary().finished());
        assertNothingLost(study, 2 * STEPS);
    }

    private static void submit(String name, String backbones, String optimizers, int steps, String... more) {
        List<String> command = new ArrayList<>(List.of("submit", "--name", name, "--backbones", backbones));
        command.addAll(List.of("--optimizers", optimizers, "--seeds", "1", "--steps", String.valueOf(steps)));
        command.addAll(List.of("--batch-size", "16", "--limit", "400"));
        command.addAll(List.of(more));
        system().couplet(command.toArray(String[]::new));
    }

    /** Two classes of gray squares, 32 of each. */
    private static void tarOfImages(Path folder, Path tar) throws Exception {
        for (String shade : List.of("dark", "light")) {
            Path shades = Files.createDirectory(folder.resolve(shade));
            for (int number = 0; number < 32; number++) {
                BufferedImage image = new BufferedImage(32, 32, BufferedImage.TYPE_INT_RGB);
                int gray = number + (shade.equals("dark") ? 0 : 200);
                IntStream.range(0, 32 * 32)
                        .forEach(at -> image.setRGB(at % 32, at / 32, gray << 16 | gray << 8 | gray));
                ImageIO.write(image, "png", shades.resolve(number + ".png").toFile());
            }
        }
        Ended packed = Ended.of(Map.of(), List.of("tar", "-czf", tar.toString(), "-C", folder.toString(), "."));
        assertThat(packed.code()).as(packed.output()).isZero();
    }

    /** Steps emitted are the steps in the topic; of those every step of every run's budget, once, is in its score. */
    private static void assertNothingLost(String name, long steps) {
        StudySnapshot study = awaitStudy(
                name,
                now -> now.counts().stepsTrained() == now.counts().stepsInTopic()
                        && system().stepsScored(now.summary().id()) == steps);
        assertThat(study.summary().failed()).isZero();
        assertThat(study.counts().stepsInTopic()).isGreaterThanOrEqualTo(steps);
        assertThat(study.counts().runsThatDiffer()).isZero();
        assertThat(study.counts().deadLetters()).isZero();
        System.out.printf(
                "%s: %d steps trained, %d in the topic, %d scored, %d duplicates, %d attempts that went under%n",
                name,
                study.counts().stepsTrained(),
                study.counts().stepsInTopic(),
                steps,
                study.counts().duplicates(),
                study.counts().attemptsWithoutEnding());
    }

    private static void awaitTheOtherTrainersSteps(String name) {
        long before = system().study(name).orElseThrow().counts().stepsInTopic();
        awaitStudy(
                name,
                now -> now.counts().stepsInTopic() > before + 100
                        || now.summary().ended() > 0);
    }

    private static StudySnapshot awaitStudy(String name, Predicate<StudySnapshot> wanted) {
        try {
            return await().atMost(PATIENCE)
                    .pollInterval(Duration.ofMillis(500))
                    .until(() -> system().study(name).filter(wanted), Optional::isPresent)
                    .orElseThrow();
        } catch (ConditionTimeoutException e) {
            throw new AssertionError(
                    name + " is now " + system().study(name).map(now -> now.summary() + ", " + now.counts()) + "\n"
                            + system().logs(15),
                    e);
        }
    }

    private static Containers system() {
        if (containers == null) {
            throw new IllegalStateException("The containers were not started.");
        }
        return containers;
    }
}
