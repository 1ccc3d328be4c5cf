package io.couplet.stopper;

import io.couplet.schemas.avro.RunCommand;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What the stopper remembers of a run: its newest attempt, and whether that one trains, was told to stop, or has ended. */
sealed interface RunWatch {

    /** The newest attempt heard of. */
    int attempt();

    /**
     * The attempt trains, as far as anybody said.
     *
     * @param read offset by topic-partition of the newest records that said so
     * @param unanswered the order to an earlier attempt that nobody has answered yet: the trainer that takes the run up
     *     may still do so
     */
    record Training(
            int attempt, Map<String, Long> read, @Nullable Commanded unanswered) implements RunWatch {
        public Training {
            read = Map.copyOf(read);
        }
    }

    /**
     * The attempt was told to stop.
     *
     * @param evidenceMillis when the step was trained on which the order rests
     */
    record Commanded(int attempt, RunCommand command, long evidenceMillis) implements RunWatch {

        /** Whether this very record, read again, led to the order. */
        boolean restsOn(Origin origin) {
            Long offset = command.getInputOffsets().get(origin.topicPartition());
            return offset != null && offset == origin.offset();
        }
    }

    /** The attempt has ended, however it did. */
    record Ended(int attempt) implements RunWatch {}
}
