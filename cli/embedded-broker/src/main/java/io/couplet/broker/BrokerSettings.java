package io.couplet.broker;

import java.nio.file.Path;
import java.util.Map;

/** The broker's configuration: stock Kafka, made small, for one node and one machine. */
final class BrokerSettings {

    static final int NODE_ID = 1;
    static final String CLIENT_LISTENER = "PLAINTEXT";
    static final String CONTROLLER_LISTENER = "CONTROLLER";

    private BrokerSettings() {}

    static Map<String, String> of(Path logDirectory, String host, int clientPort, int controllerPort) {
        return Map.ofEntries(
                Map.entry("process.roles", "broker,controller"),
                Map.entry("node.id", String.valueOf(NODE_ID)),
                Map.entry("controller.quorum.voters", NODE_ID + "@" + host + ":" + controllerPort),
                Map.entry("controller.listener.names", CONTROLLER_LISTENER),
                Map.entry("inter.broker.listener.name", CLIENT_LISTENER),
                Map.entry("listener.security.protocol.map", "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT"),
                Map.entry(
                        "listeners",
                        "%s://%s:%d,%s://%s:%d"
                                .formatted(
                                        CLIENT_LISTENER, host, clientPort, CONTROLLER_LISTENER, host, controllerPort)),
                Map.entry("log.dirs", logDirectory.toString()),

                // There is one node: nothing can be replicated, and nobody is to be waited for.
                Map.entry("default.replication.factor", "1"),
                Map.entry("min.insync.replicas", "1"),
                Map.entry("offsets.topic.num.partitions", "1"),
                Map.entry("offsets.topic.replication.factor", "1"),
                Map.entry("transaction.state.log.num.partitions", "1"),
                Map.entry("transaction.state.log.replication.factor", "1"),
                Map.entry("transaction.state.log.min.isr", "1"),
                Map.entry("share.coordinator.state.topic.num.partitions", "1"),
                Map.entry("share.coordinator.state.topic.replication.factor", "1"),
                Map.entry("share.coordinator.state.topic.min.isr", "1"),
                Map.entry("group.initial.rebalance.delay.ms", "0"),
                Map.entry("group.consumer.min.heartbeat.interval.ms", "1000"),
                Map.entry("group.consumer.heartbeat.interval.ms", "1000"),
                Map.entry("group.share.min.heartbeat.interval.ms", "1000"),
                Map.entry("group.share.heartbeat.interval.ms", "1000"),

                // After a crash the controller, here the same process, holds the dead broker's place until its session
                // ends, and the new broker waits for that: a short session, and a long patience at the start.
                Map.entry("broker.heartbeat.interval.ms", "500"),
                Map.entry("broker.session.timeout.ms", "6000"),
                Map.entry("initial.broker.registration.timeout.ms", "300000"),

                // A mistyped topic must be an error, not a new topic.
                Map.entry("auto.create.topics.enable", "false"),

                // Small: few threads, small segments, small indexes, small buffers.
                Map.entry("num.network.threads", "2"),
                Map.entry("num.io.threads", "3"),
                Map.entry("background.threads", "2"),
                Map.entry("num.recovery.threads.per.data.dir", "1"),
                Map.entry("num.replica.fetchers", "1"),
                Map.entry("log.cleaner.threads", "1"),
                Map.entry("log.cleaner.dedupe.buffer.size", String.valueOf(8 << 20)),
                Map.entry("log.segment.bytes", String.valueOf(64 << 20)),
                Map.entry("log.index.size.max.bytes", String.valueOf(1 << 20)),
                Map.entry("offsets.topic.segment.bytes", String.valueOf(8 << 20)),
                Map.entry("transaction.state.log.segment.bytes", String.valueOf(8 << 20)),
                Map.entry("share.coordinator.state.topic.segment.bytes", String.valueOf(8 << 20)));
    }
}
