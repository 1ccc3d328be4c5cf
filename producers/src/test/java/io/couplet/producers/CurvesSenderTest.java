package io.couplet.producers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.couplet.schemas.Topics;
import io.couplet.schemas.WireFormat;
import io.couplet.schemas.avro.RunEvent;
import io.couplet.schemas.avro.RunEventKind;
import java.time.Duration;
import java.util.Set;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.Test;

class CurvesSenderTest {

    private static final String RUN = "curves-3fa2c1.vgg.sgd.s0.a0b1c2";

    private final MockProducer<String, byte[]> producer =
            new MockProducer<>(false, null, new StringSerializer(), new ByteArraySerializer());

    @Test
    void afterARefusedRecordNoOtherIsSent() throws Exception {
        try (CurvesSender sender = new CurvesSender(
                producer,
                WireFormat.SINGLE_OBJECT,
                new CurvesSender.Pace.Unbounded(),
                "kafka:9092",
                Duration.ofSeconds(1))) {
            sender.take(Topics.RUN_EVENTS, RUN, event(), 0);
            producer.errorNext(new TopicAuthorizationException(Set.of(Topics.RUN_EVENTS.name())));

            assertThatThrownBy(() -> sender.take(Topics.RUN_EVENTS, RUN, event(), 1))
                    .isInstanceOf(CurvesException.class)
                    .hasMessage("Kafka at kafka:9092 does not let this user use the topic " + Topics.RUN_EVENTS.name()
                            + ": have it allowed, as couplet topics acls prints it.");
            assertThat(producer.history()).hasSize(1);
        }
    }

    private static RunEvent event() {
        return RunEvent.newBuilder()
                .setRunId(RUN)
                .setStudyId("curves-3fa2c1")
                .setAttempt(1)
                .setBackbone("vgg")
                .setOptimizer("sgd")
                .setSeed(0)
                .setHyperparameterPoint(0)
                .setKind(RunEventKind.STARTED)
                .setStep(0)
                .setBudgetSteps(10)
                .setWarmupSteps(0)
                .setResumedAtStep(0)
                .setStepsTrained(0)
                .setDeviceSeconds(0)
                .setTimeMillis(1)
                .build();
    }
}
