package io.couplet.broker;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CountDownLatch;

/**
 * The broker as a process of its own: starts it, writes its address to stdout, and stops it on SIGTERM or when the
 * process that started it is gone.
 *
 * <p>Exit codes: 0 its parent is gone; 143 SIGTERM; 2 it could not start, with one sentence on stderr. It logs to {@code broker.log} in its directory.
 */
public final class EmbeddedBrokerMain {

    static final String LOG_FILE = "broker.log";

    private static final int CANNOT_START = 2;
    private static final Duration PARENT_WATCH_INTERVAL = Duration.ofMillis(500);

    private EmbeddedBrokerMain() {}

    public static void main(String[] args) throws InterruptedException {
        Locale.setDefault(Locale.ROOT); // Kafka names its segments with the digits of the default locale.
        try {
            BrokerArguments arguments = BrokerArguments.parse(List.of(args));
            logInto(arguments.directory());
            run(arguments);
        } catch (IllegalArgumentException | BrokerStartException e) {
            System.err.println(e.getMessage());
            // halt, not exit: what a half-started broker left behind must not delay the answer
            Runtime.getRuntime().halt(CANNOT_START);
        }
    }

    private static void run(BrokerArguments arguments) throws InterruptedException {
        CountDownLatch stop = new CountDownLatch(1);
        arguments
                .parentPid()
                .ifPresent(pid -> new ParentWatch(pid).onceGone(PARENT_WATCH_INTERVAL, () -> System.exit(0)));
        EmbeddedBroker broker = EmbeddedBroker.start(arguments.directory(), arguments.port());
        Runtime.getRuntime()
                .addShutdownHook(new Thread(
                        () -> {
                            broker.close();
                            stop.countDown();
                        },
                        "broker-shutdown"));
        System.out.println(broker.bootstrapServers());
        stop.await();
    }

    /** Must run before the first logger is made. */
    private static void logInto(Path directory) {
        System.setProperty(
                "couplet.broker.log",
                directory.toAbsolutePath().resolve(LOG_FILE).toString());
        if (System.getProperty("logback.configurationFile") == null) {
            System.setProperty("logback.configurationFile", "io/couplet/broker/logback-broker.xml");
        }
    }
}
