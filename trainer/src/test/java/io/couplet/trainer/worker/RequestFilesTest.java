package io.couplet.trainer.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.couplet.schemas.avro.RunRequest;
import io.couplet.schemas.study.StudySpecification;
import io.couplet.trainer.training.BackboneOrigin;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RequestFilesTest {
    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it.
    Path machine;

    private Path root() {
        return machine.resolve("data");
    }

    @BeforeEach
    void aMachineWithADataDirectoryAndAFileBesideIt() throws IOException {
        Files.createDirectories(root().resolve("birds"));
        Files.writeString(machine.resolve("secret.pt"), "secret");
        Files.createSymbolicLink(root().resolve("link.pt"), machine.resolve("secret.pt"));
        Files.createSymbolicLink(root().resolve("up"), machine);
    }

    @Test
    void pathsStartAtTheRootAndMayGoAnywhereBelowIt() {
        RequestFiles files = new RequestFiles(root());
        assertThat(files.resolve("birds")).isEqualTo(root().resolve("birds"));
        assertThat(files.resolve(root().resolve("birds").toString())).isEqualTo(root().resolve("birds"));
        assertThat(files.resolve("birds/../not/yet/there")).isEqualTo(root().resolve("not/yet/there"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "../secret.pt",
                "/etc/passwd",
                "link.pt",
                "up/secret.pt",
                "up/not-there",
                "birds/../../secret.pt",
                ".."
            })
    void whatLeadsOutIsRefusedHoweverItIsWritten(String path) {
        assertThatThrownBy(() -> new RequestFiles(root()).resolve(path))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("The run names '" + path + "', which is outside of this trainer's data directory '" + root()
                        + "': move it there, or start the trainer with another --data-root.");
    }

    @Test
    void withoutARootTheWorkingDirectoryIsTheBeginningAndNothingIsOutside() {
        assertThat(new RequestFiles(null).resolve("a/b")).isEqualTo(Path.of("a/b"));
        assertThat(new RequestFiles(null).resolve("/etc/passwd")).isEqualTo(Path.of("/etc/passwd"));
    }

    @Test
    void aRunWithoutFilesAndOneWhoseFilesLieBelowTheRootArePlanned() throws Exception {
        RunRequest drawn = StudySpecification.defaults().requests(0).get(0);
        drawn.getData().setLimit(64);
        assertThat(drawn.getData().getPath()).isNull();
        assertThat(new TrainingImages(root()).open(drawn.getData()).training().size())
                .isPositive();
        assertThat(RunPlans.plan(drawn, "cpu", new RequestFiles(root())).origin())
                .isEqualTo(new BackboneOrigin.Random());

        RunRequest weights = StudySpecification.defaults().requests(0).get(0);
        weights.setWeights(root().resolve("vgg.safetensors").toString());
        assertThat(RunPlans.plan(weights, "cpu", new RequestFiles(root())).origin())
                .isEqualTo(new BackboneOrigin.Weights(root().resolve("vgg.safetensors")));

        RunRequest script = StudySpecification.defaults().requests(0).get(0);
        script.setBackboneFile(root().resolve("net.pt").toString());
        script.setLearningRate(0.1);
        assertThat(RunPlans.plan(script, "cpu", new RequestFiles(root())).origin())
                .isEqualTo(new BackboneOrigin.Script(root().resolve("net.pt")));
    }

    @Test
    void imagesModulesAndWeightsAreHeldToIt() {
        List<BiConsumer<RunRequest, String>> ways = List.of(RunRequest::setBackboneFile, RunRequest::setWeights);
        for (BiConsumer<RunRequest, String> way : ways) {
            RunRequest request = StudySpecification.defaults().requests(0).get(0);
            way.accept(request, "../secret.pt");
            assertThatThrownBy(() -> RunPlans.plan(request, "cpu", new RequestFiles(root())))
                    .hasMessageContaining("outside of this trainer's data directory");
        }
        RunRequest request = StudySpecification.defaults().requests(0).get(0);
        TrainingImages images = new TrainingImages(root());
        request.getData().setPath("up");
        assertThatThrownBy(() -> images.open(request.getData()))
                .hasMessageContaining("outside of this trainer's data directory");
        request.getData().setPath("birds");
        request.getData().setValidationPath("/etc");
        assertThatThrownBy(() -> images.open(request.getData()))
                .hasMessageContaining("outside of this trainer's data directory");
    }
}
