package io.couplet.cli.watch;

/** A curve in one line of characters, as high as its values lie between the least and the greatest. */
final class Sparkline {

    private static final String BLOCKS = "▁▂▃▄▅▆▇█";
    private static final String LETTERS = "_.-:=+*#";
    private static final char NOT_FINITE = '!';

    private Sparkline() {}

    /**
     * The line, at most {@code width} characters: fewer when there are fewer values. A character stands for the mean of its values, and is {@code !} when one of them
     * was NaN or infinite.
     */
    static String of(double[] values, int width, boolean unicode) {
        int columns = Math.min(width, values.length);
        if (columns <= 0) {
            return "";
        }
        double[] means = new double[columns];
        double least = Double.POSITIVE_INFINITY;
        double greatest = Double.NEGATIVE_INFINITY;
        for (int column = 0; column < columns; column++) {
            means[column] = mean(values, column * values.length / columns, (column + 1) * values.length / columns);
            if (Double.isFinite(means[column])) {
                least = Math.min(least, means[column]);
                greatest = Math.max(greatest, means[column]);
            }
        }
        String levels = unicode ? BLOCKS : LETTERS;
        StringBuilder line = new StringBuilder(columns);
        for (double mean : means) {
            line.append(
                    Double.isFinite(mean) ? levels.charAt(level(mean, least, greatest, levels.length())) : NOT_FINITE);
        }
        return line.toString();
    }

    private static double mean(double[] values, int from, int to) {
        double sum = 0;
        for (int i = from; i < to; i++) {
            sum += values[i];
        }
        return sum / (to - from);
    }

    private static int level(double value, double least, double greatest, int levels) {
        return greatest <= least ? 0 : (int) Math.min(levels - 1, (value - least) / (greatest - least) * levels);
    }
}
