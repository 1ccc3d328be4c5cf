package io.couplet.view.http;

/** Carries a person's orders to a run's trainer. Whoever starts the view says how; the view itself writes nothing. */
public interface Orders {

    /**
     * Asks the trainer to end a run after its present step.
     *
     * @param pause whether it keeps a checkpoint, so that the run can be taken up again
     * @return the command's id, which the trainer's acknowledgement names
     * @throws OrderException when the order did not reach Kafka
     */
    String stop(String runId, String requestedBy, String reason, boolean pause);

    /**
     * Asks for a paused run to be taken up again.
     *
     * @return the command's id, which the trainer's acknowledgement names
     * @throws OrderException when the order did not reach Kafka
     */
    String resume(String runId, String requestedBy, String reason);
}
