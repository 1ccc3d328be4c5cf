package io.couplet.view.model;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/** Where a run stands. */
public enum RunStatus {
    /** Asked for, not taken up yet, or in the queue again: handed back, resumed, or asked for anew after it failed. */
    WAITING,
    RUNNING,
    COMPLETED,
    /** Ended early by a command. */
    STOPPED,
    /** Ended early by a command that keeps it ready to be taken up again; no more steps come by themselves. */
    PAUSED,
    DIVERGED,
    FAILED;

    /** Whether no more steps will come, unless somebody resumes it. */
    public boolean ended() {
        return this != WAITING && this != RUNNING;
    }

    /** In lower case, as JSON and people read it. */
    @JsonValue
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }
}
