package io.couplet.cli.metrics;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.couplet.cli.local.UserError;
import java.io.IOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Serves {@code /metrics} and {@code /health} of a service that has no HTTP server otherwise. Reads only, and says nothing that is secret. */
public final class MetricsServer implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(MetricsServer.class);
    private static final String PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8";
    private static final String SENTENCE = "text/plain; charset=utf-8";

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
        ExecutorService threads = Executors.newFixedThreadPool(2, work -> {
            Thread thread = new Thread(work, "couplet-metrics");
            thread.setDaemon(true);
            return thread;
        });
        server.setExecutor(threads);
        server.createContext("/", exchange -> {
            try (exchange) {
                answer(exchange, scrape, failure);
            }
        });
        server.start();
        MetricsServer started = new MetricsServer(server, threads);
        LOG.info("Metrics at http://{}:{}/metrics, health at /health", host, started.port());
        return started;
    }

    private static void answer(HttpExchange exchange, Supplier<String> scrape, Supplier<@Nullable String> failure)
            throws IOException {
        String method = exchange.getRequestMethod();
        String path = exchange.getRequestURI().getPath();
        if (!method.equals("GET") && !method.equals("HEAD")) {
            exchange.getResponseHeaders().set("Allow", "GET, HEAD");
            send(exchange, 405, SENTENCE, "Only GET is answered here.\n");
        } else if (path.equals("/metrics")) {
            send(exchange, 200, PROMETHEUS, scrape.get());
        } else if (path.equals("/health")) {
            String reason = failure.get();
            send(exchange, reason == null ? 200 : 503, SENTENCE, (reason == null ? "up" : reason) + '\n');
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
