package io.couplet.scores.convergence;

/**
 * Forecast of the validation accuracy at the end of the budget: a power law of the error {@code 1 − top-1} ({@link Forecast}), fitted since the last drop of the learning rate, with
 * the interval of one more evaluation.
 *
 * <p>A drop that is known to come takes a part of the error away that no law of the past tells. On 12 recorded CIFAR-10 curves it left 0.7 of it, and 0.4 to 0.9 of it nearly always;
 * the forecast is multiplied by that; RATIONALE.md says what it then covers on others.
 *
 * @param top1 the forecast, a fraction in [0, 1]; NaN when there were too few evaluations
 * @param low lower end of its 95 % interval
 * @param high upper end
 * @param points the points it was fitted to
 */
public record AccuracyForecast(double top1, double low, double high, int points) {

    /** Three parameters and two degrees of freedom. */
    static final int FEWEST = 5;

    static final double LEFT_BY_A_DROP = 0.7;
    static final double LEAST_LEFT_BY_A_DROP = 0.4;
    static final double MOST_LEFT_BY_A_DROP = 0.9;

    static AccuracyForecast of(Evaluations evaluations, long droppedAt, boolean dropsAhead, long budgetSteps) {
        if (budgetSteps > 0 && evaluations.lastStep() >= budgetSteps && !Double.isNaN(evaluations.lastTop1())) {
            double end = evaluations.lastTop1();
            return new AccuracyForecast(end, end, end, evaluations.counts().length);
        }
        long origin = Math.max(0, droppedAt - 1);
        Blocks.Points points = evaluations.errors(droppedAt).since(origin);
        Forecast error = budgetSteps > origin
                ? Forecast.of(points, budgetSteps - origin, 1, FEWEST)
                : Forecast.tooFew(points.size());
        if (Double.isNaN(error.loss())) {
            return new AccuracyForecast(Double.NaN, Double.NaN, Double.NaN, points.size());
        }
        return new AccuracyForecast(
                fraction(1 - error.loss() * (dropsAhead ? LEFT_BY_A_DROP : 1)),
                fraction(1 - error.high() * (dropsAhead ? MOST_LEFT_BY_A_DROP : 1)),
                fraction(1 - error.low() * (dropsAhead ? LEAST_LEFT_BY_A_DROP : 1)),
                points.size());
    }

    private static double fraction(double value) {
        return Math.min(1, Math.max(0, value));
    }
}
