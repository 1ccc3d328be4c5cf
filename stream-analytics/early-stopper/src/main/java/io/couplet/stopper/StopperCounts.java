package io.couplet.stopper;

/**
 * What a stopper has done since it started.
 *
 * @param recordsRead records of all topics, of which {@code withoutValue}, {@code deadLetters} and
 *     {@code olderAttempts} were not judged
 * @param commands orders to stop, each for another attempt of a run
 * @param commandsRepeated orders written once more, byte for byte, because the record they rest on was delivered again
 * @param shadows orders of rules in shadow, recorded and not to be obeyed; told again when delivered again
 * @param obeyed endings that name the order
 * @param endedByThemselves endings of commanded runs that do not: the trainer was quicker
 * @param olderAttempts records of an attempt that a later one has superseded
 * @param withoutValue tombstones
 * @param deadLetters records nobody could read
 * @param leftOut records that the watch of their study left out, because no run can have them: an evaluation at fraction 0, a name without end
 * @param personsOrders orders that people gave about runs, {@code needlessOrders} and those that requeued a run among them
 * @param needlessOrders people's orders to which there was nothing to do, because the run had ended or was not paused, or its request is no longer kept
 * @param requeued runs put back into the queue
 * @param requeuedAgain the same requests written once more, byte for byte, because the record that led to them was delivered again
 */
public record StopperCounts(
        long recordsRead,
        long commands,
        long commandsRepeated,
        long shadows,
        long obeyed,
        long endedByThemselves,
        long olderAttempts,
        long withoutValue,
        long deadLetters,
        long leftOut,
        long personsOrders,
        long needlessOrders,
        long requeued,
        long requeuedAgain) {

    /** Commanded runs that have ended, one way or the other. */
    public long answered() {
        return obeyed + endedByThemselves;
    }
}
