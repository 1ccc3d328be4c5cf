package io.couplet.flink;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.flink.api.common.JobID;
import org.apache.flink.api.common.JobStatus;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.HeartbeatManagerOptions;
import org.apache.flink.configuration.JobManagerOptions;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.configuration.RestOptions;
import org.apache.flink.configuration.TaskManagerOptions;
import org.apache.flink.core.execution.RecoveryClaimMode;
import org.apache.flink.runtime.jobgraph.SavepointRestoreSettings;
import org.apache.flink.runtime.jobmaster.JobResult;
import org.apache.flink.runtime.minicluster.MiniCluster;
import org.apache.flink.runtime.minicluster.MiniClusterConfiguration;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.graph.StreamGraph;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Both jobs on a Flink mini-cluster in this JVM, going on from the newest checkpoints in their directory.
 *
 * <p>Closing takes a last checkpoint of each job and cancels it. A process that is killed instead loses nothing: records since the newest checkpoint
 * are read again, and scores are upserts.
 */
public final class AnalyticsCluster implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(AnalyticsCluster.class);

    private static final Duration STEP_OF_CLOSING = Duration.ofSeconds(10);

    /** Grows when state of an earlier version cannot be read; the topics are then read again from their beginning. */
    private static final String STATE_VERSION = "v1";

    private final MiniCluster cluster;
    private final List<JobID> jobs = new ArrayList<>();
    private final CompletableFuture<Void> failure = new CompletableFuture<>();
    private volatile boolean closing;

    private AnalyticsCluster(MiniCluster cluster) {
        this.cluster = cluster;
    }

    /**
     * Starts the mini-cluster and both jobs; returns when both run.
     *
     * @param bootstrapServers Kafka's brokers; all topics must exist
     * @param clientProperties further properties for every Kafka client
     * @param checkpoints local directory for the jobs' checkpoints, created when missing; one directory belongs to one Kafka cluster
     * @param parallelism subtasks of each job, at least 1
     * @throws AnalyticsException when Flink or a job does not start; the message says why in one sentence
     * @throws InterruptedException when interrupted while waiting; everything is closed then
     */
    public static AnalyticsCluster start(
            String bootstrapServers, Map<String, String> clientProperties, Path checkpoints, int parallelism)
            throws InterruptedException {
        if (parallelism < 1) {
            throw new IllegalArgumentException("parallelism must be at least 1, was " + parallelism);
        }
        MiniCluster mini = new MiniCluster(new MiniClusterConfiguration.Builder()
                .setConfiguration(configuration())
                .setNumTaskManagers(1)
                .setNumSlotsPerTaskManager(2 * parallelism)
                .build());
        AnalyticsCluster analytics = new AnalyticsCluster(mini);
        try {
            mini.start();
            for (String job : List.of(ConvergenceJob.NAME, CouplingJob.NAME)) {
                Path directory =
                        checkpoints.toAbsolutePath().resolve(STATE_VERSION).resolve(job);
                JobSettings settings = new JobSettings(
                        bootstrapServers, clientProperties, directory.toUri().toString(), parallelism);
                StreamExecutionEnvironment environment = job.equals(ConvergenceJob.NAME)
                        ? AnalyticsJobs.convergence(settings)
                        : AnalyticsJobs.coupling(settings);
                analytics.submit(job, environment, new CheckpointDirectory(directory));
            }
            return analytics;
        } catch (InterruptedException e) {
            analytics.close();
            throw e;
        } catch (Exception e) { // MiniCluster.start declares Exception.
            analytics.close();
            throw new AnalyticsException("The Flink jobs did not start: " + rootMessage(e), e);
        }
    }

    /**
     * The mini-cluster's settings: small, because the jobs need tens of megabytes, and reachable by nobody else. Heap state counts to the JVM's own
     * heap.
     */
    public static Configuration configuration() {
        Configuration configuration = new Configuration();
        configuration.set(TaskManagerOptions.NETWORK_MEMORY_MIN, MemorySize.ofMebiBytes(16));
        configuration.set(TaskManagerOptions.NETWORK_MEMORY_MAX, MemorySize.ofMebiBytes(16));
        configuration.set(TaskManagerOptions.MANAGED_MEMORY_SIZE, MemorySize.ofMebiBytes(1));
        configuration.set(RestOptions.ADDRESS, "localhost");
        configuration.set(RestOptions.BIND_ADDRESS, "localhost");
        configuration.set(RestOptions.BIND_PORT, "0");
        configuration.set(JobManagerOptions.ADDRESS, "localhost");
        // Everything is one JVM: a long pause of it is no lost TaskManager.
        configuration.set(HeartbeatManagerOptions.HEARTBEAT_TIMEOUT, Duration.ofMinutes(2));
        return configuration;
    }

    private void submit(String name, StreamExecutionEnvironment environment, CheckpointDirectory checkpoints)
            throws IOException, InterruptedException, ExecutionException {
        StreamGraph graph = environment.getStreamGraph();
        graph.setJobName(name);
        Optional<Path> newest = checkpoints.newest();
        if (newest.isPresent()) {
            graph.setSavepointRestoreSettings(
                    SavepointRestoreSettings.forPath(newest.get().toUri().toString(), false, RecoveryClaimMode.CLAIM));
        }
        checkpoints.removeLeftOvers();
        JobID job = cluster.submitJob(graph).get().getJobID();
        jobs.add(job);
        cluster.requestJobResult(job).whenComplete((result, error) -> ended(name, result, error));
        awaitRunning(job);
        LOG.info("{} runs, {}", name, newest.map(path -> "from " + path).orElse("from the first record"));
    }

    private void awaitRunning(JobID job) throws InterruptedException, ExecutionException {
        while (cluster.getJobStatus(job).get() != JobStatus.RUNNING) {
            if (failure.isDone()) {
                failure.get();
            }
            TimeUnit.MILLISECONDS.sleep(20);
        }
    }

    private void ended(String name, JobResult result, Throwable error) {
        if (!closing) {
            Throwable cause = error != null
                    ? error
                    : result.getSerializedThrowable()
                            .<Throwable>map(t -> t.deserializeError(AnalyticsCluster.class.getClassLoader()))
                            .orElseGet(() -> new IllegalStateException("it was cancelled from outside"));
            failure.completeExceptionally(
                    new AnalyticsException("The Flink job " + name + " ended: " + rootMessage(cause), cause));
        }
    }

    /** Completes exceptionally, with an {@link AnalyticsException}, when a job has used up its restarts; never completes otherwise. */
    public CompletableFuture<Void> failure() {
        return failure.copy();
    }

    /** Takes a checkpoint of each job, so that the next start reads nothing again; returns when they are on disk. */
    void checkpoint() throws InterruptedException, ExecutionException, TimeoutException {
        for (JobID job : jobs) {
            cluster.triggerCheckpoint(job).get(STEP_OF_CLOSING.toMillis(), TimeUnit.MILLISECONDS);
        }
    }

    /** Ends the jobs and the mini-cluster; each part is waited for 10 seconds at most. Closing twice changes nothing. */
    @Override
    public void close() {
        if (closing) {
            return;
        }
        closing = true;
        try {
            checkpoint();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException | TimeoutException e) {
            LOG.info("No last checkpoint, records since the newest one will be read again: {}", rootMessage(e));
        }
        stop();
    }

    /** Ends everything at once without a last checkpoint, as if the process had been killed. */
    void kill() {
        closing = true;
        stop();
    }

    private void stop() {
        for (JobID job : jobs) {
            await(cluster.cancelJob(job));
            await(cluster.requestJobResult(job));
        }
        await(cluster.closeAsync());
    }

    private static void await(Future<?> future) {
        try {
            future.get(STEP_OF_CLOSING.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException | TimeoutException e) {
            LOG.debug("While closing: {}", rootMessage(e));
        }
    }

    private static String rootMessage(Throwable error) {
        Throwable root = error;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        String message = root.getMessage();
        return message == null ? root.getClass().getSimpleName() : message;
    }
}
