package io.couplet.stopper;

import io.couplet.schemas.avro.RunCommand;
import io.couplet.stopper.Turn.Answer;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/** The counts as they grow; read by any thread. */
final class Tally {

    final LongAdder recordsRead = new LongAdder();
    final LongAdder commands = new LongAdder();
    final LongAdder commandsRepeated = new LongAdder();
    final LongAdder shadows = new LongAdder();
    final LongAdder obeyed = new LongAdder();
    final LongAdder endedByThemselves = new LongAdder();
    final LongAdder olderAttempts = new LongAdder();
    final LongAdder withoutValue = new LongAdder();
    final LongAdder deadLetters = new LongAdder();
    final LongAdder leftOut = new LongAdder();
    final LongAdder personsOrders = new LongAdder();
    final LongAdder needlessOrders = new LongAdder();
    final LongAdder requeued = new LongAdder();
    final LongAdder requeuedAgain = new LongAdder();

    private volatile @Nullable StopperMeters meters;

    /** From now on what happens is counted there too, by rule and by time. */
    void measureIn(StopperMeters registered) {
        meters = registered;
    }

    /** A new decision, in shadow or not. */
    void ordered(RunCommand command) {
        (command.getShadow() ? shadows : commands).increment();
        if (meters != null) {
            meters.ordered(command);
        }
    }

    /** An ordered run has ended. */
    void answered(Answer answer) {
        (answer.obeyed() ? obeyed : endedByThemselves).increment();
        if (meters != null) {
            meters.answered(answer);
        }
    }

    StopperCounts counts() {
        return new StopperCounts(
                recordsRead.sum(),
                commands.sum(),
                commandsRepeated.sum(),
                shadows.sum(),
                obeyed.sum(),
                endedByThemselves.sum(),
                olderAttempts.sum(),
                withoutValue.sum(),
                deadLetters.sum(),
                leftOut.sum(),
                personsOrders.sum(),
                needlessOrders.sum(),
                requeued.sum(),
                requeuedAgain.sum());
    }
}
