package io.couplet.trainer.worker;

import io.couplet.schemas.avro.RunCommand;

/** Why a training is ended from outside. */
sealed interface Interruption {

    /** One sentence. */
    String reason();

    /** A stop command; the run has ended. */
    record Commanded(RunCommand command) implements Interruption {
        @Override
        public String reason() {
            return command.getReason();
        }
    }

    /** The trainer shuts down; the run goes back to the queue. */
    record Released() implements Interruption {
        @Override
        public String reason() {
            return "The trainer shuts down.";
        }
    }

    /** A later attempt has begun elsewhere; this one is void. */
    record Fenced() implements Interruption {
        @Override
        public String reason() {
            return "A later attempt has begun elsewhere.";
        }
    }
}
