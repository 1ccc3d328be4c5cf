package io.couplet.cli;

import io.couplet.cli.local.UserError;
import io.couplet.view.LiveViewSettings;
import io.couplet.view.http.Access;
import java.io.IOException;
import java.net.InetAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Where the page is served, and who may read it and order; no secret is a flag, since flags stand in the list of processes. */
final class AccessOptions {

    private static final String TOKEN_VARIABLE = "COUPLET_TOKEN";

    @Option(
            names = "--host",
            paramLabel = "ADDRESS",
            defaultValue = LiveViewSettings.LOOPBACK,
            description =
                    "Address to serve the page on; beyond this machine it needs a token or a proxy (default: ${DEFAULT-VALUE}).")
    String host = LiveViewSettings.LOOPBACK;

    @Option(
            names = "--token-file",
            paramLabel = "FILE",
            description = "File with the token that readers of the page must give; or put it into COUPLET_TOKEN.")
    @Nullable
    Path tokenFile;

    @Option(
            names = "--trusted-user-header",
            paramLabel = "NAME",
            description = "Header in which a proxy that has asked people who they are says it, e.g. X-Forwarded-User.")
    @Nullable
    String trustedUserHeader;

    @Option(
            names = "--trusted-proxies",
            paramLabel = "ADDRESS",
            split = ",",
            defaultValue = "127.0.0.1,::1",
            description = "Addresses from which that header is believed (default: ${DEFAULT-VALUE}).")
    List<InetAddress> trustedProxies = List.of();

    @Option(
            names = "--public-address",
            paramLabel = "URL",
            description = "Where people reach the page through the proxy, e.g. https://couplet.example.org.")
    @Nullable
    URI publicAddress;

    @Option(names = "--read-only", description = "Take no orders: the page stops, pauses and resumes nothing.")
    boolean readOnly;

    /**
     * Who may read and order.
     *
     * @throws UserError when the flags contradict each other, or everybody could do everything from other machines
     */
    Access access() {
        return access(System.getenv(TOKEN_VARIABLE));
    }

    Access access(@Nullable String tokenOfEnvironment) {
        Access access = Access.OPEN;
        String token = tokenFile == null ? tokenOfEnvironment : read(tokenFile);
        if (token != null) {
            try {
                access = access.withToken(token.strip());
            } catch (IllegalArgumentException e) {
                throw new UserError(
                        (tokenFile == null ? TOKEN_VARIABLE : "--token-file " + tokenFile) + ": " + e.getMessage()
                                + ".",
                        e);
            }
        }
        if (trustedUserHeader != null) {
            if (publicAddress == null) {
                throw new UserError("--trusted-user-header needs --public-address URL: where people reach the page"
                        + " through the proxy, so that other names can be refused.");
            }
            access = access.withTrustedUser(trustedUserHeader, Set.copyOf(trustedProxies));
        }
        if (publicAddress != null) {
            access = access.withPublicAddress(checked(publicAddress));
        }
        if (access.open() && !LiveViewSettings.onlyThisMachine(host)) {
            throw new UserError("--host " + host + " can be reached from other machines: give --token-file FILE ("
                    + TOKEN_VARIABLE + "), or --trusted-user-header NAME behind a proxy.");
        }
        return access;
    }

    /** Refuses what is no port; 0 is any free one. */
    static void requirePort(int port) {
        if (port < 0 || port > 65535) {
            throw new UserError("--port must be from 0 to 65535, was " + port + ".");
        }
    }

    private static URI checked(URI address) {
        if (address.getScheme() == null || address.getHost() == null) {
            throw new UserError(
                    "--public-address must be a URL such as https://couplet.example.org, was " + address + ".");
        }
        return address;
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UserError("--token-file " + file + " cannot be read: check the path and its permissions.", e);
        }
    }
}
