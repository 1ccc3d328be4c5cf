package io.couplet.cli.local;

import io.couplet.producers.RunOrderException;
import io.couplet.producers.RunOrders;
import io.couplet.view.http.OrderException;
import io.couplet.view.http.Orders;
import java.time.Clock;
import java.util.Map;
import java.util.function.Supplier;

/** The page's orders into run-commands. */
public final class KafkaOrders implements Orders, AutoCloseable {

    private final RunOrders orders;

    /**
     * A way to give orders.
     *
     * @param clientProperties properties of the Kafka client, {@code bootstrap.servers} among them
     */
    public KafkaOrders(Map<String, ?> clientProperties) {
        orders = new RunOrders(clientProperties, Clock.systemUTC());
    }

    @Override
    public String stop(String runId, String requestedBy, String reason, boolean pause) {
        return given(() -> orders.stop(runId, requestedBy, reason, pause));
    }

    @Override
    public String resume(String runId, String requestedBy, String reason) {
        return given(() -> orders.resume(runId, requestedBy, reason));
    }

    private static String given(Supplier<String> order) {
        try {
            return order.get();
        } catch (RunOrderException e) {
            throw new OrderException(String.valueOf(e.getMessage()), e);
        }
    }

    @Override
    public void close() {
        orders.close();
    }
}
