package io.couplet.flink;

import io.couplet.scores.convergence.ConvergenceState;
import org.apache.flink.types.PojoTestUtils;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Every type that is kept in state or sent between operators is read and written by Flink's own serializers. */
class NoKryoTest {

    @ParameterizedTest
    @ValueSource(
            classes = {
                ConvergenceState.class,
                StudyGrid.class,
                StudyRun.class,
                Received.class,
                Unreadable.class,
                Step.class,
                StudyInput.class,
                Upsert.class
            })
    void isSerializedWithoutKryo(Class<?> type) {
        PojoTestUtils.assertSerializedAsPojoWithoutKryo(type);
    }
}
