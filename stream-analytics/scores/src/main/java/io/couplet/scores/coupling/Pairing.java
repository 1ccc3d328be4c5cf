package io.couplet.scores.coupling;

/** One backbone with one optimizer. */
public record Pairing(String backbone, String optimizer) {}
