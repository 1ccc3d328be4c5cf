package io.couplet.docker;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The container engine of this machine, with our images built for these tests. */
final class Engine {

    /** What the names of the tests' images begin with, so that nobody's own are replaced. */
    static final String PREFIX = "couplet-test/";

    private Engine() {}

    /** Skips the calling test, with the reason, where there is no engine, nothing to make images of, or no base image to be had. */
    static void assumeImages() throws IOException, InterruptedException {
        Optional<Ended> version = Ended.ofIfThere("docker", "version", "--format", "{{.Server.APIVersion}}");
        assumeTrue(version.isPresent(), "no containers are tried: there is no docker");
        assumeTrue(version.get().code() == 0, "no containers are tried: the Docker daemon does not answer");
        assumeTrue(
                Files.exists(Checkout.ROOT.resolve("cli/command/target/couplet/built")),
                "no containers are tried: Couplet is not built, run mvn package");
        Ended base = Ended.of(Map.of(), List.of("docker/base-image.sh"));
        // 2 is for what the script says a person can mend; anything else is a fault of ours.
        assumeTrue(base.code() != 2, "no containers are tried: " + base.output());
        Ended built = Ended.of(
                Map.of("COUPLET_PREFIX", PREFIX, "COUPLET_TAG", "latest"),
                List.of("docker/build", "couplet", "trainer", "stopper", "dashboard", "flink", "kafka"));
        if (built.code() != 0) {
            throw new IOException("The images were not built:\n" + built.output());
        }
        // Testcontainers asks for a newer interface than Debian's engine has.
        System.setProperty("api.version", version.get().output().strip());
    }

    static String image(String service) {
        return PREFIX + service + ":latest";
    }
}
