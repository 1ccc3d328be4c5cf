package io.couplet.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** How much memory of a process lies in RAM, native memory included. */
final class ResidentMemory {
    private ResidentMemory() {}

    /** Of this process; NaN where the system does not tell, that is anywhere but on Linux. */
    static double mebibytes() throws IOException {
        return mebibytes(ProcessHandle.current().pid());
    }

    /** Of another process; NaN also when it has ended. */
    static double mebibytes(long pid) throws IOException {
        Path status = Path.of("/proc", Long.toString(pid), "status");
        if (!Files.isReadable(status)) {
            return Double.NaN;
        }
        for (String line : Files.readAllLines(status)) {
            if (line.startsWith("VmRSS:")) {
                return Long.parseLong(line.replaceAll("\\D", "")) / 1024.0;
            }
        }
        return Double.NaN;
    }
}
