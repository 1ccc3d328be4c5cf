package io.couplet.flink;

import java.time.Duration;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.ExecutionOptions;
import org.apache.flink.configuration.ExternalizedCheckpointRetention;
import org.apache.flink.configuration.PipelineOptions;
import org.apache.flink.configuration.RestartStrategyOptions;
import org.apache.flink.configuration.StateBackendOptions;
import org.apache.flink.core.execution.CheckpointingMode;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** The two jobs with everything set that they need wherever they run. */
final class AnalyticsJobs {

    private AnalyticsJobs() {}

    /** The convergence job, ready to be executed. */
    static StreamExecutionEnvironment convergence(JobSettings settings) {
        StreamExecutionEnvironment environment = environment(settings);
        ConvergenceJob.define(environment, kafka(settings));
        return environment;
    }

    /** The coupling job, ready to be executed. */
    static StreamExecutionEnvironment coupling(JobSettings settings) {
        StreamExecutionEnvironment environment = environment(settings);
        CouplingJob.define(environment, kafka(settings));
        return environment;
    }

    private static KafkaEnds kafka(JobSettings settings) {
        return new KafkaEnds(settings.bootstrapServers(), settings.clientProperties());
    }

    private static StreamExecutionEnvironment environment(JobSettings settings) {
        Configuration configuration = configuration();
        if (settings.checkpoints() != null) {
            configuration.set(CheckpointingOptions.CHECKPOINT_STORAGE, "filesystem");
            configuration.set(CheckpointingOptions.CHECKPOINTS_DIRECTORY, settings.checkpoints());
        }
        StreamExecutionEnvironment environment = StreamExecutionEnvironment.getExecutionEnvironment(configuration);
        if (settings.parallelism() > 0) {
            environment.setParallelism(settings.parallelism());
        }
        return environment;
    }

    /**
     * Settings of both jobs.
     *
     * <p>State is exactly once although the sinks are at least once: a record that was counted twice in the state would change the counts in the
     * scores. Generic types and generated uids are off, so that a type which would go through Kryo, or an operator whose state could not be found
     * again, fails when the graph is built.
     */
    static Configuration configuration() {
        Configuration configuration = new Configuration();
        configuration.set(StateBackendOptions.STATE_BACKEND, "hashmap");
        configuration.set(CheckpointingOptions.CHECKPOINTING_INTERVAL, Duration.ofSeconds(10));
        configuration.set(CheckpointingOptions.MIN_PAUSE_BETWEEN_CHECKPOINTS, Duration.ofSeconds(5));
        configuration.set(CheckpointingOptions.FS_WRITE_BUFFER_SIZE, 128 << 10);
        configuration.set(CheckpointingOptions.CHECKPOINTING_CONSISTENCY_MODE, CheckpointingMode.EXACTLY_ONCE);
        configuration.set(CheckpointingOptions.CHECKPOINTING_TIMEOUT, Duration.ofMinutes(1));
        configuration.set(CheckpointingOptions.MAX_RETAINED_CHECKPOINTS, 2);
        configuration.set(
                CheckpointingOptions.EXTERNALIZED_CHECKPOINT_RETENTION,
                ExternalizedCheckpointRetention.RETAIN_ON_CANCELLATION);
        configuration.set(ExecutionOptions.BUFFER_TIMEOUT, Duration.ofMillis(2));
        configuration.set(PipelineOptions.OBJECT_REUSE, true);
        configuration.set(PipelineOptions.GENERIC_TYPES, false);
        configuration.set(PipelineOptions.AUTO_GENERATE_UIDS, false);
        // For ever: a Kafka that is away for minutes makes a job fail many times, and a job that has ended must be
        // submitted again by hand.
        configuration.set(RestartStrategyOptions.RESTART_STRATEGY, "exponential-delay");
        configuration.set(
                RestartStrategyOptions.RESTART_STRATEGY_EXPONENTIAL_DELAY_INITIAL_BACKOFF, Duration.ofSeconds(1));
        configuration.set(
                RestartStrategyOptions.RESTART_STRATEGY_EXPONENTIAL_DELAY_MAX_BACKOFF, Duration.ofSeconds(15));
        configuration.set(
                RestartStrategyOptions.RESTART_STRATEGY_EXPONENTIAL_DELAY_RESET_BACKOFF_THRESHOLD,
                Duration.ofMinutes(2));
        return configuration;
    }
}
