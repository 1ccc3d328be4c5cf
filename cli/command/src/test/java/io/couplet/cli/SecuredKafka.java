package io.couplet.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.couplet.broker.EmbeddedBroker;
import io.couplet.cli.acls.Service;
import java.io.IOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;

/** A broker that lets nobody in without TLS, a password and an ACL. The certificates are made anew each time, by this JDK's keytool. */
final class SecuredKafka implements AutoCloseable {

    /** Every password here begins so, and so a leak of any is found. */
    static final String SECRET = "s3cr3t-";

    /** A user without any ACL. */
    static final String STRANGER = "stranger";

    /** Both Flink jobs, as one cluster of theirs runs them. */
    static final String ANALYTICS = "analytics";

    private static final String ADMIN = "admin";
    private static final String BROKER = "broker";

    private final Path directory;
    private final EmbeddedBroker broker;

    private SecuredKafka(Path directory, EmbeddedBroker broker) {
        this.directory = directory;
        this.broker = broker;
    }

    static SecuredKafka start(Path directory) throws Exception {
        makeCertificate(directory, "broker", "CN=127.0.0.1");
        makeCertificate(directory, "other", "CN=somebody.else");
        Map<String, String> settings = new HashMap<>();
        settings.put("listener.security.protocol.map", "PLAINTEXT:SASL_SSL,CONTROLLER:PLAINTEXT");
        settings.put("sasl.enabled.mechanisms", "SCRAM-SHA-512");
        settings.put("sasl.mechanism.inter.broker.protocol", "SCRAM-SHA-512");
        settings.put("listener.name.plaintext.scram-sha-512.sasl.jaas.config", jaas(BROKER, password(BROKER)));
        settings.put("ssl.keystore.type", "PKCS12");
        settings.put("ssl.keystore.location", directory.resolve("broker.p12").toString());
        settings.put("ssl.keystore.password", SECRET + "store");
        settings.put("ssl.truststore.type", "PKCS12");
        settings.put(
                "ssl.truststore.location", directory.resolve("broker-trust.p12").toString());
        settings.put("ssl.truststore.password", SECRET + "store");
        settings.put("authorizer.class.name", "org.apache.kafka.metadata.authorizer.StandardAuthorizer");
        settings.put("super.users", "User:broker;User:admin;User:ANONYMOUS");
        List<String> users = new ArrayList<>(List.of(ADMIN, BROKER, STRANGER, ANALYTICS));
        for (Service service : Service.values()) {
            users.add(service.label());
        }
        List<String> credentials = users.stream()
                .map(user -> "SCRAM-SHA-512=[name=" + user + ",password=" + password(user) + ",iterations=4096]")
                .toList();
        return new SecuredKafka(directory, EmbeddedBroker.startInTemporaryDirectory(settings, credentials));
    }

    private static void makeCertificate(Path directory, String name, String subject) throws Exception {
        String store = directory.resolve(name + ".p12").toString();
        String certificate = directory.resolve(name + ".crt").toString();
        String password = SECRET + "store";
        List<String> make = new ArrayList<>(List.of("-genkeypair", "-alias", name, "-keyalg", "RSA", "-validity", "2"));
        make.addAll(List.of("-dname", subject, "-ext", "SAN=ip:127.0.0.1,dns:localhost", "-storetype", "PKCS12"));
        make.addAll(List.of("-keystore", store, "-storepass", password));
        keytool(make);
        keytool(List.of(
                "-exportcert", "-alias", name, "-keystore", store, "-storepass", password, "-file", certificate));
        keytool(List.of(
                "-importcert",
                "-noprompt",
                "-alias",
                name,
                "-file",
                certificate,
                "-storetype",
                "PKCS12",
                "-keystore",
                directory.resolve(name + "-trust.p12").toString(),
                "-storepass",
                password));
    }

    private static void keytool(List<String> arguments) throws Exception {
        List<String> command = new ArrayList<>(arguments);
        command.add(
                0, Path.of(System.getProperty("java.home"), "bin", "keytool").toString());
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(said).isZero();
    }

    private static String password(String user) {
        return SECRET + user;
    }

    private static String jaas(String user, String password) {
        return "org.apache.kafka.common.security.scram.ScramLoginModule required username=\"" + user + "\" password=\""
                + password + "\";";
    }

    String bootstrapServers() {
        return broker.bootstrapServers();
    }

    Map<String, String> admin() {
        return user(ADMIN);
    }

    Map<String, String> as(Service service) {
        return user(service.label());
    }

    /** The client properties of a user. */
    Map<String, String> user(String name) {
        return with(name, password(name), "broker");
    }

    /** The client properties of a user who mistypes the password. */
    Map<String, String> userWithWrongPassword(String name) {
        return with(name, SECRET + "mistyped", "broker");
    }

    /** The client properties of a user who trusts somebody else's certificate only. */
    Map<String, String> userWithOtherTrust(String name) {
        return with(name, password(name), "other");
    }

    private Map<String, String> with(String user, String password, String trusted) {
        Map<String, String> properties = new HashMap<>();
        properties.put("bootstrap.servers", broker.bootstrapServers());
        properties.put("security.protocol", "SASL_SSL");
        properties.put("sasl.mechanism", "SCRAM-SHA-512");
        properties.put("sasl.jaas.config", jaas(user, password));
        properties.put("ssl.truststore.type", "PKCS12");
        properties.put(
                "ssl.truststore.location",
                directory.resolve(trusted + "-trust.p12").toString());
        properties.put("ssl.truststore.password", SECRET + "store");
        return properties;
    }

    /** A file for {@code --kafka-config}. */
    Path file(Map<String, String> clientProperties) throws IOException {
        Properties properties = new Properties();
        properties.putAll(clientProperties);
        Path file = Files.createTempFile(directory, "client", ".properties");
        try (Writer writer = Files.newBufferedWriter(file)) {
            properties.store(writer, null);
        }
        return file;
    }

    @Override
    public void close() {
        broker.close();
    }
}
