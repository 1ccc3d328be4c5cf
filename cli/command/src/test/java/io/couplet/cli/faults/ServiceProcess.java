package io.couplet.cli.faults;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** One service in a JVM of its own that can be killed, frozen and started again with the same arguments. */
final class ServiceProcess implements AutoCloseable {

    private static final int SECONDS_TO_END = 40;

    private final String name;
    private final List<String> command;
    private final Path log;
    private @Nullable Process process;

    ServiceProcess(String name, List<String> command, Path log) {
        this.name = name;
        this.command = List.copyOf(command);
        this.log = log;
    }

    /** A main class on this test's own class path. */
    static ServiceProcess java(
            String name, Path directory, List<String> jvm, String mainClass, List<String> arguments) {
        return java(name, directory, System.getProperty("java.class.path"), jvm, mainClass, arguments);
    }

    /** A main class on another class path. */
    static ServiceProcess java(
            String name, Path directory, String classPath, List<String> jvm, String mainClass, List<String> arguments) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of(
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-Djava.awt.headless=true",
                "-DOPT_OUT_TRACKING=true",
                "-Dai.djl.offline=true"));
        command.addAll(jvm);
        command.addAll(List.of("-cp", classPath, mainClass));
        command.addAll(arguments);
        return new ServiceProcess(name, command, directory.resolve(name + ".log"));
    }

    String name() {
        return name;
    }

    ServiceProcess start() throws IOException {
        process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
                .start();
        return this;
    }

    /** Whether it is the process of this number. */
    boolean is(long pid) {
        return process != null && process.pid() == pid;
    }

    boolean isAlive() {
        return process != null && process.isAlive();
    }

    /** SIGKILL; returns when it is gone. */
    void kill() throws InterruptedException {
        if (process != null) {
            process.destroyForcibly().waitFor();
        }
    }

    /** SIGTERM; returns when it has closed what it had opened. */
    void end() throws InterruptedException {
        if (process != null) {
            process.destroy();
            if (!process.waitFor(SECONDS_TO_END, TimeUnit.SECONDS)) {
                kill();
                throw new AssertionError(name + " did not end within " + SECONDS_TO_END + " s:\n" + tail());
            }
        }
    }

    /** SIGSTOP: it is there and does nothing. */
    void freeze() throws IOException, InterruptedException {
        signal("STOP");
    }

    /** SIGCONT. */
    void thaw() throws IOException, InterruptedException {
        signal("CONT");
    }

    private void signal(String signal) throws IOException, InterruptedException {
        if (process == null) {
            throw new IllegalStateException(name + " was not started");
        }
        int code = new ProcessBuilder("kill", "-" + signal, Long.toString(process.pid()))
                .inheritIO()
                .start()
                .waitFor();
        if (code != 0) {
            throw new AssertionError(name + " could not be sent SIG" + signal);
        }
    }

    /** Runs it to its end, which must be a good one. */
    void complete() throws IOException, InterruptedException {
        start();
        if (process == null || process.waitFor() != 0) {
            throw new AssertionError(name + " failed:\n" + tail());
        }
    }

    /** The last lines it said. */
    String tail() {
        try {
            List<String> lines = Files.readAllLines(log);
            return String.join("\n", lines.subList(Math.max(0, lines.size() - 40), lines.size()));
        } catch (IOException e) {
            return "(no log: " + e.getMessage() + ")";
        }
    }

    @Override
    public void close() {
        if (process != null) {
            process.destroyForcibly();
        }
    }
}
