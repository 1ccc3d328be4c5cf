package io.couplet.schemas;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.microsoft.kiota.ApiException;
import io.apicurio.registry.resolver.client.RegistryClientFacade;
import io.apicurio.registry.resolver.client.RegistryClientFacadeFactory;
import io.apicurio.registry.resolver.config.SchemaResolverConfig;
import io.apicurio.registry.rest.client.groups.item.artifacts.item.WithArtifactItemRequestBuilder;
import io.apicurio.registry.rest.client.models.CreateArtifact;
import io.apicurio.registry.rest.client.models.CreateRule;
import io.apicurio.registry.rest.client.models.CreateVersion;
import io.apicurio.registry.rest.client.models.ProblemDetails;
import io.apicurio.registry.rest.client.models.Rule;
import io.apicurio.registry.rest.client.models.RuleType;
import io.apicurio.registry.rest.client.models.VersionContent;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.net.URI;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.apache.avro.AvroRuntimeException;
import org.apache.avro.Schema;
import org.jspecify.annotations.Nullable;

/** What Couplet asks of an Apicurio Registry, through Apicurio's client; an artifact is named like the Confluent subject {@code <topic>-value}, in the default group. */
final class RegistryClient {

    private static final String GROUP = "default";
    private static final String CORE_API = "/apis/registry/v3";
    private static final String OTHER_API = "/apis/.*$";
    private static final int MOST_VERSIONS = 500;
    private static final int NOT_FOUND = 404;
    private static final int CONFLICT = 409;
    private static final String INCOMPATIBLE = "Incompatible artifact";
    static final String COMPATIBILITY = "FULL_TRANSITIVE";

    /**
     * A version of an artifact.
     *
     * @param name of the version, mostly a number
     * @param id the content's id, which is the schema's id in the Confluent API
     * @param schema its content
     */
    record Version(String name, int id, Schema schema) {}

    private final String url;
    private final Map<String, Object> serdeConfiguration;
    private final RegistryClientFacade facade;

    private RegistryClient(String url, Map<String, Object> serdeConfiguration, RegistryClientFacade facade) {
        this.url = url;
        this.serdeConfiguration = serdeConfiguration;
        this.facade = facade;
    }

    /**
     * A client for the registry in the properties of Kafka's clients; connects to nothing.
     *
     * @throws SchemaRegistryException when the address or another of Apicurio's settings is wrong
     */
    static RegistryClient of(Map<String, ?> clientProperties) {
        String url = baseUrl(String.valueOf(clientProperties.get(SchemaRegistry.URL)));
        Map<String, Object> configuration = new HashMap<>();
        clientProperties.forEach((name, value) -> {
            if (name.startsWith("apicurio.")) {
                configuration.put(name, value);
            }
        });
        configuration.put(SchemaResolverConfig.REGISTRY_URL, url + CORE_API);
        configuration.put(SchemaResolverConfig.HTTP_ADAPTER, "JDK");
        configuration.put(SchemaResolverConfig.AUTO_REGISTER_ARTIFACT, false);
        // How often and how long to ask again is the HTTP client's affair already.
        configuration.put(SchemaResolverConfig.RETRY_COUNT, 0);
        try {
            return new RegistryClient(
                    url, configuration, RegistryClientFacadeFactory.create(new SchemaResolverConfig(configuration)));
        } catch (IllegalArgumentException | IllegalStateException e) {
            throw new SchemaRegistryException(
                    "The settings of the schema registry " + url + " are refused (" + e.getMessage()
                            + "): correct those that begin with apicurio. in the Kafka properties.",
                    e);
        }
    }

    /** {@code http://host:port} out of any address of the registry's APIs. */
    private static String baseUrl(String given) {
        if (given.contains("@")) {
            // Apicurio's client sends it nowhere, and every message and running.properties would repeat it.
            throw new SchemaRegistryException(
                    "The schema registry's address has a user or a password in it: give one like http://registry:8080, and"
                            + " apicurio.registry.auth.username and .password in the file of --kafka-config.",
                    null);
        }
        String url = given.strip().replaceFirst(OTHER_API, "").replaceFirst("/+$", "");
        try {
            URI uri = URI.create(url);
            if (("http".equals(uri.getScheme()) || "https".equals(uri.getScheme())) && uri.getHost() != null) {
                return url;
            }
        } catch (IllegalArgumentException e) {
            // said below
        }
        throw new SchemaRegistryException(
                "The schema registry's address is no URL, was '" + given + "': give one like http://registry:8080.",
                null);
    }

    static String artifact(String topic) {
        return topic + "-value";
    }

    String url() {
        return url;
    }

    RegistryClientFacade facade() {
        return facade;
    }

    /** Apicurio's settings for its serializers. */
    Map<String, Object> serdeConfiguration() {
        return new HashMap<>(serdeConfiguration);
    }

    /** All versions of a topic's schema, oldest first; empty when there is none. */
    List<Version> versions(String topic) {
        return ask(() -> {
            try {
                return artifactOf(topic)
                        .versions()
                        .get(request -> request.queryParameters.limit = MOST_VERSIONS)
                        .getVersions()
                        .stream()
                        .sorted(java.util.Comparator.comparing(version -> version.getGlobalId()))
                        .map(version -> new Version(
                                version.getVersion(),
                                Math.toIntExact(version.getContentId()),
                                content(topic, version.getVersion())))
                        .toList();
            } catch (ApiException e) {
                if (status(e) == NOT_FOUND) {
                    return List.of();
                }
                throw e;
            }
        });
    }

    private Schema content(String topic, String version) {
        try (InputStream content = artifactOf(topic)
                .versions()
                .byVersionExpression(version)
                .content()
                .get()) {
            return new Schema.Parser().parse(new String(content.readAllBytes(), UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (AvroRuntimeException e) {
            throw new SchemaRegistryException(
                    "Version " + version + " of " + artifact(topic) + " in the schema registry " + url
                            + " is no Avro schema (" + e.getMessage() + "): delete it there.",
                    e);
        }
    }

    /** Adds an artifact with its first version. */
    void createArtifact(String topic, Schema schema) {
        CreateArtifact create = new CreateArtifact();
        create.setArtifactId(artifact(topic));
        create.setArtifactType("AVRO");
        create.setFirstVersion(version(schema));
        ask(() -> client().groups().byGroupId(GROUP).artifacts().post(create));
    }

    /** Adds a version. */
    void createVersion(String topic, Schema schema) {
        ask(() -> artifactOf(topic).versions().post(version(schema)));
    }

    private static CreateVersion version(Schema schema) {
        VersionContent content = new VersionContent();
        content.setContent(schema.toString());
        content.setContentType("application/json");
        CreateVersion version = new CreateVersion();
        version.setContent(content);
        return version;
    }

    /** What the artifact's own compatibility rule says; null when it has none. */
    @Nullable
    String compatibility(String topic) {
        return ask(() -> {
            try {
                return artifactOf(topic)
                        .rules()
                        .byRuleType(RuleType.COMPATIBILITY.getValue())
                        .get()
                        .getConfig();
            } catch (ApiException e) {
                if (status(e) == NOT_FOUND) {
                    return null;
                }
                throw e;
            }
        });
    }

    /** Makes the registry itself refuse what is not {@value #COMPATIBILITY}, whoever comes with it. */
    void requireCompatibility(String topic) {
        String present = compatibility(topic);
        if (COMPATIBILITY.equals(present)) {
            return;
        }
        if (present == null) {
            CreateRule create = new CreateRule();
            create.setRuleType(RuleType.COMPATIBILITY);
            create.setConfig(COMPATIBILITY);
            ask(() -> {
                artifactOf(topic).rules().post(create);
                return create;
            });
            return;
        }
        Rule rule = new Rule();
        rule.setRuleType(RuleType.COMPATIBILITY);
        rule.setConfig(COMPATIBILITY);
        ask(() -> artifactOf(topic)
                .rules()
                .byRuleType(RuleType.COMPATIBILITY.getValue())
                .put(rule));
    }

    private WithArtifactItemRequestBuilder artifactOf(String topic) {
        return client().groups().byGroupId(GROUP).artifacts().byArtifactId(artifact(topic));
    }

    private io.apicurio.registry.rest.client.RegistryClient client() {
        return (io.apicurio.registry.rest.client.RegistryClient) facade.getClient();
    }

    /** Whether an answer was that there is no such thing. */
    static boolean isNotFound(Throwable thrown) {
        for (Throwable cause = thrown; cause != null; cause = cause.getCause()) {
            if (cause instanceof ApiException e && status(e) == NOT_FOUND) {
                return true;
            }
        }
        return false;
    }

    private static int status(ApiException e) {
        return e instanceof ProblemDetails details && details.getStatus() != null
                ? details.getStatus()
                : e.getResponseStatusCode();
    }

    private <T> @Nullable T askNullable(Supplier<@Nullable T> question) {
        try {
            return question.get();
        } catch (SchemaRegistryException e) {
            throw e;
        } catch (RuntimeException e) { // Kiota throws plain RuntimeExceptions around whatever went wrong
            throw explained(e);
        }
    }

    @SuppressWarnings("NullAway") // null only for a supplier that may give it
    private <T> T ask(Supplier<T> question) {
        return askNullable(question);
    }

    /** The sentence for what went wrong. */
    SchemaRegistryException explained(RuntimeException e) {
        for (Throwable cause = e; cause != null; cause = cause.getCause()) {
            if (cause instanceof ApiException answer) {
                int status = status(answer);
                if (status == 401 || status == 403) {
                    return new SchemaRegistryException(
                            "The schema registry " + url + " refuses (status " + status
                                    + "): give apicurio.registry.auth.username and .password, or a client id, that may do this, in the file of --kafka-config.",
                            e);
                }
                // Apicurio answers with status 400 where Confluent's registry and Apicurio's documentation say 409.
                boolean refused = status == CONFLICT || said(answer).startsWith(INCOMPATIBLE);
                return new SchemaRegistryException(
                        "The schema registry " + url + " "
                                + (refused ? "refuses a schema" : "answers with status " + status) + " ("
                                + said(answer) + "): "
                                + (refused
                                        ? "only optional fields may come and go."
                                        : "check that it is an Apicurio Registry 3 and that the address is right."),
                        e);
            }
        }
        return new SchemaRegistryException(
                "The schema registry " + url + " does not answer (" + root(e)
                        + "): check that it runs and that the address of --schema-registry is right.",
                e);
    }

    private static String said(ApiException answer) {
        String said = answer instanceof ProblemDetails details && details.getTitle() != null
                ? details.getTitle()
                : answer.getMessage();
        return said == null || said.isBlank()
                ? answer.getClass().getSimpleName()
                : said.replaceAll("\\s+", " ").strip();
    }

    private static String root(Throwable thrown) {
        Throwable root = thrown;
        while (root.getCause() != null) {
            if (root instanceof ConnectException) {
                return "the connection is refused";
            }
            root = root.getCause();
        }
        return root.getMessage() == null
                ? root.getClass().getSimpleName()
                : root.getMessage().replaceAll("\\s+", " ");
    }
}
