package io.couplet.view.http;

import com.fasterxml.jackson.annotation.JsonUnwrapped;
import io.couplet.view.model.Advice;
import io.couplet.view.model.Json;
import io.couplet.view.model.RunSnapshot;
import io.couplet.view.model.StudySnapshot;
import io.couplet.view.model.ViewModel;
import io.javalin.Javalin;
import io.javalin.config.JavalinConfig;
import io.javalin.http.Context;
import io.javalin.util.JavalinBindException;
import java.io.IOException;
import java.net.BindException;
import java.net.URI;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Serves the model. */
public final class ViewServer implements AutoCloseable {

    static final int DEFAULT_POINTS = 600;
    private static final int MOST_POINTS = 4096;
    private static final int MOST_STREAMS = 64;
    private static final Set<String> LOOPBACK_HOSTS = Set.of("127.0.0.1", "localhost", "[::1]", "::1");
    private static final Map<String, String> SECURITY_HEADERS = Map.of(
            "Content-Security-Policy",
            "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'",
            "X-Content-Type-Options",
            "nosniff",
            "Referrer-Policy",
            "no-referrer",
            "X-Frame-Options",
            "DENY",
            "Cross-Origin-Resource-Policy",
            "same-origin",
            "Cache-Control",
            "no-cache");

    private final ViewModel model;
    private final Supplier<@Nullable String> failure;
    private final CountDownLatch closing = new CountDownLatch(1);
    private final Semaphore streams = new Semaphore(MOST_STREAMS);
    private final Javalin javalin;
    private String host = "127.0.0.1";

    /** @param failure why the model no longer grows; null while it does */
    public ViewServer(ViewModel model, Supplier<@Nullable String> failure) {
        this.model = model;
        this.failure = failure;
        this.javalin = Javalin.create(this::configure);
    }

    /**
     * Binds the port.
     *
     * @param port 0 takes a free one
     * @throws BindException when it cannot be bound
     */
    public void start(String onHost, int port) throws BindException {
        host = onHost;
        try {
            javalin.start(onHost, port);
        } catch (JavalinBindException e) {
            throw (BindException) new BindException(String.valueOf(e.getMessage())).initCause(e);
        }
    }

    /** Where the page is. */
    public URI address() {
        boolean everywhere = host.equals("0.0.0.0") || host.equals("::");
        String name = everywhere ? "127.0.0.1" : host.contains(":") ? '[' + host + ']' : host;
        return URI.create("http://" + name + ':' + javalin.port() + '/');
    }

    @Override
    public void close() {
        closing.countDown();
        javalin.stop();
    }

    private void configure(JavalinConfig config) {
        config.startup.showJavalinBanner = false;
        config.startup.showOldJavalinVersionWarning = false;
        config.startup.startupWatcherEnabled = false;
        config.routes.before(this::guard);
        new PageFiles()
                .all()
                .forEach((path, file) -> config.routes.get(
                        path, context -> context.contentType(file.contentType()).result(file.bytes())));
        config.routes.get("/api/health", this::health);
        config.routes.get("/api/studies", context -> json(context, model.studies()));
        config.routes.get("/api/studies/{id}", this::study);
        config.routes.get("/api/runs/{id}", this::run);
        config.routes.get("/api/events", this::events);
        config.routes.error(404, context -> {
            if (context.path().startsWith("/api/") && !"application/json".equals(context.contentType())) {
                json(context, Map.of("error", "There is nothing at " + context.path() + "."));
            }
        });
    }

    /** Reads only, and on the loopback address only under its own names, so that no web page elsewhere can read along. */
    private void guard(Context context) {
        SECURITY_HEADERS.forEach(context::header);
        String method = context.req().getMethod();
        if (!method.equals("GET") && !method.equals("HEAD")) {
            refuse(context, 405, "This server only answers GET.");
        } else if (LOOPBACK_HOSTS.contains(host)
                && !LOOPBACK_HOSTS.contains(context.req().getServerName())) {
            refuse(context, 421, "This server answers as localhost only.");
        }
    }

    private static void refuse(Context context, int status, String sentence) {
        json(context.status(status), Map.of("error", sentence));
        context.skipRemainingHandlers();
    }

    private void health(Context context) {
        String reason = failure.get();
        Map<String, Object> health = new LinkedHashMap<>();
        health.put("status", reason == null ? "up" : "down");
        if (reason != null) {
            health.put("reason", reason);
        }
        health.put("instance", model.instance());
        health.put("streams", MOST_STREAMS - streams.availablePermits());
        health.put("intake", model.intake());
        json(context.status(reason == null ? 200 : 503), health);
    }

    private void study(Context context) {
        StudySnapshot study = model.snapshot(context.pathParam("id"));
        if (study == null) {
            refuse(context, 404, "No study " + context.pathParam("id") + " has been read.");
        } else {
            json(context, new StudyAnswer(study, Advice.of(study)));
        }
    }

    /** A study and its advice, side by side in one object. */
    record StudyAnswer(@JsonUnwrapped StudySnapshot study, List<Advice.Sentence> advice) {}

    private void run(Context context) {
        int points;
        String asked = context.queryParam("points");
        try {
            points = asked == null ? DEFAULT_POINTS : Integer.parseInt(asked);
        } catch (NumberFormatException e) {
            points = 0;
        }
        if (points < 1 || points > MOST_POINTS) {
            refuse(context, 400, "points must be between 1 and " + MOST_POINTS + ", was " + asked + '.');
            return;
        }
        RunSnapshot run = model.run(context.pathParam("id"), points);
        if (run == null) {
            refuse(context, 404, "No run " + context.pathParam("id") + " has been read.");
        } else {
            json(context, run);
        }
    }

    private void events(Context context) throws InterruptedException {
        if (!streams.tryAcquire()) {
            refuse(context, 503, "There are " + MOST_STREAMS + " open event streams already: close one.");
            return;
        }
        try {
            context.res().setContentType("text/event-stream");
            context.res().setCharacterEncoding("UTF-8");
            new EventStream(model, context.queryParam("study"), context.res().getOutputStream(), closing).run();
        } catch (IOException e) {
            // The client has gone: that is how an event stream ends.
        } finally {
            streams.release();
        }
    }

    private static void json(Context context, Object value) {
        context.contentType("application/json").result(Json.line(value));
    }
}
