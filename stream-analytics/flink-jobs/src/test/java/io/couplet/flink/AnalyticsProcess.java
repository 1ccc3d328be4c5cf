package io.couplet.flink;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Both jobs in a JVM of their own, to be killed: {@code main(BOOTSTRAP_SERVERS, CHECKPOINTS, PARALLELISM)}. It checkpoints as often as it can, so that a kill also meets
 * checkpoints half written, says {@value #RUNNING} once both jobs run and {@value #CHECKPOINTED} after each checkpoint, and ends with its parent.
 */
final class AnalyticsProcess {

    static final String RUNNING = "running";
    static final String CHECKPOINTED = "checkpointed";
    private static final long BETWEEN_CHECKPOINTS_MILLIS = 100;

    private AnalyticsProcess() {}

    static Process start(String bootstrapServers, Path checkpoints, int parallelism, Path log) throws IOException {
        return new ProcessBuilder(List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx320m",
                        "-XX:+UseSerialGC",
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("java.class.path"),
                        AnalyticsProcess.class.getName(),
                        bootstrapServers,
                        checkpoints.toString(),
                        String.valueOf(parallelism)))
                .redirectError(ProcessBuilder.Redirect.appendTo(log.toFile()))
                .start();
    }

    public static void main(String[] arguments) throws InterruptedException, ExecutionException {
        Thread parent = new Thread(AnalyticsProcess::endWithParent, "parent-watch");
        parent.setDaemon(true);
        parent.start();
        AnalyticsCluster cluster =
                AnalyticsCluster.start(arguments[0], Map.of(), Path.of(arguments[1]), Integer.parseInt(arguments[2]));
        System.out.println(RUNNING);
        while (true) {
            checkpoint(cluster);
            try {
                cluster.failure().get(BETWEEN_CHECKPOINTS_MILLIS, TimeUnit.MILLISECONDS);
            } catch (TimeoutException stillRunning) {
                continue;
            }
        }
    }

    private static void checkpoint(AnalyticsCluster cluster) throws InterruptedException {
        try {
            cluster.checkpoint();
            System.out.println(CHECKPOINTED);
        } catch (ExecutionException | TimeoutException e) {
            System.err.println("No checkpoint this time: " + e);
        }
    }

    private static void endWithParent() {
        try {
            while (System.in.read() >= 0) {
                continue;
            }
        } catch (IOException e) {
            System.err.println("Lost the parent: " + e);
        }
        Runtime.getRuntime().halt(1);
    }
}
