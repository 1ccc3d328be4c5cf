package io.couplet.docker;

import static java.util.Map.entry;

import com.fasterxml.jackson.databind.BeanDescription;
import com.fasterxml.jackson.databind.DeserializationConfig;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MappingIterator;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.deser.BeanDeserializerBuilder;
import com.fasterxml.jackson.databind.deser.BeanDeserializerModifier;
import com.fasterxml.jackson.databind.deser.DeserializationProblemHandler;
import com.fasterxml.jackson.databind.module.SimpleModule;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
import io.fabric8.kubernetes.api.model.rbac.Role;
import io.fabric8.kubernetes.api.model.rbac.RoleBinding;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.flink.kubernetes.operator.api.FlinkDeployment;
import org.apache.flink.kubernetes.operator.api.spec.FlinkVersion;

/**
 * Kubernetes manifests, read strictly into the Java classes that fabric8 and the Flink Operator make their resource definitions of: a field that those do not know is
 * an error.
 */
final class Manifests {

    /** What our manifests are for; the newest Operator whose classes Maven Central has is older than this version of Flink. */
    static final String FLINK_VERSION = "v2_2";

    private static final Map<String, Class<? extends HasMetadata>> KINDS = Map.ofEntries(
            entry("v1 ConfigMap", ConfigMap.class),
            entry("v1 Namespace", Namespace.class),
            entry("v1 PersistentVolumeClaim", PersistentVolumeClaim.class),
            entry("v1 Pod", Pod.class),
            entry("v1 Service", Service.class),
            entry("v1 ServiceAccount", ServiceAccount.class),
            entry("apps/v1 Deployment", Deployment.class),
            entry("apps/v1 StatefulSet", StatefulSet.class),
            entry("batch/v1 Job", Job.class),
            entry("flink.apache.org/v1beta1 FlinkDeployment", FlinkDeployment.class),
            entry("networking.k8s.io/v1 NetworkPolicy", NetworkPolicy.class),
            entry("policy/v1 PodDisruptionBudget", PodDisruptionBudget.class),
            entry("rbac.authorization.k8s.io/v1 Role", Role.class),
            entry("rbac.authorization.k8s.io/v1 RoleBinding", RoleBinding.class));

    private static final ObjectMapper YAML = new ObjectMapper(new YAMLFactory())
            .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .enable(DeserializationFeature.FAIL_ON_READING_DUP_TREE_KEY)
            .registerModule(new SimpleModule().setDeserializerModifier(new NothingUnknown()))
            .addHandler(new NewerFlink());

    private Manifests() {}

    /**
     * All resources of a file.
     *
     * @throws IOException when a field is unknown, has the wrong type, or the kind is none of ours
     */
    static List<HasMetadata> read(String yaml) throws IOException {
        List<HasMetadata> resources = new ArrayList<>();
        try (MappingIterator<JsonNode> documents =
                YAML.readerFor(JsonNode.class).readValues(yaml)) {
            while (documents.hasNext()) {
                JsonNode document = documents.next();
                String kind = document.path("apiVersion").asText() + " "
                        + document.path("kind").asText();
                Class<? extends HasMetadata> type = KINDS.get(kind);
                if (type == null) {
                    throw new IOException("No class is known for " + kind);
                }
                resources.add(YAML.treeToValue(document, type));
            }
        }
        return resources;
    }

    /** fabric8's classes keep what they do not know, and the Operator's leave it out; with neither Jackson refuses it. */
    private static final class NothingUnknown extends BeanDeserializerModifier {

        private static final long serialVersionUID = 1;

        @Override
        @SuppressWarnings("NullAway") // Jackson asks for null where there is to be none.
        public BeanDeserializerBuilder updateBuilder(
                DeserializationConfig config, BeanDescription description, BeanDeserializerBuilder builder) {
            builder.setAnySetter(null);
            builder.setIgnoreUnknownProperties(false);
            return builder;
        }
    }

    /** Takes {@value FLINK_VERSION}, and nothing else that the classes do not know, for the newest version that they do. */
    private static final class NewerFlink extends DeserializationProblemHandler {

        @Override
        public Object handleWeirdStringValue(
                DeserializationContext context, Class<?> type, String value, String failure) {
            return type == FlinkVersion.class && value.equals(FLINK_VERSION) ? FlinkVersion.current() : NOT_HANDLED;
        }
    }
}
