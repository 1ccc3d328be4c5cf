package io.couplet.scores.coupling;

/** One backbone with one optimizer. */
public record Pairing(String backbone, String optimizer) {

    /** Spread over all bits: a record's own hash puts the pairings of names that are numbered through close together, and maps then search for minutes. */
    @Override
    public int hashCode() {
        int hash = backbone.hashCode() * 0x9E3779B1 + optimizer.hashCode();
        hash = (hash ^ hash >>> 16) * 0x85EBCA6B;
        return hash ^ hash >>> 13;
    }
}
