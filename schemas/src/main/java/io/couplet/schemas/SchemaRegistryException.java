package io.couplet.schemas;

import org.apache.kafka.common.KafkaException;
import org.jspecify.annotations.Nullable;

/** The schema registry is away, or lacks or refuses a schema: one sentence with the fix. A {@link KafkaException}, since whoever can wait for Kafka can wait for it. */
public final class SchemaRegistryException extends KafkaException {

    private static final long serialVersionUID = 1;

    SchemaRegistryException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
