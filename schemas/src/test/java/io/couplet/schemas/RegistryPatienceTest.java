package io.couplet.schemas;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.apache.kafka.common.errors.SerializationException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
final class RegistryPatienceTest {

    private static final byte[] VALUE = {1, 2, 3};

    private int reads;

    /** Fails so many reads, then gives the value back. */
    private WireFormat failing(int times, RuntimeException failure) {
        return new WireFormat() {
            @Override
            public byte[] toKafka(String topic, byte[] singleObject) {
                return singleObject;
            }

            @Override
            public byte[] fromKafka(String topic, byte[] value) {
                if (++reads <= times) {
                    throw failure;
                }
                return value;
            }

            @Override
            public int newestId(Topic<?> topic) {
                return NO_ID;
            }
        };
    }

    @Test
    void aValueWaitsForARegistryThatIsAwayForAMoment() {
        RegistryPatience patience = new RegistryPatience(Duration.ofMillis(1), Duration.ofSeconds(30));

        assertThat(patience.over(failing(5, new SchemaRegistryException("away", null)))
                        .fromKafka("any", VALUE))
                .isEqualTo(VALUE);
        assertThat(reads).isEqualTo(6);
    }

    @Test
    void aRegistryThatStaysAwayIsAFailure() {
        RegistryPatience patience = new RegistryPatience(Duration.ofMillis(1), Duration.ofMillis(20));
        WireFormat format = patience.over(failing(Integer.MAX_VALUE, new SchemaRegistryException("away", null)));

        assertThatThrownBy(() -> format.fromKafka("any", VALUE)).isInstanceOf(SchemaRegistryException.class);
    }

    @Test
    void whatWaitsEndsWithItsService() {
        RegistryPatience patience = new RegistryPatience(Duration.ofHours(1), Duration.ofHours(2));
        WireFormat format = patience.over(failing(1, new SchemaRegistryException("away", null)));
        patience.end();

        assertThatThrownBy(() -> format.fromKafka("any", VALUE)).isInstanceOf(SchemaRegistryException.class);
    }

    @Test
    void aBadValueDoesNotWait() {
        WireFormat format = new RegistryPatience().over(failing(1, new SerializationException("no record")));

        assertThatThrownBy(() -> format.fromKafka("any", VALUE)).isInstanceOf(SerializationException.class);
        assertThat(reads).isEqualTo(1);
    }
}
