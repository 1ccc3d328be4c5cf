package io.couplet.cli.policies;

import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/** A picture: the share of steps saved to the right, regret upwards, each rule a point, the i-epoch baseline a line. Lower and further right is better. */
final class SavedAgainstRegret {

    private static final int WIDTH = 720;
    private static final int HEIGHT = 440;
    private static final int LEFT = 70;
    private static final int RIGHT = 30;
    private static final int TOP = 30;
    private static final int BOTTOM = 60;
    private static final int TICKS = 5;
    private static final String LINE = "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"%s\"/>%n";
    private static final String TEXT = "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">%s</text>%n";

    private final StringBuilder svg = new StringBuilder();
    private final double most;

    private SavedAgainstRegret(double most) {
        this.most = most;
    }

    static String svg(List<PolicyFigures> rules, List<PolicyFigures> baseline, String unit) {
        double most = 0;
        for (List<PolicyFigures> each : List.of(rules, baseline)) {
            for (PolicyFigures figures : each) {
                most = Math.max(most, figures.regretMean());
            }
        }
        return new SavedAgainstRegret(most > 0 ? most * 1.1 : 1).draw(rules, baseline, unit);
    }

    private String draw(List<PolicyFigures> rules, List<PolicyFigures> baseline, String unit) {
        add(
                "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" font-family=\"sans-serif\" font-size=\"12\" fill=\"#222\">%n",
                WIDTH, HEIGHT);
        add("<rect width=\"%d\" height=\"%d\" fill=\"#fff\"/>%n", WIDTH, HEIGHT);
        axes(unit);
        add("<polyline fill=\"none\" stroke=\"#888\" stroke-dasharray=\"5 4\" points=\"");
        baseline.stream()
                .sorted(Comparator.comparingDouble(PolicyFigures::saved))
                .forEach(each -> add("%.1f,%.1f ", x(each.saved()), y(each.regretMean())));
        add("\"><title>i-epoch</title></polyline>%n");
        for (PolicyFigures rule : rules) {
            boolean rightHalf = rule.saved() > 0.5;
            add(
                    "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"5\" fill=\"#1f6feb\"><title>%s: saved %.1f %%, regret %.3f</title></circle>%n",
                    x(rule.saved()), y(rule.regretMean()), escaped(rule.rule()), 100 * rule.saved(), rule.regretMean());
            add(
                    TEXT,
                    x(rule.saved()) + (rightHalf ? -9 : 9),
                    y(rule.regretMean()) - 7,
                    rightHalf ? "end" : "start",
                    escaped(rule.rule()));
        }
        add("</svg>%n");
        return svg.toString();
    }

    private void axes(String unit) {
        for (int tick = 0; tick <= TICKS; tick++) {
            double share = tick / (double) TICKS;
            add(LINE, x(share), y(0), x(share), y(most), "#eee");
            add(LINE, x(0), y(share * most), x(1), y(share * most), "#eee");
            add(TEXT, x(share), y(0) + 18, "middle", Math.round(100 * share) + " %");
            add(TEXT, x(0) - 8, y(share * most) + 4, "end", String.format(Locale.ROOT, "%.3g", share * most));
        }
        add(LINE, x(0), y(0), x(1), y(0), "#444");
        add(LINE, x(0), y(0), x(0), y(most), "#444");
        add(TEXT, x(0.5), HEIGHT - 15.0, "middle", "steps saved");
        add(TEXT, (double) LEFT, 18.0, "start", "mean regret, " + escaped(unit) + "; dashed: the i-epoch baseline");
    }

    private static double x(double saved) {
        return LEFT + saved * (WIDTH - LEFT - RIGHT);
    }

    private double y(double regret) {
        return HEIGHT - BOTTOM - regret / most * (HEIGHT - TOP - BOTTOM);
    }

    private void add(String format, Object... values) {
        svg.append(String.format(Locale.ROOT, format, values));
    }

    private static String escaped(String text) {
        return text.replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\"", "&quot;");
    }
}
