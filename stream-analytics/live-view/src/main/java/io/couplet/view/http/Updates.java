package io.couplet.view.http;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.couplet.view.model.Advice;
import io.couplet.view.model.Json;
import io.couplet.view.model.StudySnapshot;
import io.couplet.view.model.ViewModel;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * What changed after a version, as the bytes of one server-sent event, made once for everybody who asks within a tenth of a second. Whoever got the same event asks with
 * the same version the next time, so viewers of a study fall into step by themselves and a hundred cost little more than one.
 */
final class Updates {

    static final long SHARED_MILLIS = 100;

    private final ViewModel model;
    private final LongSupplier nowMillis;
    private final Map<Asked, Made> recent = new LinkedHashMap<>();
    private long made;
    private long sent;

    private record Asked(@Nullable String studyId, String event, long since) {}

    private record Made(Frame frame, long millis) {}

    /**
     * One event.
     *
     * @param version version of the model that a client has with it
     */
    @SuppressWarnings("ArrayRecordComponent") // Bytes to be sent, never compared.
    record Frame(long version, byte[] bytes) {}

    Updates(ViewModel model) {
        this(model, () -> System.nanoTime() / 1_000_000);
    }

    Updates(ViewModel model, LongSupplier nowMillis) {
        this.model = model;
        this.nowMillis = nowMillis;
    }

    /** The event that takes a client from a version to the newest, or to one at most a tenth of a second old. */
    synchronized Frame frame(@Nullable String studyId, String event, long since) {
        long now = nowMillis.getAsLong();
        forget(now);
        Asked asked = new Asked(studyId, event, since);
        sent++;
        Made known = recent.get(asked);
        if (known != null) {
            return known.frame();
        }
        Frame frame = make(asked);
        recent.put(asked, new Made(frame, now));
        made++;
        return frame;
    }

    /** Events made so far. */
    synchronized long made() {
        return made;
    }

    /** Events handed out so far, each to one viewer. */
    synchronized long sent() {
        return sent;
    }

    private void forget(long now) {
        for (Iterator<Made> all = recent.values().iterator(); all.hasNext(); ) {
            if (now - all.next().millis() >= SHARED_MILLIS) {
                all.remove();
            }
        }
    }

    /** Never of a version newer than what it holds. */
    private Frame make(Asked asked) {
        long version = model.version();
        StudySnapshot study = asked.studyId() == null ? null : model.study(asked.studyId(), asked.since());
        long upTo = study == null ? version : study.version();
        EventStream.Update update =
                new EventStream.Update(model.instance(), upTo, model.studies(), study, advice(study));
        String text = "id: " + model.instance() + '-' + upTo + "\nevent: " + asked.event() + "\ndata: "
                + Json.line(update) + "\n\n";
        return new Frame(upTo, text.getBytes(UTF_8));
    }

    private @Nullable List<Advice.Sentence> advice(@Nullable StudySnapshot study) {
        if (study == null || study.rungScores() == null) {
            return null;
        }
        StudySnapshot whole =
                study.since() == 0 ? study : model.snapshot(study.summary().id());
        return whole == null ? null : Advice.of(whole);
    }
}
