package io.couplet.cli.local;

import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Finds the broker's own class path: in the distribution, or, in tests, on ours. */
final class BrokerClassPath {

    static final String HOME = "couplet.home";
    static final String MAIN_CLASS = "io.couplet.broker.EmbeddedBrokerMain";

    private BrokerClassPath() {}

    /**
     * @param home the distribution's directory, or null when nobody started us from one
     * @throws UserError when there is none
     */
    static String locate(@Nullable String home) {
        if (home != null) {
            Path jar = Path.of(home, "broker", "broker.jar");
            if (!Files.isRegularFile(jar)) {
                throw new UserError(
                        "%s is missing: this distribution of Couplet is not whole; build or unpack it again."
                                .formatted(jar));
            }
            return jar.toString();
        }
        if (BrokerClassPath.class.getClassLoader().getResource(MAIN_CLASS.replace('.', '/') + ".class") != null) {
            return System.getProperty("java.class.path");
        }
        throw new UserError(
                "No broker to start: -D%s does not name a distribution of Couplet; start it with the script couplet."
                        .formatted(HOME));
    }
}
