package io.couplet.broker;

import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.kafka.server.ServerSocketFactory;

/**
 * The broker's two sockets, bound before the broker exists.
 *
 * <p>A combined broker and controller must know its controller's port before it starts, so port 0 is not enough, and to look for a free
 * port and bind it later loses a race now and then. Kafka asks this factory for its sockets and gets those already bound.
 */
final class BoundListeners implements ServerSocketFactory, AutoCloseable {

    static final String HOST = "127.0.0.1";
    private static final int BACKLOG = 128;

    private final int clientPort;
    private final int controllerPort;
    private final Map<String, ServerSocketChannel> notYetTaken = new ConcurrentHashMap<>();

    private BoundListeners(ServerSocketChannel client, ServerSocketChannel controller) {
        clientPort = client.socket().getLocalPort();
        controllerPort = controller.socket().getLocalPort();
        notYetTaken.put(BrokerSettings.CLIENT_LISTENER, client);
        notYetTaken.put(BrokerSettings.CONTROLLER_LISTENER, controller);
    }

    /** Binds both sockets; {@code clientPort} 0 means any free one, and the controller's is always any free one. */
    static BoundListeners bind(int clientPort) {
        try {
            ServerSocketChannel client = bound(clientPort);
            try {
                return new BoundListeners(client, bound(0));
            } catch (IOException e) {
                client.close();
                throw e;
            }
        } catch (BindException e) {
            throw new BrokerStartException(
                    "Port %d of %s is taken or not allowed (%s): stop what uses it, or choose another port."
                            .formatted(clientPort, HOST, e.getMessage()),
                    e);
        } catch (IOException e) {
            throw new BrokerStartException("Cannot listen on %s (%s).".formatted(HOST, e.getMessage()), e);
        }
    }

    private static ServerSocketChannel bound(int port) throws IOException {
        ServerSocketChannel channel = ServerSocketChannel.open();
        try {
            channel.bind(new InetSocketAddress(InetAddress.getByName(HOST), port), BACKLOG);
            return channel;
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    int clientPort() {
        return clientPort;
    }

    int controllerPort() {
        return controllerPort;
    }

    @Override
    public ServerSocketChannel openServerSocket(
            String listenerName, InetSocketAddress address, int backlog, int receiveBufferBytes) throws IOException {
        ServerSocketChannel channel = notYetTaken.remove(listenerName);
        if (channel == null) {
            return INSTANCE.openServerSocket(listenerName, address, backlog, receiveBufferBytes);
        }
        channel.configureBlocking(false);
        return channel;
    }

    /** Closes the sockets that the broker has not taken; the others are closed by it. */
    @Override
    public void close() throws IOException {
        for (ServerSocketChannel channel : notYetTaken.values()) {
            channel.close();
        }
        notYetTaken.clear();
    }
}
