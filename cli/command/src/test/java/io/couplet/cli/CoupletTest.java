package io.couplet.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.couplet.broker.EmbeddedBroker;
import io.couplet.schemas.study.StudySpecification;
import io.couplet.trainer.backbones.Backbones;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

/** What a user reads when something is wrong: one sentence with the fix, exit code 2, no stack trace. */
class CoupletTest {

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it.
    Path directory;

    private static Ended couplet(String... arguments) {
        return Ended.couplet(List.of(arguments));
    }

    private void refused(Ended ended, String sentence) {
        assertThat(ended.err().strip()).isEqualTo("couplet: " + sentence);
        assertThat(ended.exitCode()).isEqualTo(2);
        assertThat(ended.out()).isEmpty();
    }

    @Test
    void anUnknownBackboneIsAnsweredWithTheNearestName() {
        refused(
                couplet("run", "--data-dir", data(), "--backbones", "resnt"),
                "--backbones: unknown backbone 'resnt': did you mean 'resnet'?");
        assertThat(directory.resolve("data")).doesNotExist();
    }

    @Test
    void aMissingDataPathIsRefusedBeforeAnythingStarts() {
        Ended ended = couplet(
                "run",
                "--data-dir",
                data(),
                "--data",
                directory.resolve("nowhere").toString());
        assertThat(ended.exitCode()).isEqualTo(2);
        assertThat(ended.err().lines()).hasSize(1).first().asString().contains("nowhere");
        assertThat(directory.resolve("data/kafka")).doesNotExist();
    }

    @Test
    void weightsThatDoNotFitAreRefusedBeforeAnythingStarts() throws IOException {
        Path absent = directory.resolve("absent.safetensors");
        String[] run = {"run", "--data-dir", data(), "--limit", "100", "--backbones", "resnet", "--weights"};
        refused(
                couplet(with(run, "resnet=" + absent)),
                "Weights of resnet at size nano: there is no file of weights " + absent + " on this trainer.");
        // The header of a safetensors file of timm's ResNet-50 begins like this; its shapes are those of size paper.
        String header = "{\"conv1.weight\":{\"dtype\":\"F32\",\"shape\":[64,3,7,7],\"data_offsets\":[0,37632]}}";
        ByteBuffer file = ByteBuffer.allocate(8 + header.length() + 37_632).order(ByteOrder.LITTLE_ENDIAN);
        file.putLong(header.length()).put(header.getBytes(StandardCharsets.US_ASCII));
        Path large = Files.write(directory.resolve("r50.safetensors"), file.array());
        Ended ended = couplet(with(run, "resnet=" + large));
        assertThat(ended.exitCode()).isEqualTo(2);
        assertThat(ended.err().lines()).singleElement().asString().contains("they fill 0 of", "of size paper");
        assertThat(directory.resolve("data/kafka")).doesNotExist();
    }

    private static String[] with(String[] arguments, String last) {
        return Stream.concat(Stream.of(arguments), Stream.of(last)).toArray(String[]::new);
    }

    @Test
    void mistakesInAStudyFileAreAllSaidWithTheirLines() throws IOException {
        Path study = Files.writeString(
                directory.resolve("study.yaml"), "name: x\nbackbnes: [resnet]\noptimizers: [lambb]\n");
        Ended ended = couplet("run", study.toString(), "--data-dir", data());
        assertThat(ended.exitCode()).isEqualTo(2);
        assertThat(ended.err())
                .contains("2 mistakes", "line 2, column 1", "backbones", "line 3, column 14", "'lamb'")
                .doesNotContain("\tat ");
    }

    @ParameterizedTest
    @ValueSource(strings = {"dashboard", "run"})
    void aPageForOtherMachinesNeedsATokenOrAProxy(String command) {
        refused(
                couplet(command, "--host", "0.0.0.0"),
                "--host 0.0.0.0 can be reached from other machines: give --token-file FILE (COUPLET_TOKEN), or"
                        + " --trusted-user-header NAME behind a proxy.");
        refused(
                couplet(command, "--trusted-user-header", "X-Forwarded-User"),
                "--trusted-user-header needs --public-address URL: where people reach the page through the proxy, so"
                        + " that other names can be refused.");
    }

    @Test
    void aTokenIsReadFromItsFileAndIsNeverAFlag() throws IOException {
        Path token = Files.writeString(directory.resolve("token"), "short\n");
        refused(
                couplet("dashboard", "--token-file", token.toString()),
                "--token-file " + token + ": the token must have at least 16 characters, had 5: make one with"
                        + " `openssl rand -hex 24`.");
        refused(
                couplet("dashboard", "--token-file", directory.resolve("none").toString()),
                "--token-file " + directory.resolve("none") + " cannot be read: check the path and its permissions.");
        assertThat(couplet("dashboard", "--token", "a-token-of-thirty-two-characters")
                        .exitCode())
                .isEqualTo(2);
    }

    @Test
    void aMissingStudyFileIsSaid() {
        Path study = directory.resolve("none.yaml");
        refused(couplet("run", study.toString()), "There is no study file " + study + ": check the path.");
    }

    @Test
    void aDataDirectoryThatCannotBeWrittenIsRefused() throws IOException {
        Path file = Files.writeString(directory.resolve("file"), "");
        Ended ended = couplet("run", "--data-dir", file.resolve("data").toString());
        assertThat(ended.exitCode()).isEqualTo(2);
        assertThat(ended.err()).contains("cannot be written", "--data-dir").doesNotContain("\tat ");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--steps|0|The flags do not make a study: budget.steps must be a whole number from 1 to 10000000, was 0.",
                "--port|70000|--port must be from 0 to 65535, was 70000.",
                "--slots|0|--slots must be from 1 to 256, was 0.",
                "--image-size|28|The flags do not make a study: data.image-size must be a multiple of 16 for backbones of size nano, was 28: take 16 or 32.",
                "--size|huge|--size: unknown size 'huge': there are nano, cifar, paper",
                "--seeds|1,1|The flags do not make a study: seeds has 1 twice: keep one.",
            })
    void numbersOutOfRangeAreRefused(String flag, String value, String sentence) {
        refused(couplet("run", "--data-dir", data(), flag, value), sentence);
    }

    @Test
    void anUnknownFlagNamesTheNearestOne() {
        Ended ended = couplet("run", "--optimisers", "sgd");
        assertThat(ended.exitCode()).isEqualTo(2);
        assertThat(ended.err()).contains("--optimizers").doesNotContain("\tat ");
    }

    @Test
    void withoutKafkaTheFixIsSaid() {
        refused(
                couplet("submit", "--bootstrap-servers", ""),
                "No Kafka is named: give --bootstrap-servers HOST:PORT (or COUPLET_BOOTSTRAP_SERVERS).");
        Ended watch = couplet("watch", "--data-dir", data());
        assertThat(watch.err()).contains("couplet run").contains("--bootstrap-servers");
        assertThat(watch.exitCode()).isEqualTo(2);
    }

    @Test
    void topicsAreCreatedOnce() {
        try (EmbeddedBroker broker = EmbeddedBroker.startInTemporaryDirectory()) {
            String[] create = {"topics", "create", "--bootstrap-servers", broker.bootstrapServers()};
            assertThat(couplet(create).out()).startsWith("created 10, already there 0");
            assertThat(couplet(create).out()).startsWith("created 0, already there 10");
        }
    }

    @Test
    void rulesAreOrderedForAStudyByItsNameAndRefusedForOneThatIsNotThere() {
        try (EmbeddedBroker broker = EmbeddedBroker.startInTemporaryDirectory()) {
            String kafka = broker.bootstrapServers();
            couplet("topics", "create", "--bootstrap-servers", kafka);
            couplet("submit", "--name", "birds", "--backbones", "vgg", "--bootstrap-servers", kafka);
            assertThat(couplet("rules", "brids", "--none", "--bootstrap-servers", kafka)
                            .err())
                    .startsWith("couplet: There is no study brids: there are birds-");
            Ended ordered = couplet("rules", "birds", "--rule", "median", "--bootstrap-servers", kafka);
            assertThat(ordered.exitCode()).isZero();
            assertThat(ordered.out())
                    .matches(
                            "Ordered for birds-[0-9a-f]{6}: median, from when the early stopper reads it \\(.*\\)\\.\\R");
        }
    }

    @Test
    void anAddressWithoutItsPortIsRefusedWhereverItStands() throws IOException {
        for (String command : new String[] {"trainer", "dashboard", "watch"}) {
            refused(
                    couplet(command, "--bootstrap-servers", "localhost"),
                    "--bootstrap-servers localhost: 'localhost' is no HOST:PORT: write e.g. localhost:9092, several with commas"
                            + " between.");
        }
        Path config = Files.writeString(directory.resolve("kafka.properties"), "bootstrap.servers=localhost\n");
        refused(
                couplet("topics", "check", "--kafka-config", config.toString()),
                "Kafka's client refuses its settings (Invalid url in bootstrap.servers: localhost); correct"
                        + " --bootstrap-servers HOST:PORT or --kafka-config.");
    }

    @Test
    void aPageOnNoPortIsRefused() {
        refused(
                couplet("dashboard", "--port", "70000", "--bootstrap-servers", "127.0.0.1:1"),
                "--port must be from 0 to 65535, was 70000.");
    }

    @Test
    void aReportWithoutAnyStudyIsRefused() {
        Ended ended = couplet("report", "--data-dir", data());
        assertThat(ended.exitCode()).isEqualTo(2);
        assertThat(ended.err()).contains("There is no study in");
    }

    @Test
    void aRunIdThatIsNoneIsRefused() {
        Ended ended = couplet("stop", "nonsense", "--bootstrap-servers", "127.0.0.1:1");
        assertThat(ended.exitCode()).isEqualTo(2);
        assertThat(ended.err()).contains("<study>.<backbone>.<optimizer>.s<seed>.<6 hex digits>");
    }

    @Test
    void ordersAreCheckedBeforeAnythingIsConnected() {
        assertThat(couplet("resume", "nonsense", "--bootstrap-servers", "127.0.0.1:1")
                        .err())
                .contains("<study>.<backbone>.<optimizer>.s<seed>.<6 hex digits>");
        refused(
                couplet("rules", "s-0a1b2c", "--rule", "nonesuch", "--bootstrap-servers", "127.0.0.1:1"),
                "--rule nonesuch: there is no stopping rule 'nonesuch': choose among divergence, plateau, target, median,"
                        + " asha, successive-halving, i-epoch, transfer.");
        refused(
                couplet("rules", "s-0a1b2c", "--rule", "transfer:risk=0.9", "--bootstrap-servers", "127.0.0.1:1"),
                "--rule transfer:risk=0.9: transfer: risk must be above 0 and at most 0.5, was 0.9.");
        refused(
                couplet("rules", "s-0a1b2c", "--rule", "stall", "--bootstrap-servers", "127.0.0.1:1"),
                "--rule stall: stall cannot be armed for a study: choose another rule.");
        refused(
                couplet("policies"),
                "Give recorded curves, CURVES.csv, or a study that Kafka has, --study ID, one of the two.");
    }

    @Test
    void aDryRunPrintsTheWholeStudyAndReadsBack() throws IOException {
        Ended printed = couplet("submit", "--dry-run", "--backbones", "vgg,deit", "--steps", "50", "--name", "dry");
        assertThat(printed.exitCode()).isZero();
        Path study = Files.writeString(directory.resolve("dry.yaml"), printed.out());
        assertThat(couplet("submit", "--dry-run", study.toString()).out()).isEqualTo(printed.out());
    }

    @Test
    void filesInAStudyAreSeenFromItsFolderAndFilesInFlagsFromHere() throws IOException {
        Path study = Files.writeString(
                directory.resolve("files.yaml"),
                "backbones: [resnet, 'file:nets/mine.pt']\nweights: {resnet: ../r50.safetensors}\n");
        assertThat(couplet("submit", "--dry-run", study.toString()).out())
                .contains("\"file:" + directory.resolve("nets/mine.pt") + "\"")
                .contains("resnet: \"" + directory.resolveSibling("r50.safetensors") + "\"");
        assertThat(couplet("submit", "--dry-run", "--backbones", "vgg,file:mine.pt")
                        .out())
                .contains("\"file:" + Path.of("mine.pt").toAbsolutePath() + "\"");
    }

    @Test
    void weightsInFlagsAreSeenFromHereAndAddToTheFiles() throws IOException {
        Path study = Files.writeString(
                directory.resolve("weights.yaml"),
                "backbones: [resnet, vgg]\nweights: {resnet: r50.safetensors, vgg: old.safetensors}\n");
        assertThat(couplet("submit", "--dry-run", study.toString(), "--weights", "vgg=v13.safetensors")
                        .out())
                .contains("resnet: \"" + directory.resolve("r50.safetensors") + "\"")
                .contains("vgg: \"" + Path.of("v13.safetensors").toAbsolutePath() + "\"");
        refused(
                couplet("submit", "--dry-run", "--backbones", "vgg", "--weights", "deit=d.safetensors"),
                "The flags do not make a study: weights names 'deit', which is not among the study's backbones: add it there"
                        + " or take it out here.");
        refused(
                couplet("submit", "--dry-run", "--backbones", "vgg", "--weights", "vgg"),
                "Value for option option '--weights' (BACKBONE=FILE) should be in KEY=VALUE[,KEY=VALUE]... format but was vgg"
                        + " (couplet submit --help)");
    }

    @Test
    void aBackboneFileThatIsNoTorchScriptIsRefused() {
        refused(
                couplet("run", "--data-dir", data(), "--backbones", "file:net.onnx"),
                "--backbones: backbone 'file:net.onnx' must name a TorchScript file that ends in .pt, e.g. file:models/net.pt");
    }

    @Test
    void listRecipesSaysWhatEachOfThemDoes() {
        Ended ended = couplet("list", "recipes");
        assertThat(ended.exitCode()).isZero();
        assertThat(ended.out()).isEqualTo("""
                recipes
                  torch-style    augmentation crop-flip  cosine with warm-up  {loss=cross-entropy}
                  plain          augmentation none  cosine with warm-up  {loss=cross-entropy}
                  deit           augmentation crop-flip-rand-m9  cosine with warm-up  {loss=cross-entropy, label-smoothing=0.1, mixup=0.8, cutmix=1.0, random-erasing=0.25, drop-path=0.1, clip-gradient-norm=5.0}
                  convnext       augmentation crop-flip-rand-m9  cosine with warm-up  {loss=cross-entropy, label-smoothing=0.1, mixup=0.8, cutmix=1.0, random-erasing=0.25, drop-path=0.1, ema-decay=0.9999}
                  rsb-a2         augmentation crop-flip-rand-m7  cosine with warm-up  {loss=bce, mixup=0.1, cutmix=1.0, drop-path=0.05}
                  auto           the one of these that belongs to each backbone
                """);
    }

    @Test
    void listSaysThatBackbonesAreNanoUnlessAStudySaysOtherwise() {
        assertThat(couplet("list", "sizes").out().lines().toList().get(1)).startsWith("  nano           the default: ");
        assertThat(couplet("list", "losses").out()).isEqualTo("""
                losses
                  cross-entropy  of the softmax over all classes
                  bce            of a sigmoid for each class on its own
                """);
        assertThat(couplet("list", "augmentations").out())
                .contains("\n  none                      images as they are\n")
                .contains(
                        "\n  crop-flip-rand-m9         padded by an eighth and cropped at random, mirrored, RandAugment of magnitude 9\n");
    }

    /** The study's reader may not know the backbones, so that it has the multiples a second time. */
    @Test
    void aStudyTakesTheImageSizesThatItsBackbonesTake() {
        for (Backbones.Size size : Backbones.Size.values()) {
            for (int pixels = 8; pixels <= 130; pixels++) {
                int tried = pixels;
                boolean built = catchThrowable(() -> new Backbones.Task(size, tried, 10, 0)) == null;
                boolean taken =
                        catchThrowable(() -> StudySpecification.defaults().withSize(size.key(), tried)) == null;
                assertThat(taken).as("%s, %d pixels", size, pixels).isEqualTo(built);
            }
        }
    }

    @Test
    void theSizeOfBackbonesIsAFlag() {
        assertThat(couplet("submit", "--dry-run", "--size", "paper", "--image-size", "224")
                        .out())
                .contains("size: paper", "image-size: 224");
    }

    @Test
    void aFlagComesFromTheEnvironmentUnlessItIsGiven() {
        Map<String, String> environment =
                Map.of("COUPLET_BACKBONES", "vgg,deit", "COUPLET_STEPS", "77", "COUPLET_BATCH_SIZE", "11");
        Ended printed = Ended.couplet(environment, List.of("submit", "--dry-run", "--batch-size", "9"));
        assertThat(printed.err()).isEmpty();
        assertThat(printed.out())
                .contains("backbones: [vgg, deit]", "steps: 77", "batch-size: 9")
                .doesNotContain("11");
        refused(
                Ended.couplet(Map.of("COUPLET_BOOTSTRAP_SERVERS", "localhost"), List.of("topics", "check")),
                "--bootstrap-servers localhost: 'localhost' is no HOST:PORT: write e.g. localhost:9092, several with commas"
                        + " between.");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "topics create",
                "topics check",
                "submit",
                "trainer",
                "stopper",
                "dashboard --port 0",
                "alerts --alerts-url http://127.0.0.1:1/",
                "report",
                "watch",
                "watch --once",
                "stop s-0a1b2c.vgg.sgd.s0.abcdef",
                "resume s-0a1b2c.vgg.sgd.s0.abcdef",
                "rules s-0a1b2c --none",
                "replay CURVES",
                "tail CURVES --once --state STATE",
            })
    void aPasswordThatBreaksTheJaasSettingIsOneSentenceWithoutIt(String command) throws IOException {
        Path curves = Files.writeString(
                directory.resolve("c.csv"), "run,backbone,optimizer,seed,step,budget,loss\na,vgg,sgd,0,1,2,1.5\n");
        Path config = Files.writeString(directory.resolve("kafka.properties"), """
                bootstrap.servers=127.0.0.1:1
                security.protocol=SASL_PLAINTEXT
                sasl.mechanism=PLAIN
                sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required username="u" password="hun"ter2";
                """);
        List<String> arguments = new ArrayList<>(List.of(command.replace("CURVES", curves.toString())
                .replace("STATE", directory.resolve("state").toString())
                .split(" ")));
        arguments.addAll(List.of("--kafka-config", config.toString()));
        refused(
                Ended.couplet(arguments),
                "Kafka's client cannot use sasl.jaas.config in the file of --kafka-config: write MODULE required"
                        + " username=\"…\" password=\"…\"; in one line, with \\\\\" for a quotation mark inside.");
    }

    @Test
    void whatAFileOrANameSaysMovesNoCursorAndWritesNoClipboard() throws IOException {
        String clipboard = "\u001b]52;c;cm0gLXJm\u0007";
        Path table = Files.writeString(
                directory.resolve("t.csv"), "optimizer,res" + clipboard + ",vgg\nsgd,80,70\nadam,75,66\n");
        Ended scored = couplet("score", table.toString());
        assertThat(scored.exitCode()).isZero();
        assertThat(scored.out()).contains("res?]52;c;cm0gLXJm?").doesNotContain("\u001b", "\u0007");
        refused(
                couplet("run", "a" + clipboard + ".yaml"),
                "There is no study file a?]52;c;cm0gLXJm?.yaml: check the path.");
        assertThat(couplet("run", "--no" + clipboard).err()).doesNotContain("\u001b", "\u0007");
    }

    @Test
    void listNamesWhatAStudyMayUse() {
        Ended ended = couplet("list", "--json");
        assertThat(ended.exitCode()).isZero();
        assertThat(ended.out()).contains("\"poolformerv2\"", "\"lamb\"", "\"torch-style\"", "\"divergence\"");
    }

    @Test
    void helpShowsEveryCommand() {
        Ended ended = couplet("--help");
        assertThat(ended.exitCode()).isZero();
        Map<String, CommandLine> commands = Couplet.commandLine(Map.of()).getSubcommands();
        assertThat(commands).hasSizeGreaterThan(15).allSatisfy((name, command) -> {
            String description = command.getCommandSpec().usageMessage().description()[0];
            String begin = description.substring(0, Math.min(40, description.length()));
            assertThat(ended.out().lines())
                    .anyMatch(line -> line.strip().startsWith(name + ' ')
                            && line.substring(line.indexOf(name) + name.length())
                                    .strip()
                                    .startsWith(begin));
        });
    }

    private String data() {
        return directory.resolve("data").toString();
    }
}
