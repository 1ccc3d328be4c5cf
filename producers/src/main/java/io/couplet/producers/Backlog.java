package io.couplet.producers;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.apache.kafka.common.errors.RetriableException;
import org.jspecify.annotations.Nullable;

/**
 * What is on its way, and the one lock around it. Records are numbered as they come and leave in that order; the oldest
 * are with the producer ({@code unacknowledged}), then come those on the disk, then those in the queue.
 */
final class Backlog {

    private static final long RETRY_NANOS = TimeUnit.MILLISECONDS.toNanos(200);
    private static final long DISK_RETRY_NANOS = TimeUnit.SECONDS.toNanos(1);
    private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(50);
    /** Longest wait of a caller for room in the queue: as long as a slow disk may take, no longer. */
    private static final long ROOM_NANOS = TimeUnit.SECONDS.toNanos(10);

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition work = lock.newCondition();
    private final Condition progress = lock.newCondition();

    private final int queueLimit;
    private final int inFlightLimit;
    private final long awayNanos;

    private final Map<String, Tally> tallies = new HashMap<>();
    private final Map<String, Tally> topics = new HashMap<>();
    private final Tally inherited = new Tally();
    private final Tally total = new Tally();

    private final ArrayDeque<Entry> queue = new ArrayDeque<>();
    private final TreeMap<Long, Entry> unacknowledged = new TreeMap<>();
    /** The part of {@code unacknowledged} that the producer gave back. */
    private final TreeMap<Long, Entry> again = new TreeMap<>();

    private long queueBytes;
    private long unacknowledgedBytes;
    private int unsavedUnacknowledged;
    private long spoolUnread;
    private long unreadable;
    private long lastSequence;
    private long lastHandedOver = -1;
    private long lastProgress = System.nanoTime();
    private long retryAt = lastProgress;
    private long diskRetryAt = lastProgress;
    private boolean diskRefuses;
    private boolean savingWanted;
    private boolean stopping;
    private boolean stopped;
    private @Nullable Exception brokenBy;

    Backlog(PublisherSettings settings, long inheritedRecords) {
        this.queueLimit = settings.queueBytes();
        this.inFlightLimit = settings.inFlightBytes();
        this.awayNanos = settings.awayAfter().toNanos();
        this.spoolUnread = inheritedRecords;
        this.lastSequence = inheritedRecords - 1;
        inherited.foundInSpool(inheritedRecords);
    }

    // ---- callers ------------------------------------------------------------------------------------------------

    /** Puts a record into the queue and counts it; false when it is lost, because there was no room for too long. */
    boolean emit(String topic, String key, byte[] value, long timeMillis) {
        lock.lock();
        try {
            if (stopping) {
                throw new IllegalStateException("The publisher is closed, or has ended.");
            }
            Tally tally = tallies.computeIfAbsent(key, any -> new Tally());
            Tally ofTopic = ofTopic(topic);
            tally.emitted();
            ofTopic.emitted();
            total.emitted();
            if (!awaitRoom(value.length)) {
                tally.lost(false);
                ofTopic.lost(false);
                total.lost(false);
                return false;
            }
            if (unacknowledged.isEmpty() && queue.isEmpty()) {
                lastProgress = System.nanoTime();
            }
            Entry entry = new Entry(++lastSequence, topic, key, value, timeMillis, tally);
            queue.add(entry);
            queueBytes += entry.bytes();
            work.signal();
            return true;
        } finally {
            lock.unlock();
        }
    }

    private boolean awaitRoom(int bytes) {
        boolean interrupted = false;
        long deadline = System.nanoTime() + ROOM_NANOS;
        while (!queue.isEmpty() && queueBytes + bytes > queueLimit) {
            long now = System.nanoTime();
            boolean hopeless = stopped || (diskRefuses && away(now));
            if (hopeless || now >= deadline) {
                break;
            }
            work.signal();
            try {
                progress.awaitNanos(Math.min(deadline - now, LOOK_NANOS));
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        return !stopped && (queue.isEmpty() || queueBytes + bytes <= queueLimit);
    }

    Counts counts() {
        lock.lock();
        try {
            return total.counts();
        } finally {
            lock.unlock();
        }
    }

    Counts counts(String key) {
        lock.lock();
        try {
            Tally tally = tallies.get(key);
            return tally == null ? Counts.NONE : tally.counts();
        } finally {
            lock.unlock();
        }
    }

    /** Counts of the records for one topic; all zero for a topic never written to. */
    Counts countsOfTopic(String topic) {
        lock.lock();
        try {
            Tally tally = topics.get(topic);
            return tally == null ? Counts.NONE : tally.counts();
        } finally {
            lock.unlock();
        }
    }

    private Tally ofTopic(String topic) {
        return topics.computeIfAbsent(topic, any -> new Tally());
    }

    Counts inherited() {
        lock.lock();
        try {
            return inherited.counts();
        } finally {
            lock.unlock();
        }
    }

    /** Waits until everything that is here now is acknowledged or, after the time, on the disk. */
    boolean flush(long nanos) throws InterruptedException {
        lock.lock();
        try {
            long target = lastSequence;
            long deadline = System.nanoTime() + nanos;
            while (!settledUpTo(target) && !stopped && System.nanoTime() < deadline) {
                progress.awaitNanos(Math.max(1, deadline - System.nanoTime()));
            }
            if (!settledUpTo(target)) {
                awaitSaved(target);
            }
            return settledUpTo(target)
                    && unreadable == 0
                    && total.counts().lost() == 0
                    && inherited.counts().lost() == 0;
        } finally {
            lock.unlock();
        }
    }

    private void awaitSaved(long target) throws InterruptedException {
        long deadline = System.nanoTime() + ROOM_NANOS;
        diskRefuses = false;
        diskRetryAt = System.nanoTime();
        savingWanted = true;
        work.signal();
        while (firstUnsaved() <= target && !diskRefuses && !stopped && System.nanoTime() < deadline) {
            progress.awaitNanos(Math.max(1, deadline - System.nanoTime()));
        }
    }

    private boolean settledUpTo(long target) {
        return lastHandedOver >= target && (unacknowledged.isEmpty() || unacknowledged.firstKey() > target);
    }

    private long firstUnsaved() {
        if (unsavedUnacknowledged > 0) {
            for (Entry entry : unacknowledged.values()) {
                if (entry.segment == null) {
                    return entry.sequence;
                }
            }
        }
        Entry head = queue.peek();
        return head == null ? Long.MAX_VALUE : head.sequence;
    }

    void stop() {
        lock.lock();
        try {
            stopping = true;
            work.signal();
        } finally {
            lock.unlock();
        }
    }

    // ---- the publisher's thread ---------------------------------------------------------------------------------

    /** Waits until there is something to do, or to look after. */
    void awaitWork() throws InterruptedException {
        lock.lock();
        try {
            long now = System.nanoTime();
            while (!stopping && !mayHandOver(now) && !shouldSave(now) && brokenBy == null) {
                boolean idle = unacknowledged.isEmpty() && queue.isEmpty() && spoolUnread == 0;
                work.awaitNanos(idle ? TimeUnit.SECONDS.toNanos(60) : LOOK_NANOS);
                now = System.nanoTime();
            }
        } finally {
            lock.unlock();
        }
    }

    private boolean mayHandOver(long now) {
        if (now < retryAt || stopping) {
            return false;
        }
        boolean stuck = away(now) && !unacknowledged.isEmpty();
        return !again.isEmpty()
                || (!stuck && unacknowledgedBytes < inFlightLimit && (spoolUnread > 0 || !queue.isEmpty()));
    }

    private boolean shouldSave(long now) {
        if (now < diskRetryAt || (queue.isEmpty() && unsavedUnacknowledged == 0)) {
            return false;
        }
        boolean halted = unacknowledgedBytes >= inFlightLimit || !again.isEmpty() || now < retryAt;
        boolean overflowing = queueBytes > queueLimit / 2 && halted;
        return stopping || savingWanted || overflowing || away(now);
    }

    private boolean away(long now) {
        return !(unacknowledged.isEmpty() && queue.isEmpty()) && now - lastProgress > awayNanos;
    }

    boolean away() {
        lock.lock();
        try {
            return away(System.nanoTime());
        } finally {
            lock.unlock();
        }
    }

    boolean stopping() {
        lock.lock();
        try {
            return stopping;
        } finally {
            lock.unlock();
        }
    }

    boolean settled() {
        lock.lock();
        try {
            return unacknowledged.isEmpty() && queue.isEmpty() && spoolUnread == 0;
        } finally {
            lock.unlock();
        }
    }

    long spoolUnread() {
        lock.lock();
        try {
            return spoolUnread;
        } finally {
            lock.unlock();
        }
    }

    @Nullable
    Exception brokenBy() {
        lock.lock();
        try {
            return brokenBy;
        } finally {
            lock.unlock();
        }
    }

    void mended() {
        lock.lock();
        try {
            brokenBy = null;
        } finally {
            lock.unlock();
        }
    }

    /** Where the next record to hand over comes from. */
    enum Source {
        NOWHERE,
        MEMORY,
        SPOOL
    }

    Source nextSource() {
        lock.lock();
        try {
            if (brokenBy != null || !mayHandOver(System.nanoTime())) {
                return Source.NOWHERE;
            }
            return again.isEmpty() && spoolUnread > 0 ? Source.SPOOL : Source.MEMORY;
        } finally {
            lock.unlock();
        }
    }

    /** Takes the next record that is in memory; it counts as handed over from now on. */
    @Nullable
    Entry takeFromMemory() {
        lock.lock();
        try {
            Map.Entry<Long, Entry> returned = again.pollFirstEntry();
            if (returned != null) {
                return returned.getValue();
            }
            Entry entry = queue.poll();
            if (entry != null) {
                queueBytes -= entry.bytes();
                unsavedUnacknowledged++;
                handOver(entry);
                progress.signalAll();
            }
            return entry;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Takes a record read from the spool; null when it is with the producer already. Records of a former process get
     * numbers below those of this one.
     */
    @Nullable
    Entry takeFromSpool(Spool.Spooled spooled) {
        lock.lock();
        try {
            spoolUnread--;
            boolean own = !spooled.segment().inherited;
            if (own && spooled.sequence() <= lastHandedOver) {
                return null;
            }
            Tally tally = own ? tallies.computeIfAbsent(spooled.key(), any -> new Tally()) : inherited;
            Entry entry = new Entry(
                    own ? spooled.sequence() : lastHandedOver + 1,
                    spooled.topic(),
                    spooled.key(),
                    spooled.value(),
                    spooled.timeMillis(),
                    tally);
            entry.segment = spooled.segment();
            handOver(entry);
            return entry;
        } finally {
            lock.unlock();
        }
    }

    /** The spool has nothing more, whatever was counted: the rest of a damaged file stays on the disk. */
    void spoolIsRead() {
        lock.lock();
        try {
            unreadable += spoolUnread;
            spoolUnread = 0;
        } finally {
            lock.unlock();
        }
    }

    private void handOver(Entry entry) {
        if (unacknowledged.isEmpty()) {
            lastProgress = System.nanoTime();
        }
        lastHandedOver = entry.sequence;
        unacknowledged.put(entry.sequence, entry);
        unacknowledgedBytes += entry.bytes();
    }

    /** The producer, or the broker, would not have it now. */
    void giveBack(Entry entry, Exception cause) {
        lock.lock();
        try {
            if (!entry.settled) {
                again.put(entry.sequence, entry);
                retryAt = System.nanoTime() + RETRY_NANOS;
                if (!(cause instanceof RetriableException)) {
                    brokenBy = cause;
                }
                work.signal();
            }
        } finally {
            lock.unlock();
        }
    }

    void retryLater(long nanos) {
        lock.lock();
        try {
            retryAt = System.nanoTime() + nanos;
        } finally {
            lock.unlock();
        }
    }

    boolean retryIsDue() {
        lock.lock();
        try {
            return System.nanoTime() >= retryAt;
        } finally {
            lock.unlock();
        }
    }

    void acknowledge(Entry entry) {
        settle(entry, true);
    }

    void lose(Entry entry) {
        settle(entry, false);
    }

    private void settle(Entry entry, boolean acknowledged) {
        lock.lock();
        try {
            if (entry.settled) {
                return;
            }
            boolean wasFull = unacknowledgedBytes >= inFlightLimit;
            entry.settled = true;
            again.remove(entry.sequence);
            if (unacknowledged.remove(entry.sequence) != null) {
                unacknowledgedBytes -= entry.bytes();
            }
            boolean spooled = entry.segment != null;
            if (entry.segment != null) {
                entry.segment.settled++;
            } else {
                unsavedUnacknowledged--;
            }
            count(entry.tally, acknowledged, spooled);
            if (entry.tally != inherited) {
                count(ofTopic(entry.topic), acknowledged, spooled);
                count(total, acknowledged, spooled);
            }
            lastProgress = System.nanoTime();
            progress.signalAll();
            if (wasFull) {
                work.signal();
            }
        } finally {
            lock.unlock();
        }
    }

    private static void count(Tally tally, boolean acknowledged, boolean spooled) {
        if (acknowledged) {
            tally.acknowledged(spooled);
        } else {
            tally.lost(spooled);
        }
    }

    // ---- saving to the disk -------------------------------------------------------------------------------------

    /** The oldest records that are in memory only and ought to be on the disk now, up to so many bytes. */
    List<Entry> toSave(long bytes) {
        lock.lock();
        try {
            List<Entry> batch = new ArrayList<>();
            if (!shouldSave(System.nanoTime())) {
                return batch;
            }
            long taken = 0;
            for (Entry entry : unacknowledged.values()) {
                if (entry.segment == null && taken < bytes) {
                    batch.add(entry);
                    taken += entry.bytes();
                }
            }
            for (Entry entry : queue) {
                if (taken >= bytes) {
                    break;
                }
                batch.add(entry);
                taken += entry.bytes();
            }
            return batch;
        } finally {
            lock.unlock();
        }
    }

    /** They are on the disk; what was in the queue need not be in memory any more. */
    void saved(List<Entry> batch, SpoolSegment segment) {
        lock.lock();
        try {
            spoolUnread += batch.size();
            for (Entry entry : batch) {
                if (entry.settled) {
                    segment.settled++;
                    continue;
                }
                entry.segment = segment;
                entry.tally.spooled();
                ofTopic(entry.topic).spooled();
                total.spooled();
                if (queue.peek() == entry) {
                    queue.poll();
                    queueBytes -= entry.bytes();
                } else {
                    unsavedUnacknowledged--;
                }
            }
            diskRefuses = false;
            savingWanted = savingWanted && (!queue.isEmpty() || unsavedUnacknowledged > 0);
            progress.signalAll();
        } finally {
            lock.unlock();
        }
    }

    void diskRefused() {
        lock.lock();
        try {
            diskRefuses = true;
            savingWanted = false;
            diskRetryAt = System.nanoTime() + DISK_RETRY_NANOS;
            progress.signalAll();
        } finally {
            lock.unlock();
        }
    }

    List<SpoolSegment> takeFinished(Spool spool) {
        lock.lock();
        try {
            List<SpoolSegment> finished = spool.takeFinished();
            for (SpoolSegment segment : finished) {
                spoolUnread -= segment.read ? 0 : segment.records - segment.recordsRead;
            }
            return finished;
        } finally {
            lock.unlock();
        }
    }

    /** The end: nobody sends or saves any more; returns how many records are lost thereby. */
    long end() {
        lock.lock();
        try {
            stopping = true;
            stopped = true;
            List<Entry> rest = new ArrayList<>(queue);
            unsavedUnacknowledged += rest.size();
            queue.clear();
            queueBytes = 0;
            unacknowledged.values().stream()
                    .filter(entry -> entry.segment == null)
                    .forEach(rest::add);
            rest.forEach(this::lose);
            progress.signalAll();
            return rest.size();
        } finally {
            lock.unlock();
        }
    }
}
