package io.couplet.stopper;

import java.util.concurrent.atomic.LongAdder;

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
    final LongAdder personsOrders = new LongAdder();
    final LongAdder needlessOrders = new LongAdder();
    final LongAdder requeued = new LongAdder();
    final LongAdder requeuedAgain = new LongAdder();

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
                personsOrders.sum(),
                needlessOrders.sum(),
                requeued.sum(),
                requeuedAgain.sum());
    }
}
