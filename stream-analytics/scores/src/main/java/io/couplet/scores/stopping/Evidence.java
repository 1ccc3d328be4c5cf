package io.couplet.scores.stopping;

import java.util.List;
import java.util.Map;

/**
 * What a decision rests on, so that it can be read and argued with. NaN where a rule knows no such number.
 *
 * @param rung the rung it was decided at, from 1; 0 for a rule that knows none
 * @param threshold the bound that was crossed
 * @param observed the value that crossed it, in the bound's unit
 * @param forecast the forecast of the run's final value
 * @param peers the runs it was compared with
 * @param values further values, by name
 */
public record Evidence(
        int rung,
        double threshold,
        double observed,
        Forecast forecast,
        List<String> peers,
        Map<String, Double> values) {

    /**
     * A forecast of a final value, in the metric's own unit.
     *
     * @param value the value expected
     * @param lower lower end of the 95 % interval
     * @param upper upper end of it
     */
    public record Forecast(double value, double lower, double upper) {

        /** No forecast. */
        public static final Forecast NONE = new Forecast(Double.NaN, Double.NaN, Double.NaN);
    }

    public Evidence {
        peers = List.copyOf(peers);
        values = Map.copyOf(values);
    }

    /** Of a rule that compares with nobody. */
    static Evidence alone(int rung, double threshold, double observed, Map<String, Double> values) {
        return new Evidence(rung, threshold, observed, Forecast.NONE, List.of(), values);
    }

    /** Of a rule that compares values at a rung with those of others. */
    static Evidence among(int rung, double threshold, double observed, List<Curve> peers) {
        return new Evidence(rung, threshold, observed, Forecast.NONE, Curve.ids(peers), Map.of());
    }
}
