package io.couplet.docker;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A command that has ended.
 *
 * @param code its exit code
 * @param output what it wrote, stderr among it
 */
record Ended(int code, String output) {

    static Ended of(Map<String, String> environment, List<String> command) throws IOException, InterruptedException {
        ProcessBuilder builder =
                new ProcessBuilder(command).directory(Checkout.ROOT.toFile()).redirectErrorStream(true);
        builder.environment().putAll(environment);
        Process process = builder.start();
        process.getOutputStream().close();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Ended(process.waitFor(), output);
    }

    /** Empty when there is no such program. */
    static Optional<Ended> ofIfThere(String... command) throws InterruptedException {
        try {
            return Optional.of(of(Map.of(), List.of(command)));
        } catch (IOException e) {
            return Optional.empty();
        }
    }
}
