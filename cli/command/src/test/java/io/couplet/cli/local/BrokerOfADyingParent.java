package io.couplet.cli.local;

import java.nio.file.Path;

/** A parent for {@link BrokerProcessTest} to kill: starts a broker, says its pid and address, and waits. */
final class BrokerOfADyingParent {

    private BrokerOfADyingParent() {}

    public static void main(String[] args) throws Exception {
        BrokerProcess broker = BrokerProcess.start(Path.of(args[0]), 0);
        System.out.println(broker.pid() + " " + broker.bootstrapServers());
        broker.ended().get();
    }
}
