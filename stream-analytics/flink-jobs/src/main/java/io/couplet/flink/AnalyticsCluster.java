package io.couplet.flink;

import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
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
import org.apache.flink.configuration.RestartStrategyOptions;
import org.apache.flink.configuration.SecurityOptions;
import org.apache.flink.configuration.TaskManagerOptions;
import org.apache.flink.core.execution.RecoveryClaimMode;
import org.apache.flink.core.execution.SavepointFormatType;
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

    private static final List<String> NAMES = List.of(ConvergenceJob.NAME, CouplingJob.NAME);
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
        return start(bootstrapServers, clientProperties, checkpoints, parallelism, new Configuration());
    }

    /** The same with further settings of the mini-cluster, such as another reporter. */
    static AnalyticsCluster start(
            String bootstrapServers,
            Map<String, String> clientProperties,
            Path checkpoints,
            int parallelism,
            Configuration further)
            throws InterruptedException {
        if (parallelism < 1) {
            throw new IllegalArgumentException("parallelism must be at least 1, was " + parallelism);
        }
        Configuration configuration = configuration();
        configuration.addAll(further);
        Path noKeys = shutRest(configuration);
        MiniCluster mini = new MiniCluster(new MiniClusterConfiguration.Builder()
                .setConfiguration(configuration)
                .setCommonBindAddress("localhost")
                .setNumTaskManagers(1)
                .setNumSlotsPerTaskManager(2 * parallelism)
                .build());
        AnalyticsCluster analytics = new AnalyticsCluster(mini);
        try {
            mini.start();
            for (String job : NAMES) {
                Path directory =
                        checkpoints.toAbsolutePath().resolve(STATE_VERSION).resolve(job);
                JobSettings settings = new JobSettings(
                        bootstrapServers, clientProperties, directory.toUri().toString(), parallelism);
                analytics.submit(job, settings, new CheckpointDirectory(directory));
            }
            return analytics;
        } catch (InterruptedException e) {
            analytics.close();
            throw e;
        } catch (Exception e) { // MiniCluster.start declares Exception.
            analytics.close();
            throw new AnalyticsException("The Flink jobs did not start: " + describe(e), e);
        } finally {
            delete(noKeys);
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
        JobMetrics.report(configuration);
        configuration.set(RestOptions.ADDRESS, "localhost");
        configuration.set(RestOptions.BIND_ADDRESS, "localhost");
        configuration.set(RestOptions.BIND_PORT, "0");
        configuration.set(JobManagerOptions.ADDRESS, "localhost");
        // Without it the server of jars and large messages listens on every address.
        configuration.set(JobManagerOptions.BIND_HOST, "localhost");
        // Everything is one JVM: a long pause of it is no lost TaskManager.
        configuration.set(HeartbeatManagerOptions.HEARTBEAT_TIMEOUT, Duration.ofMinutes(2));
        return configuration;
    }

    /**
     * A mini-cluster cannot be had without Flink's REST interface, which runs whatever code it is sent and asks nobody for a password; any user of this machine, and
     * any web page open on it, could be the sender. Nobody needs it here, so it speaks TLS, without a key and without a certificate that it trusts: no handshake
     * comes to its end.
     *
     * @return a file that Flink reads while it starts
     */
    private static Path shutRest(Configuration configuration) {
        char[] password = UUID.randomUUID().toString().toCharArray();
        try {
            KeyStore noKeys = KeyStore.getInstance("PKCS12");
            noKeys.load(null, null);
            Path file = Files.createTempFile("couplet-no-keys", ".p12");
            try (OutputStream out = Files.newOutputStream(file)) {
                noKeys.store(out, password);
            }
            configuration.set(SecurityOptions.SSL_REST_ENABLED, true);
            configuration.set(SecurityOptions.SSL_REST_AUTHENTICATION_ENABLED, true);
            configuration.set(SecurityOptions.SSL_REST_KEYSTORE, file.toString());
            configuration.set(SecurityOptions.SSL_REST_KEYSTORE_TYPE, "PKCS12");
            configuration.set(SecurityOptions.SSL_REST_KEYSTORE_PASSWORD, new String(password));
            configuration.set(SecurityOptions.SSL_REST_KEY_PASSWORD, new String(password));
            configuration.set(SecurityOptions.SSL_REST_TRUSTSTORE, file.toString());
            configuration.set(SecurityOptions.SSL_REST_TRUSTSTORE_TYPE, "PKCS12");
            configuration.set(SecurityOptions.SSL_REST_TRUSTSTORE_PASSWORD, new String(password));
            return file;
        } catch (IOException | GeneralSecurityException e) {
            throw new AnalyticsException("Flink's REST interface could not be shut: " + describe(e), e);
        }
    }

    private static void delete(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            LOG.debug("{} stays: {}", file, describe(e));
        }
    }

    /** The broker is in this process or on this machine: what fails five times in five minutes is not mended by waiting, and the user is to be told. */
    private static Configuration restarts() {
        Configuration configuration = new Configuration();
        configuration.set(RestartStrategyOptions.RESTART_STRATEGY, "failure-rate");
        configuration.set(RestartStrategyOptions.RESTART_STRATEGY_FAILURE_RATE_MAX_FAILURES_PER_INTERVAL, 5);
        configuration.set(
                RestartStrategyOptions.RESTART_STRATEGY_FAILURE_RATE_FAILURE_RATE_INTERVAL, Duration.ofMinutes(5));
        configuration.set(RestartStrategyOptions.RESTART_STRATEGY_FAILURE_RATE_DELAY, Duration.ofSeconds(1));
        return configuration;
    }

    /** Goes on from the newest checkpoint that can be read, or else from the first record. */
    private void submit(String name, JobSettings settings, CheckpointDirectory checkpoints)
            throws IOException, InterruptedException, ExecutionException {
        checkpoints.removeLeftOvers();
        for (Path checkpoint : checkpoints.newestFirst()) {
            try {
                submit(
                        name,
                        settings,
                        SavepointRestoreSettings.forPath(
                                checkpoint.toUri().toString(), false, RecoveryClaimMode.CLAIM));
                LOG.info("{} goes on from {}", name, checkpoint);
                return;
            } catch (AnalyticsException e) {
                LOG.warn("{} cannot go on from {}: {}", name, checkpoint, e.getMessage());
            }
        }
        submit(name, settings, SavepointRestoreSettings.none());
        LOG.info("{} begins at the first record", name);
    }

    /** Returns when the job runs; throws when it ends before. */
    private void submit(String name, JobSettings settings, SavepointRestoreSettings restore)
            throws InterruptedException, ExecutionException {
        StreamExecutionEnvironment environment = name.equals(ConvergenceJob.NAME)
                ? AnalyticsJobs.convergence(settings)
                : AnalyticsJobs.coupling(settings);
        environment.configure(restarts());
        StreamGraph graph = environment.getStreamGraph();
        graph.setJobName(name);
        graph.setSavepointRestoreSettings(restore);
        JobID job = cluster.submitJob(graph).get().getJobID();
        CompletableFuture<JobResult> result = cluster.requestJobResult(job);
        while (cluster.getJobStatus(job).get() != JobStatus.RUNNING) {
            if (result.isDone()) {
                throw ended(name, result.get());
            }
            TimeUnit.MILLISECONDS.sleep(20);
        }
        jobs.add(job);
        result.whenComplete((end, error) -> {
            if (!closing) {
                failure.completeExceptionally(
                        error == null
                                ? ended(name, end)
                                : new AnalyticsException(
                                        "The Flink job " + name + " was lost: " + describe(error), error));
            }
        });
    }

    private static AnalyticsException ended(String name, JobResult result) {
        Throwable cause = result.getSerializedThrowable()
                .<Throwable>map(thrown -> thrown.deserializeError(AnalyticsCluster.class.getClassLoader()))
                .orElseGet(() -> new IllegalStateException("it was cancelled from outside"));
        return new AnalyticsException("The Flink job " + name + " ended: " + describe(cause), cause);
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

    /**
     * Writes a savepoint of each job in Flink's canonical format, as an operator does before an upgrade, and lets the jobs go on.
     *
     * @return where each job's savepoint lies, by the job's name
     */
    Map<String, Path> savepoints(Path directory) throws InterruptedException, ExecutionException, TimeoutException {
        Map<String, Path> savepoints = new LinkedHashMap<>();
        for (int i = 0; i < jobs.size(); i++) {
            String written = cluster.triggerSavepoint(
                            jobs.get(i), directory.toUri().toString(), false, SavepointFormatType.CANONICAL)
                    .get(STEP_OF_CLOSING.toMillis(), TimeUnit.MILLISECONDS);
            savepoints.put(NAMES.get(i), Path.of(URI.create(written)));
        }
        return savepoints;
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
            LOG.info("No last checkpoint, records since the newest one will be read again: {}", describe(e));
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
            LOG.debug("While closing: {}", describe(e));
        }
    }

    /** The last two messages of a chain of causes that say something of their own. */
    private static String describe(Throwable error) {
        String before = "";
        String last = "";
        for (Throwable at = error; at != null; at = at.getCause()) {
            String message = at.getMessage();
            boolean repeats = at.getCause() != null
                    && (message == null || message.equals(at.getCause().toString()));
            if (!repeats) {
                before = last;
                last = message == null ? at.getClass().getSimpleName() : message;
            }
        }
        return before.isEmpty() || before.contains(last) ? last : before + ' ' + last;
    }
}
