package io.couplet.flink;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;

/**
 * A TCP socket on which this process takes connections, as Linux tells of it.
 *
 * @param address its address in the kernel's hexadecimal digits
 * @param port its port
 */
record ListeningSocket(String address, int port) {

    private static final Path SOCKETS = Path.of("/proc/self/net/tcp");
    private static final String LISTENS = "0A";
    private static final int PATIENCE_MILLIS = (int) Duration.ofSeconds(10).toMillis();

    /** Skips the calling test where the kernel tells of no sockets. */
    static List<ListeningSocket> ofThisProcess() throws IOException {
        assumeTrue(Files.exists(SOCKETS), "which sockets are open is not known: this is no Linux");
        Set<String> ours = new HashSet<>();
        try (Stream<Path> files = Files.list(Path.of("/proc/self/fd"))) {
            for (Path file : files.toList()) {
                // Files come and go meanwhile.
                if (Files.isSymbolicLink(file)) {
                    ours.add(target(file));
                }
            }
        }
        List<ListeningSocket> listening = new ArrayList<>();
        for (Path table : List.of(SOCKETS, Path.of("/proc/self/net/tcp6"))) {
            for (String line : Files.exists(table) ? Files.readAllLines(table) : List.<String>of()) {
                String[] columns = line.strip().split("\\s+");
                if (columns[3].equals(LISTENS) && ours.contains("socket:[" + columns[9] + "]")) {
                    String[] addressAndPort = columns[1].split(":");
                    listening.add(new ListeningSocket(addressAndPort[0], Integer.parseInt(addressAndPort[1], 16)));
                }
            }
        }
        return listening;
    }

    private static String target(Path link) {
        try {
            return Files.readSymbolicLink(link).toString();
        } catch (IOException closedMeanwhile) {
            return "";
        }
    }

    /** Whether other machines reach it. */
    boolean onEveryAddress() {
        return address.matches("0+");
    }

    /** What a plain GET is answered; nothing where it is not even listened to. */
    String asksInPlainText(String path) {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            socket.setSoTimeout(PATIENCE_MILLIS);
            socket.getOutputStream()
                    .write(("GET " + path + " HTTP/1.1\r\nHost: localhost:" + port + "\r\nConnection: close\r\n\r\n")
                            .getBytes(US_ASCII));
            return new String(socket.getInputStream().readAllBytes(), US_ASCII);
        } catch (SocketException e) { // reset by the other end
            return "";
        } catch (IOException e) {
            throw new IllegalStateException(this + " keeps the connection and says nothing", e);
        }
    }

    /**
     * A TLS handshake that trusts anybody.
     *
     * @throws IOException when it is refused
     */
    void shakesHands() throws IOException, GeneralSecurityException {
        SSLContext trusting = SSLContext.getInstance("TLS");
        trusting.init(null, new TrustManager[] {new TrustsAnybody()}, null);
        try (SSLSocket socket = (SSLSocket) trusting.getSocketFactory().createSocket()) {
            socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
            socket.setSoTimeout(PATIENCE_MILLIS);
            socket.setEnabledCipherSuites(socket.getSupportedCipherSuites());
            socket.startHandshake();
        }
    }

    private static final class TrustsAnybody implements X509TrustManager {

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type) {}

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }
}
