package io.couplet.trainer.training;

import io.couplet.trainer.checkpoints.Checkpoint;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Where a training takes up, and who keeps its state.
 *
 * @param from what it goes on from; null to begin at the beginning
 * @param everySteps besides after each rung but the last and when the signal stops it, the state is kept after so many steps; 0 for not
 * @param keeper is given the state on the training's thread, and deals with its own failures; null for nobody, and then no state is copied
 */
public record Checkpointing(
        @Nullable Checkpoint from, int everySteps, @Nullable Consumer<Checkpoint> keeper) {

    public Checkpointing {
        if (everySteps < 0) {
            throw new IllegalArgumentException("everySteps must be at least 0, was " + everySteps);
        }
    }

    /** From the beginning, keeping nothing. */
    public static Checkpointing none() {
        return new Checkpointing(null, 0, null);
    }

    /** The last step that need not be trained again; 0 for none. */
    public int resumedAtStep() {
        return from == null ? 0 : from.step();
    }
}
