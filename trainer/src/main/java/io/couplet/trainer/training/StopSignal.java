package io.couplet.trainer.training;

import java.util.Optional;

/** Asked between steps. */
@FunctionalInterface
public interface StopSignal {

    /** One sentence why to stop now; empty to go on. */
    Optional<String> reason();

    /** Never stops. */
    static StopSignal never() {
        return Optional::empty;
    }
}
