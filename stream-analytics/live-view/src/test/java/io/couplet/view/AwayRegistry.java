package io.couplet.view;

import io.couplet.schemas.SchemaRegistry;
import io.couplet.schemas.SchemaRegistryException;
import io.couplet.schemas.Topic;
import io.couplet.schemas.WireFormat;
import java.util.Map;

/** A format whose schema registry does not answer for a while. */
public final class AwayRegistry implements WireFormat {

    private int answers;
    private int failures;

    /** Fails so many look-ups from now on. */
    public void fail(int times) {
        failAfter(0, times);
    }

    /** Answers so many look-ups, then fails so many. */
    public void failAfter(int answered, int times) {
        answers = answered;
        failures = times;
    }

    @Override
    public byte[] toKafka(String topic, byte[] singleObject) {
        return singleObject;
    }

    @Override
    public byte[] fromKafka(String topic, byte[] value) {
        if (answers > 0) {
            answers--;
        } else if (failures > 0) {
            failures--;
            throw exception();
        }
        return value;
    }

    @Override
    public int newestId(Topic<?> topic) {
        return NO_ID;
    }

    /** One of those that only the schemas' own code makes. */
    public static SchemaRegistryException exception() {
        try {
            SchemaRegistry.of(Map.of());
        } catch (SchemaRegistryException e) {
            return e;
        }
        throw new AssertionError("a registry that nobody named was there");
    }
}
