package io.couplet.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** How much memory of this process lies in RAM, the engine's included. */
final class ResidentMemory {
    private static final Path STATUS = Path.of("/proc/self/status");

    private ResidentMemory() {}

    /** NaN where the system does not tell, that is anywhere but on Linux. */
    static double mebibytes() throws IOException {
        if (!Files.isReadable(STATUS)) {
            return Double.NaN;
        }
        for (String line : Files.readAllLines(STATUS)) {
            if (line.startsWith("VmRSS:")) {
                return Long.parseLong(line.replaceAll("\\D", "")) / 1024.0;
            }
        }
        return Double.NaN;
    }
}
