package io.couplet.stopper;

import io.couplet.schemas.avro.RunCommand;
import io.couplet.schemas.avro.RunEvent;
import org.jspecify.annotations.Nullable;

/**
 * What one record changes.
 *
 * @param next what to remember from now on: the same instance when nothing changed
 */
record Turn(@Nullable RunWatch next, Effect effect) {

    /** What has to be told to others. */
    sealed interface Effect {

        /** Nothing. */
        record None() implements Effect {}

        /** The record is of an attempt that a later one has superseded. */
        record OlderAttempt() implements Effect {}

        /** Stop the run. */
        record Command(RunCommand command, long evidenceMillis) implements Effect {}

        /** The same order once more: the record it rests on was delivered again, so the first one may be lost. */
        record CommandAgain(RunCommand command) implements Effect {}

        /** Stop the run, a rule would have said. */
        record Shadow(RunCommand command) implements Effect {}

        /** A commanded run ended, by the order ({@link Answer#obeyed}) or before it arrived. */
        record Answered(Answer answer) implements Effect {}

        /** A person's order, which its trainer reads itself, was taken down. */
        record Noted(RunCommand order) implements Effect {}

        /** A person's order to which there is nothing to do: the run has ended, or is not paused. */
        record Needless(RunCommand order, String why) implements Effect {}

        /**
         * Put the run back into the queue.
         *
         * @param submittedMillis what the request says
         * @param again whether the record that led to it was delivered again
         * @param answer the pause that was obeyed although it had been taken back; null when there is none
         */
        record Requeue(
                RunCommand resume,
                long submittedMillis,
                boolean again,
                @Nullable Answer answer) implements Effect {}
    }

    /**
     * The way from a bad step to the end of the run, with the time of each leg. Clocks of different machines: a leg may
     * come out negative.
     *
     * @param obeyed whether the event names an order; otherwise the trainer ended the run by itself
     * @param toCommandMillis from the step to the command
     * @param toTrainerMillis from the command to the trainer's event
     * @param toStopperMillis from the trainer's event until it was read here
     */
    record Answer(
            RunCommand command,
            RunEvent event,
            boolean obeyed,
            long toCommandMillis,
            long toTrainerMillis,
            long toStopperMillis) {}
}
