package io.couplet.view.http;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Who may read and order: anybody on this machine, or whoever shows the token, or whom a proxy that has asked for a name vouches for.
 *
 * <p>Holds the token's SHA-256 only, so that it stands in no log and no heap dump under its own name.
 */
public final class Access {

    /** Anybody; for the loopback address only. */
    public static final Access OPEN = new Access(null, null, Set.of(), null);

    /** Characters a token must have at least. */
    public static final int LEAST_CHARACTERS = 16;

    private static final int MOST_NAME_CHARACTERS = 100;
    private static final String BEARER = "Bearer ";

    private final byte @Nullable [] tokenDigest;
    private final @Nullable String userHeader;
    private final Set<InetAddress> proxies;
    private final @Nullable URI publicAddress;

    private Access(
            byte @Nullable [] tokenDigest,
            @Nullable String userHeader,
            Set<InetAddress> proxies,
            @Nullable URI publicAddress) {
        this.tokenDigest = tokenDigest;
        this.userHeader = userHeader;
        this.proxies = proxies;
        this.publicAddress = publicAddress;
    }

    /**
     * For those who show a token as {@code Authorization: Bearer TOKEN}.
     *
     * @throws IllegalArgumentException when it is too short to be safe, or has characters that no header carries
     */
    public Access withToken(String token) {
        if (token.length() < LEAST_CHARACTERS) {
            throw new IllegalArgumentException("the token must have at least " + LEAST_CHARACTERS + " characters, had "
                    + token.length() + ": make one with `openssl rand -hex 24`");
        }
        if (!token.chars().allMatch(each -> each > ' ' && each < 127)) {
            throw new IllegalArgumentException(
                    "the token must be one line of printable ASCII without blanks: make one with `openssl rand -hex 24`");
        }
        return new Access(digest(token), userHeader, proxies, publicAddress);
    }

    /**
     * For those whom a proxy has asked for their name, which it says in a header; it must take that header out of what it is sent.
     *
     * @param header name of the header
     * @param fromProxies addresses that are believed
     */
    public Access withTrustedUser(String header, Set<InetAddress> fromProxies) {
        return new Access(tokenDigest, header, Set.copyOf(fromProxies), publicAddress);
    }

    /** People reach the page at another address than the server's own. */
    public Access withPublicAddress(URI address) {
        return new Access(tokenDigest, userHeader, proxies, address);
    }

    /** Whether everybody who reaches the server may do everything. */
    public boolean open() {
        return tokenDigest == null && userHeader == null;
    }

    /** Whether a token is of use. */
    boolean takesToken() {
        return tokenDigest != null;
    }

    /** Name of the proxy's header; null without a proxy. */
    @Nullable
    String userHeader() {
        return userHeader;
    }

    /** Where people reach the page, when that is not the server's own address. */
    @Nullable
    URI publicAddress() {
        return publicAddress;
    }

    /**
     * Who asks, for the record; null when they may not.
     *
     * @param peer address of the other end of the connection
     * @param authorization the header Authorization
     * @param user the proxy's header
     */
    @Nullable
    String user(String peer, @Nullable String authorization, @Nullable String user) {
        if (userHeader != null && user != null && !user.isBlank()) {
            // None for a link-local peer, whose address names an interface, e.g. fe80::1%eth0.
            InetAddress from = literal(peer);
            if (from != null && proxies.contains(from)) {
                return shortened(user);
            }
        }
        if (tokenDigest != null
                && authorization != null
                && authorization.regionMatches(true, 0, BEARER, 0, BEARER.length())
                && MessageDigest.isEqual(
                        tokenDigest,
                        digest(authorization.substring(BEARER.length()).strip()))) {
            return "page, with the token";
        }
        return open() ? "page, on the machine itself" : null;
    }

    /** The peer's address as the connection knows it: no name that would be looked up. */
    private static @Nullable InetAddress literal(String peer) {
        try {
            return peer.matches("[0-9a-fA-F.:%\\[\\]]+") ? InetAddress.getByName(peer) : null;
        } catch (UnknownHostException e) {
            return null;
        }
    }

    private static String shortened(String user) {
        String line = user.replaceAll("\\p{Cntrl}", " ").strip();
        return line.length() <= MOST_NAME_CHARACTERS ? line : line.substring(0, MOST_NAME_CHARACTERS) + '…';
    }

    private static byte[] digest(String token) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(token.getBytes(UTF_8));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    @Override
    public String toString() {
        return "Access[token " + (tokenDigest == null ? "none" : "set") + ", user header " + userHeader + ']';
    }
}
