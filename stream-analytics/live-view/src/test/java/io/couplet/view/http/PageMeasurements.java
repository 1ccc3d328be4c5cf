package io.couplet.view.http;

import com.fasterxml.jackson.databind.JsonNode;
import io.couplet.schemas.Topics;
import io.couplet.schemas.avro.CouplingScore;
import io.couplet.schemas.avro.StepMetrics;
import io.couplet.view.DemoRecords;
import io.couplet.view.model.ViewModel;
import java.io.InputStream;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.apache.avro.specific.SpecificRecord;

/**
 * How quick the page is: {@code PageMeasurements [steps a run, 500] [viewers, 100] [updates, 100]}. 1,200 runs; all figures of one run of this program: server memory, first
 * paint, and how long after a score was taken into the model the page shows it, while 200 steps a second arrive, with one viewer and with many, one of whom never reads. Kafka is
 * not in it.
 */
final class PageMeasurements {

    private static final long BACKGROUND_NANOS = 5_000_000;
    private static final long MEGABYTE = 1_000_000;
    private static final String OBSERVE = "window.seen = new Map(); window.longest = 0;"
            + "new PerformanceObserver(list => list.getEntries().forEach(e => window.longest = Math.max(window.longest, e.duration)))"
            + ".observe({type: 'longtask'});"
            + "const cell = document.querySelector('.cell .value');"
            + "new MutationObserver(() => window.seen.set(cell.textContent, Date.now()))"
            + ".observe(cell, {childList: true, characterData: true, subtree: true});";

    private final ViewModel model = new ViewModel();
    private final Map<String, Long> offsets = new HashMap<>();
    private final List<SpecificRecord> kept = new ArrayList<>();

    private PageMeasurements() {}

    public static void main(String[] args) throws Exception {
        int steps = args.length > 0 ? Integer.parseInt(args[0]) : 500;
        int viewers = args.length > 1 ? Integer.parseInt(args[1]) : 100;
        int updates = args.length > 2 ? Integer.parseInt(args[2]) : 100;
        new PageMeasurements().measure(steps, viewers, updates);
    }

    private void measure(int steps, int viewers, int updates) throws Exception {
        List<String> backbones = names("backbone");
        List<String> optimizers = names("optimizer");
        DemoRecords.write(new DemoRecords.Shape("many", backbones, optimizers, 3, steps, 4, 1, 0), (topic, record) -> {
            boolean probe = record instanceof CouplingScore score
                    && score.getRung() == 4
                    && score.getBackbone().equals("backbone-0")
                    && score.getOptimizer().equals("optimizer-0");
            boolean background = record instanceof StepMetrics metrics && metrics.getStep() == 1;
            if (probe || background) {
                kept.add(record);
            }
            apply(topic, record);
        });
        System.gc();
        figure("server memory, heap after collection, MB", used() / MEGABYTE);
        try (ViewServer server = serve();
                Browser browser = new Browser()) {
            browser.open(server.address().toString());
            waitFor(browser, "return Boolean(document.querySelector('.cell .value')?.textContent)");
            figure(
                    "first contentful paint, ms",
                    number(browser.run("return performance.getEntriesByName('first-contentful-paint')[0].startTime")));
            browser.run(OBSERVE);
            latency(browser, "1 viewer", updates);
            List<Thread> others = watch(server, viewers - 1);
            try (Socket deaf = connect(server)) {
                long cpu = cpu();
                long began = System.nanoTime();
                latency(browser, viewers + " viewers and a deaf one", updates);
                figure(
                        "processor time of the server and of its viewers' reading, cores",
                        (cpu() - cpu) / (double) (System.nanoTime() - began));
                figure("deaf viewer still connected", deaf.isConnected() ? 1 : 0);
            }
            others.forEach(Thread::interrupt);
        }
        System.exit(0);
    }

    private ViewServer serve() throws Exception {
        ViewServer server = new ViewServer(model, () -> null, DemoRecords.FAMILIES, Access.OPEN, null);
        server.start("127.0.0.1", 0);
        return server;
    }

    /** Changes one cell's accuracy again and again, at odd moments, and asks the page when it showed each. */
    private void latency(Browser browser, String with, int updates) throws Exception {
        AtomicBoolean done = new AtomicBoolean();
        Thread background = new Thread(() -> {
            AtomicLong step = new AtomicLong();
            while (!done.get()) {
                StepMetrics metrics = (StepMetrics) kept.get(1 + (int) (step.incrementAndGet() % 1000));
                apply(Topics.STEP_METRICS.name(), metrics);
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
            sent.put(String.format(Locale.ROOT, "%.1f", 100 * accuracy), System.currentTimeMillis());
            apply(
                    Topics.COUPLING_SCORES.name(),
                    CouplingScore.newBuilder(probe).setAccuracy(accuracy).build());
            LockSupport.parkNanos(350_000_000L + (i * 37L % 100) * 1_000_000L);
        }
        done.set(true);
        background.join();
        waitFor(browser, "return window.seen.size >= " + updates * 9 / 10);
        JsonNode seen = browser.run("return Object.fromEntries(window.seen)");
        figure("longest task in the page with " + with + ", ms", number(browser.run("return window.longest")));
        browser.run("window.seen.clear(); window.longest = 0");
        long[] millis = sent.entrySet().stream()
                .filter(each -> seen.has(each.getKey()))
                .mapToLong(each -> seen.get(each.getKey()).asLong() - each.getValue())
                .sorted()
                .toArray();
        figure("updates shown with " + with, millis.length);
        figure("update visible with " + with + ", p50 ms", millis[millis.length / 2]);
        figure("update visible with " + with + ", p99 ms", millis[(int) Math.ceil(0.99 * millis.length) - 1]);
    }

    private static List<Thread> watch(ViewServer server, int viewers) throws Exception {
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < viewers; i++) {
            InputStream in = connect(server).getInputStream();
            Thread reader = new Thread(() -> {
                byte[] buffer = new byte[65_536];
                try {
                    while (in.read(buffer) >= 0 && !Thread.currentThread().isInterrupted()) {
                        // Read as fast as it comes.
                    }
                } catch (java.io.IOException e) {
                    // The server has closed.
                }
            });
            reader.setDaemon(true);
            reader.start();
            threads.add(reader);
        }
        return threads;
    }

    private static Socket connect(ViewServer server) throws Exception {
        Socket socket =
                new Socket(InetAddress.getLoopbackAddress(), server.address().getPort());
        socket.getOutputStream()
                .write("GET /api/events?study=many-3fa2c1 HTTP/1.1\r\nHost: localhost\r\n\r\n"
                        .getBytes(StandardCharsets.US_ASCII));
        return socket;
    }

    private void apply(String topic, SpecificRecord record) {
        ViewModel.Origin origin;
        synchronized (offsets) {
            origin = new ViewModel.Origin(topic, 0, offsets.merge(topic, 1L, Long::sum) - 1);
            model.apply(origin, record);
        }
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

    private static long used() {
        return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    }

    private static long cpu() {
        return ((com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
                .getProcessCpuTime();
    }

    private static double number(JsonNode node) {
        return node.asDouble();
    }

    private static void figure(String name, double value) {
        System.out.printf(Locale.ROOT, "%-75s %10.1f%n", name, value);
    }
}
