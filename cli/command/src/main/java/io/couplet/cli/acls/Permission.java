package io.couplet.cli.acls;

import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.kafka.common.acl.AccessControlEntry;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.acl.AclPermissionType;
import org.apache.kafka.common.resource.PatternType;
import org.apache.kafka.common.resource.ResourcePattern;
import org.apache.kafka.common.resource.ResourceType;

/**
 * What may be done with one resource, or with all whose names begin alike.
 *
 * @param type topic or group
 * @param pattern whether the name is whole or the beginning of names
 * @param name of the resource
 * @param operations what may be done, at least one thing
 */
public record Permission(ResourceType type, PatternType pattern, String name, Set<AclOperation> operations) {

    public Permission {
        if (operations.isEmpty()) {
            throw new IllegalArgumentException("operations must have at least one, was empty for " + name);
        }
        operations = EnumSet.copyOf(operations);
    }

    /** The ACLs that allow it to a principal from any host. */
    List<AclBinding> to(String principal) {
        ResourcePattern resource = new ResourcePattern(type, name, pattern);
        return operations.stream()
                .map(operation -> new AclBinding(
                        resource, new AccessControlEntry(principal, "*", operation, AclPermissionType.ALLOW)))
                .toList();
    }

    /** The options of Kafka's own {@code kafka-acls.sh} that allow it. */
    String options() {
        String allowed = operations.stream()
                .map(operation -> "--operation " + title(operation))
                .collect(Collectors.joining(" "));
        return allowed + " --" + type.name().toLowerCase(Locale.ROOT) + " '" + name + "'"
                + (pattern == PatternType.PREFIXED ? " --resource-pattern-type prefixed" : "");
    }

    /** As a table shows it. */
    String text() {
        return operations.stream().map(Permission::title).collect(Collectors.joining(", ")) + " "
                + type.name().toLowerCase(Locale.ROOT)
                + (pattern == PatternType.PREFIXED ? "s `" + name + "*`" : " `" + name + "`");
    }

    private static String title(AclOperation operation) {
        StringBuilder title = new StringBuilder();
        for (String word : operation.name().split("_")) {
            title.append(word.charAt(0)).append(word.substring(1).toLowerCase(Locale.ROOT));
        }
        return title.toString();
    }
}
