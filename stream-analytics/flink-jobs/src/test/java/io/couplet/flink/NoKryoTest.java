package io.couplet.flink;

import static org.assertj.core.api.Assertions.assertThat;

import org.apache.flink.api.common.serialization.SerializerConfigImpl;
import org.apache.flink.configuration.PipelineOptions;
import org.apache.flink.types.PojoTestUtils;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Every type that is kept in state or sent between operators is read and written by Flink's own serializers. */
class NoKryoTest {

    @ParameterizedTest
    @ValueSource(
            classes = {StudyGrid.class, StudyRun.class, Received.class, Unreadable.class, StudyInput.class, Upsert.class
            })
    void isSerializedWithoutKryo(Class<?> type) {
        PojoTestUtils.assertSerializedAsPojoWithoutKryo(type);
    }

    @Test
    void whatEveryStepPassesThroughHasSerializersOfItsOwn() {
        SerializerConfigImpl config = new SerializerConfigImpl();

        assertThat(StepBatchType.INSTANCE.createSerializer(config)).isInstanceOf(StepBatchType.Serializer.class);
        assertThat(RunStateType.INSTANCE.createSerializer(config)).isInstanceOf(RunStateType.Serializer.class);
        // With generic types off a graph that needed Kryo anywhere could not be built.
        assertThat(AnalyticsJobs.configuration().get(PipelineOptions.GENERIC_TYPES))
                .isFalse();
    }
}
