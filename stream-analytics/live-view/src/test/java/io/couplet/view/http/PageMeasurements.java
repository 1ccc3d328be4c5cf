package io.couplet.view.http;

import com.fasterxml.jackson.databind.JsonNode;
import io.couplet.broker.EmbeddedBroker;
import io.couplet.schemas.TopicCreation;
import io.couplet.schemas.Topics;
import io.couplet.schemas.avro.CouplingScore;
import io.couplet.schemas.avro.StepMetrics;
import io.couplet.view.DemoRecords;
import io.couplet.view.DemoTopics;
import io.couplet.view.LiveView;
import io.couplet.view.LiveViewSettings;
import io.couplet.view.model.ViewModel;
import java.io.IOException;
import java.io.InputStream;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * How quick the page is, from Kafka to the pixel: {@code PageMeasurements [steps a run, 500] [viewers, 100] [updates, 100] [steps of the memory figure, 10000]}. 1,200 runs; all
 * figures of one run of this program, on a real broker and in a real browser: server memory, first paint, and how long after a score was handed to the producer the page shows
 * it, while 200 steps a second arrive, with one viewer and with many, one of whom never reads.
 */
final class PageMeasurements {

    private static final long BACKGROUND_NANOS = 5_000_000;
    private static final long MEGABYTE = 1_000_000;
    private static final String OBSERVE = "window.seen = new Map(); window.longest = 0;"
            + "new PerformanceObserver(list => list.getEntries().forEach(e => window.longest = Math.max(window.longest, e.duration)))"
            + ".observe({type: 'longtask'});"
            + "const cell = document.querySelector('.cell .value');"
            + "new MutationObserver(() => { const text = cell.textContent;"
            + "requestAnimationFrame(() => window.seen.set(text, Date.now())); })"
            + ".observe(cell, {childList: true, characterData: true, subtree: true});";
    private static final String FILLED = "return Boolean(document.querySelector('.cell .value')?.textContent)";

    private final EmbeddedBroker broker;
    private final KafkaProducer<byte[], byte[]> producer;
    private final List<SpecificRecord> kept = new ArrayList<>();
    private long written;

    private PageMeasurements() {
        broker = EmbeddedBroker.startInTemporaryDirectory();
        producer = new KafkaProducer<>(
                Map.of("bootstrap.servers", broker.bootstrapServers(), "linger.ms", 0),
                new ByteArraySerializer(),
                new ByteArraySerializer());
    }

    public static void main(String[] args) throws Exception {
        int steps = args.length > 0 ? Integer.parseInt(args[0]) : 500;
        int viewers = args.length > 1 ? Integer.parseInt(args[1]) : 100;
        int updates = args.length > 2 ? Integer.parseInt(args[2]) : 100;
        int longRun = args.length > 3 ? Integer.parseInt(args[3]) : 10_000;
        new PageMeasurements().measure(steps, viewers, updates);
        remember(longRun);
        System.exit(0);
    }

    private void measure(int steps, int viewers, int updates) throws Exception {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()))) {
            TopicCreation.createMissing(admin, 1);
        }
        DemoRecords.write(shape(steps), this::write);
        producer.flush();
        long before = used();
        long began = System.nanoTime();
        try (LiveView view = new LiveView(
                                LiveViewSettings.local(
                                        broker.bootstrapServers(), Files.createTempDirectory("couplet-view")),
                                DemoRecords.FAMILIES,
                                null)
                        .start();
                Browser browser = new Browser()) {
            while (view.model().version() < written) {
                LockSupport.parkNanos(1_000_000);
            }
            figure("records read into the view", written);
            figure("seconds to read them", (System.nanoTime() - began) / 1e9);
            figure("heap of the view with " + steps + " steps a run, MB", (used() - before) / (double) MEGABYTE);
            paint(browser, view.address());
            browser.run(OBSERVE);
            latency(browser, "1 viewer", updates);
            List<Thread> others = watch(view.address(), viewers - 1);
            try (Socket deaf = connect(view.address())) {
                long cpu = cpu();
                long from = System.nanoTime();
                latency(browser, viewers + " viewers and a deaf one", updates);
                figure(
                        "processor time of server, broker and its viewers' reading, cores",
                        (cpu() - cpu) / (double) (System.nanoTime() - from));
                figure("deaf viewer still connected", deaf.isConnected() ? 1 : 0);
            }
            others.forEach(Thread::interrupt);
        }
    }

    private static void paint(Browser browser, URI address) throws Exception {
        browser.open(address.toString());
        waitFor(browser, FILLED);
        figure(
                "first contentful paint, ms",
                browser.run("return performance.getEntriesByName('first-contentful-paint')[0].startTime")
                        .asDouble());
        // Asked again and again by the page itself: this program's own asking would be too coarse.
        browser.open("about:blank");
        browser.open(address.toString());
        figure(
                "grid of 400 cells filled, ms after the page was asked for, at most",
                browser.run(
                                "return new Promise(done => { const look = () => document.querySelector('.cell .value')?.textContent"
                                        + " ? done(performance.now()) : requestAnimationFrame(look); look(); })")
                        .asDouble());
    }

    /** Heap of a model of long runs. */
    private static void remember(int steps) {
        ViewModel model = new ViewModel();
        Map<String, Long> offsets = new HashMap<>();
        long before = used();
        DemoRecords.write(
                shape(steps),
                (topic, record) ->
                        model.apply(new ViewModel.Origin(topic, 0, offsets.merge(topic, 1L, Long::sum) - 1), record));
        figure("heap of the view with " + steps + " steps a run, MB", (used() - before) / (double) MEGABYTE);
        figure("records in it", model.version());
    }

    private static DemoRecords.Shape shape(int steps) {
        return new DemoRecords.Shape("many", names("backbone"), names("optimizer"), 3, steps, 4, 1, 0);
    }

    private void write(String topic, SpecificRecord record) {
        boolean probe = record instanceof CouplingScore score
                && score.getRung() == 4
                && score.getBackbone().equals("backbone-0")
                && score.getOptimizer().equals("optimizer-0");
        boolean background = record instanceof StepMetrics metrics && metrics.getStep() == 1;
        if (probe || background) {
            kept.add(record);
        }
        send(topic, record);
    }

    private void send(String topic, SpecificRecord record) {
        producer.send(DemoTopics.bytes(topic, record));
        written++;
    }

    /** Changes one cell's accuracy again and again, at odd moments, and asks the page when it showed each. */
    private void latency(Browser browser, String with, int updates) throws Exception {
        AtomicBoolean done = new AtomicBoolean();
        Thread background = new Thread(() -> {
            for (int step = 1; !done.get(); step++) {
                producer.send(DemoTopics.bytes(Topics.STEP_METRICS.name(), kept.get(1 + step % 1000)));
                LockSupport.parkNanos(BACKGROUND_NANOS);
            }
        });
        background.start();
        CouplingScore probe = (CouplingScore) kept.stream()
                .filter(CouplingScore.class::isInstance)
                .findFirst()
                .orElseThrow();
        Map<String, Long> sent = new HashMap<>();
        for (int i = 0; i < updates; i++) {
            double accuracy = 0.2 + i * 0.001;
            SpecificRecord changed =
                    CouplingScore.newBuilder(probe).setAccuracy(accuracy).build();
            sent.put(String.format(Locale.ROOT, "%.1f", 100 * accuracy), System.currentTimeMillis());
            producer.send(DemoTopics.bytes(Topics.COUPLING_SCORES.name(), changed));
            LockSupport.parkNanos(350_000_000L + (i * 37L % 100) * 1_000_000L);
        }
        done.set(true);
        background.join();
        waitFor(browser, "return window.seen.size >= " + updates * 9 / 10);
        JsonNode seen = browser.run("return Object.fromEntries(window.seen)");
        figure(
                "longest task in the page with " + with + ", ms",
                browser.run("return window.longest").asDouble());
        browser.run("window.seen.clear(); window.longest = 0");
        long[] millis = sent.entrySet().stream()
                .filter(each -> seen.has(each.getKey()))
                .mapToLong(each -> seen.get(each.getKey()).asLong() - each.getValue())
                .sorted()
                .toArray();
        figure("updates made and shown with " + with, millis.length);
        figure("update visible with " + with + ", p50 ms", millis[millis.length / 2]);
        figure("update visible with " + with + ", p99 ms", millis[(int) Math.ceil(0.99 * millis.length) - 1]);
    }

    private static List<Thread> watch(URI address, int viewers) throws Exception {
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < viewers; i++) {
            InputStream in = connect(address).getInputStream();
            Thread reader = new Thread(() -> {
                byte[] buffer = new byte[65_536];
                try {
                    while (in.read(buffer) >= 0 && !Thread.currentThread().isInterrupted()) {
                        // Read as fast as it comes.
                    }
                } catch (IOException e) {
                    // The server has closed.
                }
            });
            reader.setDaemon(true);
            reader.start();
            threads.add(reader);
        }
        return threads;
    }

    private static Socket connect(URI address) throws Exception {
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), address.getPort());
        socket.getOutputStream()
                .write("GET /api/events?study=many-3fa2c1 HTTP/1.1\r\nHost: localhost\r\n\r\n"
                        .getBytes(StandardCharsets.US_ASCII));
        return socket;
    }

    private static void waitFor(Browser browser, String script) throws Exception {
        while (!browser.run(script).asBoolean()) {
            LockSupport.parkNanos(50_000_000);
        }
    }

    private static List<String> names(String name) {
        List<String> names = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            names.add(name + "-" + i);
        }
        return names;
    }

    /** Heap in use after a collection, bytes. */
    private static long used() {
        System.gc();
        return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    }

    private static long cpu() {
        return ((com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
                .getProcessCpuTime();
    }

    private static void figure(String name, double value) {
        System.out.printf(Locale.ROOT, "%-75s %10.1f%n", name, value);
    }
}
