package io.couplet.view.http;

import com.fasterxml.jackson.annotation.JsonUnwrapped;
import io.couplet.schemas.AsyncApi;
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
import io.javalin.http.HandlerType;
import io.javalin.util.JavalinBindException;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.net.BindException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Serves the model, and takes orders where it is given somebody to carry them. */
public final class ViewServer implements AutoCloseable {

    static final int DEFAULT_POINTS = 600;
    private static final String PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8";
    private static final int DEFAULT_SKETCH_POINTS = 48;
    private static final int MOST_POINTS = 4096;
    private static final int MOST_STREAMS = 200;
    private static final int MOST_ORDER_BYTES = 4096;
    private static final String ORDER_HEADER = "X-Couplet-Order";
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

    private static final String METRICS = "/metrics";
    private static final String HEALTH = "/health";
    /** For Prometheus and for a container's health check: counts, and no name of a study. */
    private static final Set<String> OPEN = Set.of(METRICS, HEALTH);

    private final ViewModel model;
    private final Supplier<@Nullable String> failure;
    private final CountDownLatch closing = new CountDownLatch(1);
    private final Semaphore streams = new Semaphore(MOST_STREAMS);
    private final Refusals refusals = new Refusals();
    private final Updates updates;
    private final Families families;
    private final Access access;
    private final @Nullable OrderDesk desk;
    private final Map<String, PageFiles.PageFile> files = new LinkedHashMap<>(new PageFiles().all());
    private final List<Endpoint> endpoints = endpoints();
    private final Javalin javalin;
    private String host = "127.0.0.1";
    private volatile @Nullable Supplier<String> scrape;

    /** Without families and orders, for anybody: nothing is contrasted, nothing can be ordered. */
    public ViewServer(ViewModel model, Supplier<@Nullable String> failure) {
        this(model, failure, Families.NONE, Access.OPEN, null);
    }

    /**
     * @param failure why the model no longer grows; null while it does
     * @param families families of backbones and optimizers, for the contrasts
     * @param access who may read and order
     * @param orders carries people's orders; null when none are taken
     */
    public ViewServer(
            ViewModel model,
            Supplier<@Nullable String> failure,
            Families families,
            Access access,
            @Nullable Orders orders) {
        this.model = model;
        this.access = access;
        this.desk = orders == null ? null : new OrderDesk(model, orders);
        files.put(
                "/api/openapi.json",
                new PageFiles.PageFile(
                        Endpoint.JSON, Json.indented(OpenApi.of(endpoints)).getBytes(StandardCharsets.UTF_8)));
        files.put(
                "/api/asyncapi.json",
                new PageFiles.PageFile(Endpoint.JSON, AsyncApi.json().getBytes(StandardCharsets.UTF_8)));
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
        files.forEach((path, file) -> config.routes.get(
                path, context -> context.contentType(file.contentType()).result(file.bytes())));
        endpoints.forEach(
                endpoint -> config.routes.addHttpHandler(endpoint.method(), endpoint.path(), endpoint.handler()));
        config.routes.get(METRICS, this::metrics);
        config.routes.get(HEALTH, this::health);
        config.routes.error(404, context -> {
            if (!Boolean.TRUE.equals(context.attribute(ANSWERED))) {
                refuse(context, 404, "There is nothing at " + Refusals.shortened(context.path()) + ".");
            }
        });
    }

    /** The API, in the order in which one would ask. */
    private List<Endpoint> endpoints() {
        Parameter study = Parameter.path("id", "The study's id.");
        Parameter run = Parameter.path("id", "The run's id.");
        Parameter orders = Parameter.header(
                ORDER_HEADER,
                "Any value; pages of other sites cannot send it. The body must be " + Endpoint.JSON + '.');
        return List.of(
                Endpoint.get(
                        "/api/studies",
                        "All studies, the one with the newest record first.",
                        List.of(),
                        StudySummary[].class,
                        context -> json(context, model.studies())),
                Endpoint.get(
                        "/api/studies/{id}",
                        "A study: its grid with every run in one line, scores by rung, decisions, counts, advice.",
                        List.of(study),
                        StudyAnswer.class,
                        this::study),
                Endpoint.get(
                        "/api/studies/{id}/analysis",
                        "Contrasts of families and profiles of cost at a rung.",
                        List.of(study, Parameter.query("rung", "integer", "The rung; the report's when left out.")),
                        StudyAnalysis.class,
                        this::analysis),
                Endpoint.get(
                        "/api/studies/{id}/curves",
                        "A few points of the training loss of every run.",
                        List.of(study, Parameter.query("points", "integer", "At most so many points a run.")),
                        CurveSketch[].class,
                        this::curves),
                Endpoint.get(
                        "/api/studies/{id}/layers",
                        "The newest statistics of the weights of every run that has some.",
                        List.of(study, Parameter.query("backbone", "string", "Of this backbone only.")),
                        LayerSnapshot[].class,
                        this::layers),
                Endpoint.get(
                        "/api/runs/{id}",
                        "A run: curve, evaluations, events, attempts, convergence, decisions, settings.",
                        List.of(
                                run,
                                Parameter.query(
                                        "points",
                                        "integer",
                                        "At most so many points of the curve; each keeps the least and the greatest loss of its steps.")),
                        RunSnapshot.class,
                        this::run),
                Endpoint.post(
                        "/api/runs/{id}/stop",
                        "Asks the run's trainer to end it after its present step; asked again before it answers, the same order.",
                        List.of(run, orders),
                        OrderRequest.class,
                        OrderDesk.Given.class,
                        context -> order(context, OrderDesk.Kind.STOP)),
                Endpoint.post(
                        "/api/runs/{id}/resume",
                        "Asks for a paused run to be taken up again.",
                        List.of(run, orders),
                        OrderRequest.class,
                        OrderDesk.Given.class,
                        context -> order(context, OrderDesk.Kind.RESUME)),
                Endpoint.get(
                                "/api/events",
                                "Server-sent events: a snapshot of the study, then deltas with the cells that changed.",
                                List.of(Parameter.query(
                                        "study", "string", "The study; without it only the list of studies.")),
                                EventStream.Update.class,
                                this::events)
                        .as("text/event-stream"),
                Endpoint.get(
                                "/api/access",
                                "What whoever asks may do here, and whether a token would help.",
                                List.of(),
                                AccessAnswer.class,
                                this::access)
                        .forAnybody(),
                Endpoint.get(
                                "/api/health",
                                "Whether records are still read, and, for whoever may read, how many were and what was refused.",
                                List.of(),
                                Health.class,
                                this::health)
                        .forAnybody());
    }

    /**
     * On the loopback address, or with a public one, only under its own names, so that no web page elsewhere can reach the server through a name of its own, except what a probe
     * or Prometheus asks a container for under its address; never for another site's page; and never for whom the access does not know, except the page itself, which knows
     * nothing either.
     */
    private void guard(Context context) {
        SECURITY_HEADERS.forEach(context::header);
        String method = context.req().getMethod();
        boolean reading = method.equals("GET") || method.equals("HEAD");
        Optional<Endpoint> asked = endpoints.stream()
                .filter(endpoint ->
                        (endpoint.method() == HandlerType.GET) == reading && endpoint.matches(context.path()))
                .findFirst();
        boolean ordering = method.equals("POST") && asked.isPresent();
        if (!reading && !ordering) {
            refuse(context, 405, "This server answers GET, and POST where orders are taken.");
        } else if (!knownHost(context.req().getServerName()) && (access.open() || !OPEN.contains(context.path()))) {
            refuse(context, 421, "This server does not answer under that name.");
        } else if (fromAnotherSite(context)) {
            refuse(context, 403, "This server does not answer the pages of other sites.");
        } else if (user(context) == null
                && !files.containsKey(context.path())
                && !OPEN.contains(context.path())
                && asked.map(endpoint -> endpoint.access() == Endpoint.Reach.KNOWN)
                        .orElse(true)) {
            context.header("WWW-Authenticate", "Bearer");
            refuse(
                    context,
                    401,
                    context.header("Authorization") == null ? "A token is needed." : "The token is not the right one.");
        } else if (ordering) {
            guardOrder(context);
        }
    }

    /** What a form, a picture or a script of another site can send never gets this far. */
    private void guardOrder(Context context) {
        String contentType = context.contentType();
        if (context.header(ORDER_HEADER) == null || contentType == null || !contentType.startsWith(Endpoint.JSON)) {
            refuse(context, 403, "An order needs the header " + ORDER_HEADER + " and a body of " + Endpoint.JSON + '.');
        } else if (context.req().getContentLengthLong() > MOST_ORDER_BYTES
                || context.req().getContentLengthLong() < 0) {
            refuse(context, 413, "An order has at most " + MOST_ORDER_BYTES + " bytes, and says how many.");
        }
    }

    private boolean knownHost(String name) {
        URI elsewhere = access.publicAddress();
        return LOOPBACK_HOSTS.contains(name)
                || (elsewhere == null ? !LOOPBACK_HOSTS.contains(host) : name.equalsIgnoreCase(elsewhere.getHost()));
    }

    /** A link from elsewhere may open the page; nothing else of another site's, another port of this machine among them, is answered. */
    private boolean fromAnotherSite(Context context) {
        String origin = context.header("Origin");
        boolean foreignOrigin = origin != null && !ownOrigins(context).contains(origin);
        String site = context.header("Sec-Fetch-Site");
        boolean opensThePage = "navigate".equals(context.header("Sec-Fetch-Mode"))
                && "document".equals(context.header("Sec-Fetch-Dest"))
                && !context.path().startsWith("/api/");
        boolean foreignSite = "cross-site".equals(site) || "same-site".equals(site);
        return foreignOrigin || (foreignSite && !opensThePage);
    }

    private List<String> ownOrigins(Context context) {
        String own = context.scheme() + "://" + context.header("Host");
        URI elsewhere = access.publicAddress();
        return elsewhere == null
                ? List.of(own)
                : List.of(own, elsewhere.getScheme() + "://" + elsewhere.getAuthority());
    }

    private @Nullable String user(Context context) {
        String userHeader = access.userHeader();
        return access.user(
                context.ip(), context.header("Authorization"), userHeader == null ? null : context.header(userHeader));
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
     * @param reason why it is down, which may name brokers; null while it is up, and for whoever may not read
     * @param instance instance of the model
     * @param streams open event streams
     * @param refused requests refused, by HTTP status; empty for whoever may not read
     * @param intake what was read so far; null for whoever may not read
     */
    record Health(
            String status,
            @Nullable String reason,
            String instance,
            int streams,
            Map<String, Long> refused,
            ViewModel.@Nullable Intake intake) {}

    private void health(Context context) {
        String reason = failure.get();
        boolean known = user(context) != null;
        json(
                context.status(reason == null ? 200 : 503),
                new Health(
                        reason == null ? "up" : "down",
                        known ? reason : null,
                        model.instance(),
                        MOST_STREAMS - streams.availablePermits(),
                        known ? refusals.counts() : Map.of(),
                        known ? model.intake() : null));
    }

    /**
     * What somebody may do.
     *
     * @param reads whether they may read
     * @param orders whether they may stop, pause and resume runs
     * @param user in whose name their orders are recorded; null for whoever may do nothing
     * @param takesToken whether a token would help
     */
    record AccessAnswer(
            boolean reads, boolean orders, @Nullable String user, boolean takesToken) {}

    private void access(Context context) {
        String user = user(context);
        json(context, new AccessAnswer(user != null, user != null && desk != null, user, access.takesToken()));
    }

    /**
     * What an order says.
     *
     * @param reason why, one sentence for the record; a default when it is left out
     * @param pause with stop: whether the run is kept ready to be taken up again
     */
    record OrderRequest(@Nullable String reason, @Nullable Boolean pause) {}

    private void order(Context context, OrderDesk.Kind kind) {
        if (desk == null) {
            refuse(context, 409, "This server takes no orders: it was started to be read only.");
            return;
        }
        OrderRequest request;
        try {
            request = Json.read(context.body(), OrderRequest.class);
        } catch (IllegalArgumentException e) {
            refuse(context, 400, "An order is a JSON object with reason and pause, both optional.");
            return;
        }
        boolean pauses = kind == OrderDesk.Kind.STOP && Boolean.TRUE.equals(request.pause());
        String reason = request.reason() == null || request.reason().isBlank()
                ? "asked for on the page"
                : Refusals.shortened(request.reason().strip());
        OrderDesk.Outcome outcome = desk.order(
                context.pathParam("id"), pauses ? OrderDesk.Kind.PAUSE : kind, String.valueOf(user(context)), reason);
        if (outcome instanceof OrderDesk.Refused refused) {
            refuse(context, refused.status(), refused.sentence());
        } else {
            json(context.status(202), outcome);
        }
    }

    private void study(Context context) {
        StudySnapshot study = studyAsked(context);
        if (study != null) {
            json(context, new StudyAnswer(study, Advice.of(study)));
        }
    }

    /** The study of the path; null when there is none, which then was answered. */
    private @Nullable StudySnapshot studyAsked(Context context) {
        StudySnapshot study = model.study(context.pathParam("id"), 0);
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
            // nginx would hold events back until a buffer is full.
            context.header("X-Accel-Buffering", "no");
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
