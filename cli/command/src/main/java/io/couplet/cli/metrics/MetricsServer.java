package io.couplet.cli.metrics;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.couplet.cli.local.UserError;
import java.io.IOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.util.Objects;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Serves {@code /metrics} and {@code /health} of a service that has no HTTP server otherwise. Reads only, and says nothing that is secret: why a service is not well may
 * name brokers, so that is said in the log.
 */
public final class MetricsServer implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(MetricsServer.class);
    private static final String PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8";
    private static final String SENTENCE = "text/plain; charset=utf-8";
    private static final int THREADS = 8;

    static {
        // The JDK's server waits for ever for the rest of a request, and for whoever does not read an answer; it reads
        // these when it is first used.
        System.setProperty("sun.net.httpserver.maxReqTime", "5");
        System.setProperty("sun.net.httpserver.maxRspTime", "10");
        System.setProperty("sun.net.httpserver.idleInterval", "30");
    }

    private final HttpServer server;
    private final ExecutorService threads;

    private MetricsServer(HttpServer server, ExecutorService threads) {
        this.server = server;
        this.threads = threads;
    }

    /**
     * Binds the port and serves.
     *
     * @param port 0 takes a free one
     * @param scrape all metrics as Prometheus reads them
     * @param failure why the service does not work, in one sentence; null while it does
     * @throws UserError when the port cannot be had
     */
    public static MetricsServer start(
            String host, int port, Supplier<String> scrape, Supplier<@Nullable String> failure) {
        HttpServer server;
        try {
            server = HttpServer.create(new InetSocketAddress(host, port), 0);
        } catch (BindException e) {
            throw new UserError(
                    "Metrics cannot be served on " + host + " port " + port
                            + ": another program has it or it is not allowed; choose another --metrics-port.",
                    e);
        } catch (IOException | IllegalArgumentException e) {
            throw new UserError("Metrics cannot be served on " + host + ": " + e.getMessage() + ".", e);
        }
        ExecutorService threads = Executors.newFixedThreadPool(THREADS, work -> {
            Thread thread = new Thread(work, "couplet-metrics");
            thread.setDaemon(true);
            return thread;
        });
        server.setExecutor(threads);
        AtomicReference<@Nullable String> logged = new AtomicReference<>();
        server.createContext("/", exchange -> {
            try (exchange) {
                answer(exchange, scrape, () -> isWell(failure.get(), logged));
            }
        });
        server.start();
        MetricsServer started = new MetricsServer(server, threads);
        LOG.info("Metrics at http://{}:{}/metrics, health at /health", host, started.port());
        return started;
    }

    /** Logs why not, once for as long as it is the same. */
    private static boolean isWell(@Nullable String failure, AtomicReference<@Nullable String> logged) {
        if (!Objects.equals(logged.getAndSet(failure), failure)) {
            if (failure == null) {
                LOG.info("Health is up again");
            } else {
                LOG.warn("Health is down: {}", failure);
            }
        }
        return failure == null;
    }

    private static void answer(HttpExchange exchange, Supplier<String> scrape, BooleanSupplier health)
            throws IOException {
        String method = exchange.getRequestMethod();
        String path = exchange.getRequestURI().getPath();
        if (!method.equals("GET") && !method.equals("HEAD")) {
            exchange.getResponseHeaders().set("Allow", "GET, HEAD");
            send(exchange, 405, SENTENCE, "Only GET is answered here.\n");
        } else if (path.equals("/metrics")) {
            send(exchange, 200, PROMETHEUS, scrape.get());
        } else if (path.equals("/health")) {
            boolean well = health.getAsBoolean();
            send(exchange, well ? 200 : 503, SENTENCE, well ? "up\n" : "down: the log says why\n");
        } else {
            send(exchange, 404, SENTENCE, "There are /metrics and /health here.\n");
        }
    }

    private static void send(HttpExchange exchange, int status, String contentType, String text) throws IOException {
        byte[] bytes = text.getBytes(UTF_8);
        exchange.getResponseHeaders().set("Content-Type", contentType);
        exchange.getResponseHeaders().set("X-Content-Type-Options", "nosniff");
        if (exchange.getRequestMethod().equals("HEAD")) {
            exchange.sendResponseHeaders(status, -1);
        } else {
            exchange.sendResponseHeaders(status, bytes.length);
            exchange.getResponseBody().write(bytes);
        }
    }

    /** The port it serves on. */
    public int port() {
        return server.getAddress().getPort();
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }
}
