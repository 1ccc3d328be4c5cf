package io.couplet.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.couplet.broker.EmbeddedBroker;
import io.couplet.producers.Submission;
import io.couplet.schemas.TopicCreation;
import io.couplet.schemas.study.StudySpecification;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Which study an order of rules is for. */
@Timeout(180)
class OrderRulesCommandTest {

    @Test
    void aNameThatReadsLikeAnIdIsANameWhereAStudyIsCalledSo() throws Exception {
        StudySpecification study = StudySpecification.defaults().withName("birds-202401");
        try (EmbeddedBroker broker = EmbeddedBroker.startInTemporaryDirectory();
                Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()))) {
            TopicCreation.createMissing(admin, 1);
            new Submission(broker.bootstrapServers(), Map.of(), Duration.ofSeconds(30))
                    .submit(study.requests(1_000), Submission.Failed.LEAVE);

            assertThat(rules(broker, "birds-202401").out()).startsWith("Ordered for " + study.studyId() + ": ");
            assertThat(rules(broker, study.studyId()).out()).startsWith("Ordered for " + study.studyId() + ": ");
            assertThat(rules(broker, "ships-202401").out()).startsWith("Ordered for ships-202401: ");
            assertThat(rules(broker, "ships").err())
                    .isEqualTo("couplet: There is no study ships: there are " + study.studyId() + ".\n");
        }
    }

    private static Ended rules(EmbeddedBroker broker, String study) {
        return Ended.couplet(List.of("rules", study, "--none", "--bootstrap-servers", broker.bootstrapServers()));
    }
}
