package io.couplet.scores.stopping;

/** What a rule says of a run. */
public sealed interface Decision {

    /** One sentence for people. */
    String reason();

    /** The run goes on. */
    record Keep(String reason) implements Decision {}

    /**
     * The run should end.
     *
     * @param rule the rule's name
     * @param version the rule's version
     * @param reason one sentence for people
     * @param evidence what it was decided on
     */
    record Stop(String rule, int version, String reason, Evidence evidence) implements Decision {}
}
