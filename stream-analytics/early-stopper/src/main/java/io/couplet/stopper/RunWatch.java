package io.couplet.stopper;

import io.couplet.schemas.avro.RunCommand;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What the stopper remembers of a run: its newest attempt, and whether that one trains, was told to stop, is paused, or has ended. */
sealed interface RunWatch {

    /** The newest attempt heard of; 0 while a person has ordered something and nobody has begun. */
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
     * @param evidenceMillis when the step was trained on which the order rests; of a person's order, when it was given
     */
    record Commanded(int attempt, RunCommand command, long evidenceMillis) implements RunWatch {

        /** Whether this very record, read again, led to the order. */
        boolean restsOn(Origin origin) {
            Long offset = command.getInputOffsets().get(origin.topicPartition());
            return offset != null && offset == origin.offset();
        }
    }

    /**
     * The attempt was told to stop, and a person took the order back before anybody had answered it: its trainer goes on, unless it had obeyed already.
     *
     * @param revoked the order that was taken back; the rule that gave it does not give it to this attempt again
     * @param resume the order that took it back
     */
    record Reprieved(int attempt, Commanded revoked, RunCommand resume) implements RunWatch {}

    /**
     * The attempt has ended and may be taken up again.
     *
     * @param timeMillis when its trainer said so
     */
    record Paused(int attempt, long timeMillis) implements RunWatch {}

    /**
     * The run was put back into the queue, and nobody has taken it up yet.
     *
     * @param resume the order for it
     * @param submittedMillis what the request says, later than the pause by its trainer's clock
     * @param partition topic and partition of the record that led to it, and
     * @param offset its offset: read again, it leads to the same request again
     */
    record Resumed(int attempt, RunCommand resume, long submittedMillis, String partition, long offset)
            implements RunWatch {

        boolean restsOn(Origin origin) {
            return partition.equals(origin.topicPartition()) && offset == origin.offset();
        }
    }

    /** The attempt has ended, however it did. */
    record Ended(int attempt) implements RunWatch {}
}
