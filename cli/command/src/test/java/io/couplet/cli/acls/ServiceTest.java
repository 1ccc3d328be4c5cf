package io.couplet.cli.acls;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.resource.ResourceType;
import org.junit.jupiter.api.Test;

class ServiceTest {

    private static final String BEGIN = "<!-- acls -->\n";
    private static final String END = "<!-- /acls -->";

    @Test
    void theDocumentHasTheTable() throws Exception {
        String document = Files.readString(Path.of("../../docs/security-kafka.md"));

        assertThat(document.substring(document.indexOf(BEGIN) + BEGIN.length(), document.indexOf(END)))
                .as("docs/security-kafka.md, between its two comments, must be:\n" + Service.table())
                .isEqualTo(Service.table());
    }

    @Test
    void onlyTheStopperAndAPersonOrderRunsToStop() {
        assertThat(Service.values())
                .filteredOn(service -> service.permissions().stream()
                        .anyMatch(permission -> permission.name().equals("couplet.run-commands.v1")
                                && permission.operations().contains(AclOperation.WRITE)))
                .containsExactly(Service.STOPPER, Service.ORDERS);
    }

    @Test
    void whoLooksWritesNoTopic() {
        for (Service service : new Service[] {Service.DASHBOARD, Service.REPORT}) {
            assertThat(service.permissions())
                    .filteredOn(permission -> permission.type() == ResourceType.TOPIC)
                    .allSatisfy(
                            permission -> assertThat(permission.operations()).containsExactly(AclOperation.READ));
        }
    }

    @Test
    void kafkasOwnCommandsArePrinted() {
        assertThat(Service.ORDERS.commands("User:ann", "kafka:9092"))
                .containsExactly(
                        "kafka-acls.sh --bootstrap-server kafka:9092 --command-config admin.properties --add --allow-principal 'User:ann' --operation Read --topic 'couplet.run-requests.v1'",
                        "kafka-acls.sh --bootstrap-server kafka:9092 --command-config admin.properties --add --allow-principal 'User:ann' --operation Write --topic 'couplet.run-commands.v1'");
        assertThat(Service.DASHBOARD.commands("User:dashboard", "kafka:9092"))
                .last()
                .asString()
                .endsWith(
                        "--operation Read --operation Delete --group 'couplet-live-view-' --resource-pattern-type prefixed");
    }
}
