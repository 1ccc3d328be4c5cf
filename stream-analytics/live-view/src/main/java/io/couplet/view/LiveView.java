package io.couplet.view;

import io.couplet.scores.coupling.Families;
import io.couplet.view.http.Orders;
import io.couplet.view.http.ViewServer;
import io.couplet.view.model.ViewModel;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.net.BindException;
import java.net.URI;
import java.nio.file.Files;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The live view: reads every topic from its beginning and serves the page, the API and the event stream. */
public final class LiveView implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(LiveView.class);

    private final LiveViewSettings settings;
    private final ViewModel model = new ViewModel();
    private final ViewServer server;
    private final Feed feed;

    /** Checks the settings and connects to nothing but the schema registry, if one is named; without families and orders, nothing is contrasted and nothing can be ordered. */
    public LiveView(LiveViewSettings settings) {
        this(settings, Families.NONE, null);
    }

    /**
     * Checks the settings and connects to nothing but the schema registry, if one is named.
     *
     * @param families families of backbones and optimizers, for the contrasts
     * @param orders carries people's orders to the trainers; null when none are taken
     */
    public LiveView(LiveViewSettings settings, Families families, @Nullable Orders orders) {
        this.settings = settings;
        try {
            Files.createDirectories(settings.stateDirectory());
        } catch (IOException e) {
            throw new LiveViewException(
                    "The view cannot write to " + settings.stateDirectory() + ": choose another data directory.", e);
        }
        this.feed = new Feed(settings, model);
        this.server = new ViewServer(model, feed::failure, families, settings.access(), orders);
    }

    /**
     * Binds the port, then starts to read.
     *
     * @throws LiveViewException in one sentence with the fix, when the port is taken, Kafka is away or a topic is missing;
     *     nothing is left running then
     */
    public LiveView start() {
        try {
            server.start(settings.host(), settings.port());
        } catch (BindException e) {
            close();
            throw new LiveViewException(
                    "The dashboard cannot use port " + settings.port() + " on " + settings.host()
                            + ": another program has it or it is not allowed; choose another port, or 0 for any free one.",
                    e);
        }
        try {
            feed.start();
        } catch (LiveViewException e) {
            close();
            throw e;
        }
        LOG.info("Live view at {}", address());
        return this;
    }

    /**
     * Puts what it has read and sent into a registry, from which the server then serves {@code /metrics}; before {@link #start}.
     *
     * @param scrape the registry as Prometheus reads it
     */
    public LiveView measureIn(MeterRegistry registry, Supplier<String> scrape) {
        new ViewMeters(registry).bind(model);
        feed.measureIn(registry);
        server.measureIn(registry, scrape);
        return this;
    }

    /** Address of the page, e.g. {@code http://127.0.0.1:8080/}. */
    public URI address() {
        return server.address();
    }

    /** Why nothing is read any more, or what was read is no longer so, in one sentence; null while all is well. What was read is served all the same. */
    public @Nullable String failure() {
        return feed.failure();
    }

    /** What has been read so far; grows while the view runs. */
    public ViewModel model() {
        return model;
    }

    @Override
    public void close() {
        feed.close();
        server.close();
    }
}
