package io.couplet.view.alerts;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HexFormat;

/** Posts alerts. A webhook's address is a secret: nothing here says more of it than its host. */
final class Webhook {

    /** How a post ended. */
    sealed interface Outcome {

        /** The receiver has it. */
        record Delivered() implements Outcome {}

        /** Not now. */
        record TryAgain(String cause, Duration notBefore) implements Outcome {}

        /** Never. */
        record Refused(String cause) implements Outcome {}
    }

    private static final int LONGEST_KEY = 128;
    private static final Duration LONGEST_WISH = Duration.ofMinutes(5);

    private final URI url;
    private final Duration timeout;
    private final HttpClient client;

    /** @param timeout for the connection, and for the answer */
    Webhook(URI url, Duration timeout) {
        this.url = url;
        this.timeout = timeout;
        this.client = HttpClient.newBuilder()
                .connectTimeout(timeout)
                .followRedirects(HttpClient.Redirect.NEVER)
                .build();
    }

    /** The host alone, for logs and causes. */
    String host() {
        return url.getHost();
    }

    Outcome post(Alert alert) throws InterruptedException {
        try {
            HttpRequest request = HttpRequest.newBuilder(url)
                    .timeout(timeout)
                    .header("Content-Type", "application/json; charset=utf-8")
                    .header("User-Agent", "couplet")
                    .header("Idempotency-Key", key(alert.id()))
                    .POST(HttpRequest.BodyPublishers.ofString(alert.json(), UTF_8))
                    .build();
            HttpResponse<Void> response = client.send(request, HttpResponse.BodyHandlers.discarding());
            return outcome(response);
        } catch (HttpTimeoutException e) {
            return new Outcome.TryAgain(host() + " did not answer within " + timeout.toMillis() + " ms", Duration.ZERO);
        } catch (IOException e) {
            // Its message may name the address.
            return new Outcome.TryAgain(
                    host() + " could not be reached (" + e.getClass().getSimpleName() + ')', Duration.ZERO);
        } catch (IllegalArgumentException e) {
            return new Outcome.Refused(
                    "the alert fits into no request (" + e.getClass().getSimpleName() + ')');
        }
    }

    /** The id where a header can carry it, else its SHA-256: a stop order's id is whatever its writer wrote. */
    private static String key(String id) {
        boolean carried = id.length() <= LONGEST_KEY && id.matches("[!-~]+");
        return carried ? id : HexFormat.of().formatHex(sha256().digest(id.getBytes(UTF_8)));
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JVM has SHA-256", e);
        }
    }

    private Outcome outcome(HttpResponse<Void> response) {
        int status = response.statusCode();
        if (status >= 200 && status < 300) {
            return new Outcome.Delivered();
        }
        String cause = host() + " answered with status " + status;
        boolean mayChange = status >= 500 || status == 408 || status == 425 || status == 429;
        return mayChange ? new Outcome.TryAgain(cause, wish(response)) : new Outcome.Refused(cause);
    }

    /** What Retry-After asks for, in seconds and within bounds. */
    private static Duration wish(HttpResponse<Void> response) {
        String asked = response.headers().firstValue("Retry-After").orElse("");
        if (!asked.matches("\\d{1,6}")) {
            return Duration.ZERO;
        }
        Duration wished = Duration.ofSeconds(Long.parseLong(asked));
        return wished.compareTo(LONGEST_WISH) > 0 ? LONGEST_WISH : wished;
    }
}
