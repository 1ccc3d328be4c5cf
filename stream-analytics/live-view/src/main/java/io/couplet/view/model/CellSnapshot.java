package io.couplet.view.model;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One pairing.
 *
 * @param backbone its column
 * @param optimizer its row
 * @param status the status all its runs share; otherwise running while one of them does, then waiting, then the worst ending
 * @param runsExpected seeds × the optimizer's hyper-parameter points, as far as requests tell; none where no grid has the pairing, which then stays empty
 * @param verdict verdict most of its runs have, the worse one on a tie; null while there is none
 * @param progress share of its runs' budget that is done, ended runs counting whole, in [0, 1]
 * @param steps steps trained by all its runs together
 * @param seconds device seconds of all its runs together
 * @param rungs what is known at each rung, ascending
 * @param runs its runs, by hyper-parameter point, then seed
 */
public record CellSnapshot(
        String backbone,
        String optimizer,
        RunStatus status,
        int runsExpected,
        @Nullable String verdict,
        double progress,
        long steps,
        double seconds,
        List<RungValue> rungs,
        List<RunSummary> runs) {

    /** What is known at a rung; null when nothing. */
    public @Nullable RungValue at(int rung) {
        for (RungValue value : rungs) {
            if (value.rung() == rung) {
                return value;
            }
        }
        return null;
    }
}
