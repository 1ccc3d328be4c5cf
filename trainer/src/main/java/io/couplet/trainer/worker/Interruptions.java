package io.couplet.trainer.worker;

import java.util.Optional;

/** Asked between steps whether to go on. */
@FunctionalInterface
interface Interruptions {

    /** Why to end now; empty to go on. */
    Optional<Interruption> now();
}
