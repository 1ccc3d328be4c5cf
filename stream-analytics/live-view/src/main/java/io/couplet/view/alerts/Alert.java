package io.couplet.view.alerts;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonValue;
import io.couplet.view.model.Json;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Something that happened once. Its JSON is the body that is posted; {@code text} is what Slack and its likes show.
 *
 * @param id the same for the same event, however often it is told: a receiver that keeps ids hears of each once
 * @param event what happened
 * @param text one sentence for people
 * @param study the study
 * @param run the run; null when it is about the whole study
 * @param attempt the run's attempt; null when it is about the whole study
 * @param backbone the run's; null when it is about the whole study
 * @param optimizer the run's; null when it is about the whole study
 * @param seed the run's; null when it is about the whole study
 * @param step the step it happened at; null when there is none
 * @param reason why, in one sentence; null when nobody said
 * @param rule rule that decided; null when none did
 * @param command id of the order to stop; null when there is none
 * @param timeMillis when it happened, milliseconds since the epoch
 * @param origin the record it follows from
 */
record Alert(
        String id,
        Event event,
        String text,
        String study,
        @Nullable String run,
        @Nullable Integer attempt,
        @Nullable String backbone,
        @Nullable String optimizer,
        @Nullable Long seed,
        @Nullable Integer step,
        @Nullable String reason,
        @Nullable String rule,
        @Nullable String command,
        long timeMillis,
        @JsonIgnore Origin origin) {

    /** What is told. */
    enum Event {
        RUN_DIVERGED,
        RUN_STOPPED,
        RUN_FAILED,
        /** No step for ten times the usual gap. */
        RUN_STALLED,
        /** An order to stop went out. */
        STOP_ORDERED,
        STUDY_FINISHED;

        /** As the JSON has it, e.g. run-diverged. */
        @JsonValue
        String label() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }
    }

    /** Where a record stood. */
    record Origin(String topic, int partition, long offset) {}

    /** The body that is posted, one line. */
    String json() {
        return Json.line(this);
    }
}
