package io.couplet.schemas;

import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import javax.net.ssl.SSLException;
import javax.security.auth.login.LoginException;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.ClusterAuthorizationException;
import org.apache.kafka.common.errors.GroupAuthorizationException;
import org.apache.kafka.common.errors.SaslAuthenticationException;
import org.apache.kafka.common.errors.SslAuthenticationException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.common.errors.UnsupportedSaslMechanismException;

/** Why Kafka lets somebody not in, in one sentence with the fix. Never repeats a setting, for that may be a secret. */
public final class KafkaRefusal {

    private static final String FILE = " in the file of --kafka-config";
    private static final String GRANT = ": have it allowed, as couplet topics acls prints it.";

    /** Never with what Kafka's client says of it: after a stray quotation mark that is a piece of the password. */
    private static final String JAAS = "Kafka's client cannot use sasl.jaas.config" + FILE
            + ": write MODULE required username=\"…\" password=\"…\"; in one line, with \\\\\" for a quotation mark inside.";

    private KafkaRefusal() {}

    /**
     * The sentence, when what was thrown, or a cause of it, is a refusal.
     *
     * @param bootstrapServers where Kafka is
     */
    public static Optional<String> sentence(String bootstrapServers, Throwable thrown) {
        String kafka = "Kafka at " + bootstrapServers;
        for (Throwable cause = thrown; cause != null; cause = cause.getCause()) {
            if (isAboutJaas(cause)) {
                return Optional.of(JAAS);
            } else if (cause instanceof UnsupportedSaslMechanismException) {
                return Optional.of(kafka + " does not know this SASL mechanism: correct sasl.mechanism" + FILE + ".");
            } else if (cause instanceof KafkaException
                    && String.valueOf(cause.getMessage()).startsWith("Failed to load SSL")) {
                return Optional.of("The store of certificates for " + kafka + " cannot be read (" + root(cause)
                        + "): correct ssl.truststore.location, its password and its type" + FILE + ".");
            } else if (cause instanceof SaslAuthenticationException) {
                return Optional.of(
                        kafka + " does not accept this user or password: correct sasl.jaas.config" + FILE + ".");
            } else if (cause instanceof SslAuthenticationException || cause instanceof SSLException) {
                return Optional.of(kafka + " and this client do not trust each other's certificates (" + root(cause)
                        + "): name a truststore that knows the broker's with ssl.truststore.location, and the address that its certificate names"
                        + FILE + ".");
            } else if (cause instanceof TopicAuthorizationException refused
                    && !refused.unauthorizedTopics().isEmpty()) {
                return Optional.of(
                        kafka + " does not let this user use " + topics(refused.unauthorizedTopics()) + GRANT);
            } else if (cause instanceof GroupAuthorizationException refused) {
                return Optional.of(kafka + " does not let this user use the group " + refused.groupId() + GRANT);
            } else if (cause instanceof ClusterAuthorizationException) {
                return Optional.of(kafka + " does not let this user do that with the cluster" + GRANT);
            } else if (cause instanceof AuthorizationException) {
                return Optional.of(kafka + " does not allow that to this user (" + cause.getMessage() + ")" + GRANT);
            }
        }
        return Optional.empty();
    }

    /** Whether it is of the parser or the loader of {@code sasl.jaas.config}. */
    private static boolean isAboutJaas(Throwable cause) {
        String message = String.valueOf(cause.getMessage());
        return cause instanceof IllegalArgumentException && message.contains("JAAS")
                || cause instanceof LoginException && message.contains("LoginModule");
    }

    static String topics(Set<String> names) {
        return (names.size() == 1 ? "the topic " : "the topics ") + String.join(", ", new TreeSet<>(names));
    }

    private static String root(Throwable thrown) {
        Throwable root = thrown;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        return String.valueOf(root.getMessage());
    }
}
