package io.couplet.broker;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import kafka.server.BrokerServer;
import kafka.server.ControllerServer;
import kafka.server.KafkaConfig;
import kafka.server.KafkaRaftServer;
import kafka.server.Server$;
import kafka.server.SharedServer;
import kafka.server.StandardFaultHandlerFactory;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.metadata.bootstrap.BootstrapMetadata;
import org.apache.kafka.metadata.properties.MetaPropertiesEnsemble;
import org.apache.kafka.metadata.storage.Formatter;
import org.apache.kafka.raft.QuorumConfig;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import scala.Tuple2;

/**
 * A running Kafka broker that is its own controller, in this JVM, reachable on 127.0.0.1 only.
 *
 * <p>Its data stays in its directory: a broker started there later has the same cluster id, topics, records and group offsets. Topics are
 * never created automatically. Share groups are on. Everything has one replica.
 */
public final class EmbeddedBroker implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(EmbeddedBroker.class);

    private final DirectoryLock lock;
    private final BoundListeners listeners;
    private final BrokerServer broker;
    private final ControllerServer controller;
    private final String clusterId;
    private final Path directory;
    private final boolean temporary;
    private boolean closed;

    private EmbeddedBroker(
            Path directory, int port, boolean temporary, Map<String, String> further, List<String> scramCredentials) {
        this.directory = directory;
        this.temporary = temporary;
        lock = lock(directory);
        BoundListeners bound = null;
        try {
            bound = BoundListeners.bind(port);
            listeners = bound;
            Path logDirectory = directory.resolve("topics");
            Map<String, String> settings = new HashMap<>(
                    BrokerSettings.of(logDirectory, BoundListeners.HOST, bound.clientPort(), bound.controllerPort()));
            settings.putAll(further);
            KafkaConfig config = new KafkaConfig(settings, false);
            formatIfNew(logDirectory, scramCredentials);
            Tuple2<MetaPropertiesEnsemble, BootstrapMetadata> formatted =
                    KafkaRaftServer.initializeLogDirs(config, LOG, "");
            clusterId = formatted._1().clusterId().orElseThrow();
            SharedServer shared = new SharedServer(
                    config,
                    formatted._1(),
                    Time.SYSTEM,
                    Server$.MODULE$.initializeMetrics(config, Time.SYSTEM, clusterId),
                    CompletableFuture.completedFuture(QuorumConfig.parseVoterConnections(
                            config.quorumConfig().voters())),
                    List.of(),
                    new StandardFaultHandlerFactory(),
                    bound);
            broker = new BrokerServer(shared);
            controller = new ControllerServer(shared, KafkaRaftServer.configSchema(), formatted._2());
        } catch (RuntimeException e) {
            closeQuietly(bound);
            closeQuietly(lock);
            throw startFailure(directory, e);
        }
        try {
            controller.startup();
            broker.startup();
        } catch (RuntimeException e) {
            close();
            throw startFailure(directory, e);
        }
    }

    /**
     * Starts a broker whose data is kept in {@code directory}, which is created when it does not exist.
     *
     * @param port the port that clients connect to, or 0 for any free one
     * @throws BrokerStartException when the directory cannot be written or is in use by another broker, or the port is taken
     */
    public static EmbeddedBroker start(Path directory, int port) {
        return new EmbeddedBroker(directory.toAbsolutePath().normalize(), port, false, Map.of(), List.of());
    }

    /** Starts a broker on any free port in a new temporary directory, which {@link #close()} deletes. */
    public static EmbeddedBroker startInTemporaryDirectory() {
        return startInTemporaryDirectory(Map.of(), List.of());
    }

    /**
     * The same with further settings, such as TLS, SASL and an authorizer.
     *
     * @param further the broker's own names and values; the listener of clients is {@code PLAINTEXT}, whatever protocol it is given
     * @param scramCredentials users that are there from the beginning, such as {@code SCRAM-SHA-512=[name=admin,password=…]}
     */
    public static EmbeddedBroker startInTemporaryDirectory(Map<String, String> further, List<String> scramCredentials) {
        try {
            return new EmbeddedBroker(Files.createTempDirectory("couplet-broker"), 0, true, further, scramCredentials);
        } catch (IOException e) {
            throw new BrokerStartException("Cannot create a temporary directory (%s).".formatted(e.getMessage()), e);
        }
    }

    /** The address for {@code bootstrap.servers}, such as {@code 127.0.0.1:40123}. */
    public String bootstrapServers() {
        return BoundListeners.HOST + ":" + port();
    }

    public int port() {
        return listeners.clientPort();
    }

    /** The cluster's id, the same for as long as the directory lives. */
    public String clusterId() {
        return clusterId;
    }

    /** Where the broker's data is. */
    public Path directory() {
        return directory;
    }

    /** Flushes and stops the broker; returns when its files are closed. May be called twice. */
    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        try {
            broker.shutdown();
        } finally {
            try {
                controller.shutdown();
            } finally {
                closeQuietly(listeners);
                closeQuietly(lock);
            }
        }
        if (temporary) {
            deleteRecursively(directory);
        }
    }

    private static DirectoryLock lock(Path directory) {
        try {
            Files.createDirectories(directory.resolve("topics"));
            return DirectoryLock.acquire(directory);
        } catch (IOException e) {
            throw new BrokerStartException(
                    "The broker cannot write into %s (%s): choose a directory that is writable."
                            .formatted(directory, e),
                    e);
        }
    }

    private static void formatIfNew(Path logDirectory, List<String> scramCredentials) {
        if (Files.exists(logDirectory.resolve(MetaPropertiesEnsemble.META_PROPERTIES_NAME))) {
            return;
        }
        try {
            new Formatter()
                    .setClusterId(Uuid.randomUuid().toString())
                    .setNodeId(BrokerSettings.NODE_ID)
                    .addDirectory(logDirectory.toString())
                    .setMetadataLogDirectory(logDirectory.toString())
                    .setControllerListenerName(BrokerSettings.CONTROLLER_LISTENER)
                    .setScramArguments(scramCredentials)
                    .setPrintStream(new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8))
                    .run();
        } catch (Exception e) { // what Formatter declares
            throw new BrokerStartException("Cannot format %s for Kafka (%s).".formatted(logDirectory, e), e);
        }
    }

    private static BrokerStartException startFailure(Path directory, RuntimeException cause) {
        return cause instanceof BrokerStartException known
                ? known
                : new BrokerStartException("The broker did not start in %s (%s).".formatted(directory, cause), cause);
    }

    private static void closeQuietly(@Nullable AutoCloseable resource) {
        if (resource == null) {
            return;
        }
        try {
            resource.close();
        } catch (Exception e) { // AutoCloseable's own declaration
            LOG.warn("Closing {}", resource, e);
        }
    }

    private static void deleteRecursively(Path directory) {
        try {
            Files.walkFileTree(directory, new SimpleFileVisitor<>() {
                @Override
                public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                    Files.deleteIfExists(file);
                    return FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult visitFileFailed(Path file, IOException e) throws IOException {
                    if (e instanceof NoSuchFileException) { // deleted by the broker's own last threads
                        return FileVisitResult.CONTINUE;
                    }
                    throw e;
                }

                @Override
                public FileVisitResult postVisitDirectory(Path visited, @Nullable IOException e) throws IOException {
                    if (e != null) {
                        throw e;
                    }
                    Files.deleteIfExists(visited);
                    return FileVisitResult.CONTINUE;
                }
            });
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
