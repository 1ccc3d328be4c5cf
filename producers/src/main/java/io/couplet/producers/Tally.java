package io.couplet.producers;

/** Running counts of one key; guarded by the publisher's lock. */
final class Tally {

    private long emitted;
    private long acknowledged;
    private long spooled;
    private long lost;

    void emitted() {
        emitted++;
    }

    void foundInSpool(long records) {
        emitted += records;
        spooled += records;
    }

    void spooled() {
        spooled++;
    }

    void acknowledged(boolean wasSpooled) {
        acknowledged++;
        spooled -= wasSpooled ? 1 : 0;
    }

    void lost(boolean wasSpooled) {
        lost++;
        spooled -= wasSpooled ? 1 : 0;
    }

    Counts counts() {
        return new Counts(emitted, acknowledged, spooled, emitted - acknowledged - spooled - lost, lost);
    }
}
