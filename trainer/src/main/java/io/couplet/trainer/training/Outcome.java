package io.couplet.trainer.training;

/** How a training ended. */
public sealed interface Outcome {

    /** Steps trained; each of them was told to the listener. */
    int step();

    /** Seconds the device was kept busy, evaluations included. */
    double deviceSeconds();

    /** The whole budget was trained. */
    record Completed(int step, double deviceSeconds) implements Outcome {}

    /** The signal ended it. */
    record Stopped(int step, double deviceSeconds, String reason) implements Outcome {}

    /** The loss was not finite; that step was told to the listener. */
    record Diverged(int step, double deviceSeconds, String reason) implements Outcome {}

    /** It cannot be trained. */
    record Failed(int step, double deviceSeconds, String reason) implements Outcome {}
}
