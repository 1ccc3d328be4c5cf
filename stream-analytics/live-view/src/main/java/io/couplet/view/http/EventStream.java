package io.couplet.view.http;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.couplet.view.model.Advice;
import io.couplet.view.model.StudySnapshot;
import io.couplet.view.model.StudySummary;
import io.couplet.view.model.ViewModel;
import java.io.IOException;
import java.io.OutputStream;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One client's stream of server-sent events: a snapshot, then what has changed since the version it got last, at most ten
 * times a second.
 *
 * <p>There is no queue: the model is the queue. A client that reads slowly is written to less often and gets more in one
 * delta, holds up nobody, and misses nothing.
 */
final class EventStream {

    private static final long LEAST_INTERVAL_MILLIS = 100;
    private static final long HEARTBEAT_MILLIS = 10_000;

    private final ViewModel model;
    private final Updates updates;
    private final @Nullable String studyId;
    private final OutputStream out;
    private final CountDownLatch closing;

    /**
     * What an event carries.
     *
     * @param instance instance of the model; versions of another one do not compare
     * @param version version of the model
     * @param studies all studies in one line each
     * @param study the study asked for; null when it is not known
     * @param advice its advice; null in a delta that does not change it
     */
    record Update(
            String instance,
            long version,
            List<StudySummary> studies,
            @Nullable StudySnapshot study,
            @Nullable List<Advice.Sentence> advice) {}

    EventStream(ViewModel model, Updates updates, @Nullable String studyId, OutputStream out, CountDownLatch closing) {
        this.model = model;
        this.updates = updates;
        this.studyId = studyId;
        this.out = out;
        this.closing = closing;
    }

    /** Writes until the client goes away, which shows as an exception, or the server closes. */
    void run() throws IOException, InterruptedException {
        send("retry: 1000\n\n".getBytes(UTF_8));
        long sent = sendUpdate("snapshot", 0);
        long silentMillis = 0;
        while (!closing.await(LEAST_INTERVAL_MILLIS, TimeUnit.MILLISECONDS)) {
            silentMillis += LEAST_INTERVAL_MILLIS;
            if (model.version() > sent) {
                sent = sendUpdate("delta", sent);
                silentMillis = 0;
            } else if (silentMillis >= HEARTBEAT_MILLIS) {
                send(": still here\n\n".getBytes(UTF_8));
                silentMillis = 0;
            }
        }
    }

    /** Sends what changed after a version and returns the version now sent. */
    private long sendUpdate(String event, long since) throws IOException {
        Updates.Frame frame = updates.frame(studyId, event, since);
        send(frame.bytes());
        return frame.version();
    }

    private void send(byte[] bytes) throws IOException {
        out.write(bytes);
        out.flush();
    }
}
