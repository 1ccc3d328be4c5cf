package io.couplet.cli;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.Appender;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.FileAppender;
import ch.qos.logback.core.OutputStreamAppender;
import ch.qos.logback.core.rolling.FixedWindowRollingPolicy;
import ch.qos.logback.core.rolling.RollingFileAppender;
import ch.qos.logback.core.rolling.SizeBasedTriggeringPolicy;
import ch.qos.logback.core.util.FileSize;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import org.slf4j.LoggerFactory;

/**
 * Where log lines go. A service logs to stderr, as containers want it; {@code run} and what reads its data directory
 * log to a file there, so that the terminal stays the user's; every other command logs warnings to stderr.
 */
final class Logs {

    /** Texts from outside make no line of their own: control characters become question marks, and what an exception says over several lines is marked with a bar. */
    static final String LINE = "%d{yyyy-MM-dd'T'HH:mm:ss.SSSXXX,UTC} %-5level %logger{24} [%thread] "
            + "%replace(%msg){'[\\x00-\\x08\\x0a-\\x1f\\x7f-\\x9f\\u2028\\u2029]', '?'}%n"
            + "%replace(%replace(%ex){'(\\R)(?=\\S)', '$1| '}){'[\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f]', '?'}";

    private Logs() {}

    /** Our own life-cycle lines, and warnings of everybody else, to stderr. */
    static void toStandardError(Level ours) {
        ConsoleAppender<ILoggingEvent> appender = new ConsoleAppender<>();
        appender.setTarget("System.err");
        install(appender, ours);
    }

    /** The same to a file that is rolled at 20 MB, two old ones kept. */
    static void toFile(Path file) {
        LoggerContext context = context();
        RollingFileAppender<ILoggingEvent> appender = new RollingFileAppender<>();
        appender.setContext(context);
        appender.setFile(file.toString());
        FixedWindowRollingPolicy names = new FixedWindowRollingPolicy();
        names.setContext(context);
        names.setParent(appender);
        names.setFileNamePattern(file + ".%i");
        names.setMinIndex(1);
        names.setMaxIndex(2);
        names.start();
        SizeBasedTriggeringPolicy<ILoggingEvent> size = new SizeBasedTriggeringPolicy<>();
        size.setContext(context);
        size.setMaxFileSize(FileSize.valueOf("20MB"));
        size.start();
        appender.setRollingPolicy(names);
        appender.setTriggeringPolicy(size);
        install(appender, Level.INFO);
    }

    private static void install(OutputStreamAppender<ILoggingEvent> appender, Level ours) {
        LoggerContext context = context();
        Logger root = context.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
        root.detachAndStopAllAppenders();
        PatternLayoutEncoder encoder = new PatternLayoutEncoder();
        encoder.setContext(context);
        encoder.setPattern(LINE);
        encoder.start();
        appender.setContext(context);
        appender.setEncoder(encoder);
        appender.start();
        root.addAppender(appender);
        root.setLevel(Level.WARN);
        context.getLogger("io.couplet").setLevel(ours);
        // Expected for a moment after topics are created.
        context.getLogger("org.apache.kafka.clients.NetworkClient").setLevel(Level.ERROR);
        // All of them warn about settings that are as intended here, at every start.
        context.getLogger("org.apache.kafka.clients.admin.AdminClientConfig").setLevel(Level.ERROR);
        context.getLogger("org.apache.kafka.common.utils.AppInfoParser").setLevel(Level.ERROR);
        // Warns, on every machine that has CUDA's library but no GPU, that there is no driver; what is trained on is
        // shown anyway.
        context.getLogger("ai.djl.util.cuda.CudaUtils").setLevel(Level.ERROR);
        // Says with a stack trace what we say in a sentence.
        context.getLogger("io.apicurio.registry.resolver.cache.ERCache").setLevel(Level.OFF);
        context.getLogger("org.apache.flink.metrics.MetricGroup").setLevel(Level.ERROR);
    }

    /** Where more is said of an error, to follow its sentence; nothing where the log stands beside it on stderr, or is gone with what was measured. */
    static String whereToRead() {
        Logger root = context().getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
        Iterator<Appender<ILoggingEvent>> appenders = root.iteratorForAppenders();
        while (appenders.hasNext()) {
            if (appenders.next() instanceof FileAppender<ILoggingEvent> file) {
                return Files.exists(Path.of(file.getFile())) ? " (the log is " + file.getFile() + ")" : "";
            }
        }
        return context().getLogger("io.couplet").isErrorEnabled() ? "" : " (more with --verbose)";
    }

    private static LoggerContext context() {
        return (LoggerContext) LoggerFactory.getILoggerFactory();
    }
}
