package io.couplet.view.http;

import com.fasterxml.jackson.annotation.JsonUnwrapped;
import io.couplet.scores.coupling.Families;
import io.couplet.view.http.Endpoint.Parameter;
import io.couplet.view.model.Advice;
import io.couplet.view.model.CurveSketch;
import io.couplet.view.model.Json;
import io.couplet.view.model.LayerSnapshot;
import io.couplet.view.model.RunSnapshot;
import io.couplet.view.model.StudyAnalysis;
import io.couplet.view.model.StudySnapshot;
import io.couplet.view.model.StudySummary;
import io.couplet.view.model.ViewModel;
import io.javalin.Javalin;
import io.javalin.config.JavalinConfig;
import io.javalin.http.Context;
import io.javalin.http.Handler;
import io.javalin.util.JavalinBindException;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.lang.reflect.Type;
import java.net.BindException;
import java.net.URI;
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
    private static final String PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8";
    private static final int DEFAULT_SKETCH_POINTS = 48;
    private static final int MOST_POINTS = 4096;
    private static final int MOST_STREAMS = 200;
    private static final String ANSWERED = "couplet.answered";
    private static final Set<String> LOOPBACK_HOSTS = Set.of("127.0.0.1", "localhost", "[::1]", "::1");
    private static final Map<String, String> SECURITY_HEADERS = Map.of(
            "Content-Security-Policy",
            "default-src 'self'; img-src 'self' blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'",
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
    private final Refusals refusals = new Refusals();
    private final Updates updates;
    private final Families families;
    private final Javalin javalin;
    private String host = "127.0.0.1";
    private volatile @Nullable Supplier<String> scrape;

    /** Without families: nothing is contrasted. */
    public ViewServer(ViewModel model, Supplier<@Nullable String> failure) {
        this(model, failure, Families.NONE);
    }

    /**
     * @param failure why the model no longer grows; null while it does
     * @param families families of backbones and optimizers, for the contrasts
     */
    public ViewServer(ViewModel model, Supplier<@Nullable String> failure, Families families) {
        this.model = model;
        this.updates = new Updates(model);
        this.families = families;
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

    /**
     * Puts what is sent and refused into a registry and serves it under {@code /metrics}.
     *
     * @param scraped the registry as Prometheus reads it
     */
    public void measureIn(MeterRegistry registry, Supplier<String> scraped) {
        new ServerMeters(registry).bind(() -> MOST_STREAMS - streams.availablePermits(), updates, refusals);
        scrape = scraped;
    }

    private void metrics(Context context) {
        Supplier<String> scraped = scrape;
        if (scraped == null) {
            refuse(context, 404, "There is nothing at " + Refusals.shortened(context.path()) + ".");
        } else {
            context.contentType(PROMETHEUS).result(scraped.get());
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
        List<Endpoint> endpoints = endpoints();
        endpoints.forEach(endpoint -> config.routes.get(endpoint.path(), endpoint.handler()));
        String description = Json.indented(OpenApi.of(endpoints));
        config.routes.get(
                "/api/openapi.json",
                context -> context.contentType(Endpoint.JSON).result(description));
        config.routes.get("/metrics", this::metrics);
        config.routes.get("/health", this::health);
        config.routes.error(404, context -> {
            if (!Boolean.TRUE.equals(context.attribute(ANSWERED))) {
                refuse(context, 404, "There is nothing at " + Refusals.shortened(context.path()) + ".");
            }
        });
    }

    /** The API, in the order in which one would ask. */
    private List<Endpoint> endpoints() {
        Parameter study = Parameter.path("id", "The study's id.");
        return List.of(
                endpoint(
                        "/api/studies",
                        "All studies, the one with the newest record first.",
                        List.of(),
                        StudySummary[].class,
                        context -> json(context, model.studies())),
                endpoint(
                        "/api/studies/{id}",
                        "A study: its grid with every run in one line, scores by rung, decisions, counts, advice.",
                        List.of(study),
                        StudyAnswer.class,
                        this::study),
                endpoint(
                        "/api/studies/{id}/analysis",
                        "Contrasts of families and profiles of cost at a rung.",
                        List.of(study, Parameter.query("rung", "integer", "The rung; the report's when left out.")),
                        StudyAnalysis.class,
                        this::analysis),
                endpoint(
                        "/api/studies/{id}/curves",
                        "A few points of the training loss of every run.",
                        List.of(study, Parameter.query("points", "integer", "At most so many points a run.")),
                        CurveSketch[].class,
                        this::curves),
                endpoint(
                        "/api/studies/{id}/layers",
                        "The newest statistics of the weights of every run that has some.",
                        List.of(study, Parameter.query("backbone", "string", "Of this backbone only.")),
                        LayerSnapshot[].class,
                        this::layers),
                endpoint(
                        "/api/runs/{id}",
                        "A run: curve, evaluations, events, attempts, convergence, decisions, settings.",
                        List.of(
                                Parameter.path("id", "The run's id."),
                                Parameter.query(
                                        "points",
                                        "integer",
                                        "At most so many points of the curve; each keeps the least and the greatest loss of its steps.")),
                        RunSnapshot.class,
                        this::run),
                new Endpoint(
                        "/api/events",
                        "Server-sent events: a snapshot of the study, then deltas with the cells that changed.",
                        List.of(Parameter.query("study", "string", "The study; without it only the list of studies.")),
                        EventStream.Update.class,
                        "text/event-stream",
                        this::events),
                endpoint(
                        "/api/health",
                        "Whether records are still read, how many were, and what was refused.",
                        List.of(),
                        Health.class,
                        this::health));
    }

    private static Endpoint endpoint(
            String path, String summary, List<Parameter> parameters, Type answers, Handler handler) {
        return new Endpoint(path, summary, parameters, answers, Endpoint.JSON, handler);
    }

    /** Reads only; on the loopback address only under its own names, so that no web page elsewhere can read along; and never for another site's page. */
    private void guard(Context context) {
        SECURITY_HEADERS.forEach(context::header);
        String method = context.req().getMethod();
        if (!method.equals("GET") && !method.equals("HEAD")) {
            refuse(context, 405, "This server only answers GET.");
        } else if (LOOPBACK_HOSTS.contains(host)
                && !LOOPBACK_HOSTS.contains(context.req().getServerName())) {
            refuse(context, 421, "This server answers as localhost only.");
        } else if (fromAnotherSite(context)) {
            refuse(context, 403, "This server does not answer the pages of other sites.");
        }
    }

    /** A link from elsewhere may open the page; nothing else of another site's is answered. */
    private static boolean fromAnotherSite(Context context) {
        String origin = context.header("Origin");
        boolean foreignOrigin = origin != null && !origin.equals(context.scheme() + "://" + context.header("Host"));
        boolean opensThePage = "navigate".equals(context.header("Sec-Fetch-Mode"))
                && "document".equals(context.header("Sec-Fetch-Dest"))
                && !context.path().startsWith("/api/");
        return foreignOrigin || ("cross-site".equals(context.header("Sec-Fetch-Site")) && !opensThePage);
    }

    /** Why a request was refused. */
    record Refusal(String error) {}

    private void refuse(Context context, int status, String sentence) {
        refusals.add(status, context.ip(), sentence);
        context.attribute(ANSWERED, true);
        json(context.status(status), new Refusal(sentence));
        context.skipRemainingHandlers();
    }

    /**
     * @param status up, or down when no record is read any more
     * @param reason why it is down; null while it is up
     * @param instance instance of the model
     * @param streams open event streams
     * @param refused requests refused, by HTTP status
     * @param intake what was read so far
     */
    record Health(
            String status,
            @Nullable String reason,
            String instance,
            int streams,
            Map<String, Long> refused,
            ViewModel.Intake intake) {}

    private void health(Context context) {
        String reason = failure.get();
        json(
                context.status(reason == null ? 200 : 503),
                new Health(
                        reason == null ? "up" : "down",
                        reason,
                        model.instance(),
                        MOST_STREAMS - streams.availablePermits(),
                        refusals.counts(),
                        model.intake()));
    }

    private void study(Context context) {
        StudySnapshot study = studyAsked(context);
        if (study != null) {
            json(context, new StudyAnswer(study, Advice.of(study)));
        }
    }

    /** The study of the path; null when there is none, which then was answered. */
    private @Nullable StudySnapshot studyAsked(Context context) {
        StudySnapshot study = model.snapshot(context.pathParam("id"));
        if (study == null) {
            refuse(context, 404, "No study " + Refusals.shortened(context.pathParam("id")) + " has been read.");
        }
        return study;
    }

    /** A study and its advice, side by side in one object. */
    record StudyAnswer(@JsonUnwrapped StudySnapshot study, List<Advice.Sentence> advice) {}

    private void analysis(Context context) {
        StudySnapshot study = studyAsked(context);
        if (study == null) {
            return;
        }
        int rungs = study.settings() == null
                ? study.reportRung()
                : study.settings().rungs().size();
        Integer rung = number(context, "rung", study.reportRung(), 0, rungs);
        if (rung != null) {
            json(context, StudyAnalysis.of(study, rung, families));
        }
    }

    private void curves(Context context) {
        Integer points = number(context, "points", DEFAULT_SKETCH_POINTS, 1, MOST_POINTS);
        List<CurveSketch> curves = points == null ? null : model.sketches(context.pathParam("id"), points);
        if (curves != null) {
            json(context, curves);
        } else if (points != null) {
            refuse(context, 404, "No study " + Refusals.shortened(context.pathParam("id")) + " has been read.");
        }
    }

    private void layers(Context context) {
        List<LayerSnapshot> layers = model.layers(context.pathParam("id"), context.queryParam("backbone"));
        if (layers == null) {
            refuse(context, 404, "No study " + Refusals.shortened(context.pathParam("id")) + " has been read.");
        } else {
            json(context, layers);
        }
    }

    private void run(Context context) {
        Integer points = number(context, "points", DEFAULT_POINTS, 1, MOST_POINTS);
        if (points == null) {
            return;
        }
        RunSnapshot run = model.run(context.pathParam("id"), points);
        if (run == null) {
            refuse(context, 404, "No run " + Refusals.shortened(context.pathParam("id")) + " has been read.");
        } else {
            json(context, run);
        }
    }

    /** A number of the query; null when it is none or out of bounds, which then was answered. */
    private @Nullable Integer number(Context context, String name, int otherwise, int least, int most) {
        String asked = context.queryParam(name);
        if (asked == null) {
            return otherwise;
        }
        try {
            int value = Integer.parseInt(asked);
            if (value >= least && value <= most) {
                return value;
            }
        } catch (NumberFormatException e) {
            // Refused below, in the same words as a number out of bounds.
        }
        refuse(
                context,
                400,
                name + " must be between " + least + " and " + most + ", was " + Refusals.shortened(asked) + '.');
        return null;
    }

    private void events(Context context) throws InterruptedException {
        if (!streams.tryAcquire()) {
            refuse(context, 503, "There are " + MOST_STREAMS + " open event streams already: close one.");
            return;
        }
        try {
            context.res().setContentType("text/event-stream");
            context.res().setCharacterEncoding("UTF-8");
            new EventStream(
                            model,
                            updates,
                            context.queryParam("study"),
                            context.res().getOutputStream(),
                            closing)
                    .run();
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
