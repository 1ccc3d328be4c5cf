package io.couplet.view.report;

import io.couplet.view.model.CellSnapshot;
import io.couplet.view.model.Decision;
import io.couplet.view.model.RunStatus;
import io.couplet.view.model.RunSummary;
import io.couplet.view.model.StudySnapshot;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What stopping early has saved: the steps of their budgets that runs which were told to stop did not take.
 *
 * @param runs runs that were told to stop and did
 * @param steps steps they did not take
 * @param share of the budget of all runs that are known, a fraction; 0 while none is
 * @param rules the same by rule, in the order of their names
 */
public record StepsSaved(int runs, long steps, double share, List<Rule> rules) {

    /**
     * What one rule has saved.
     *
     * @param rule its name, or person; {@value #NOT_TOLD} for a stop whose order was not read
     */
    public record Rule(String rule, int runs, long steps) {}

    static final String NOT_TOLD = "not told";

    static StepsSaved of(StudySnapshot snapshot) {
        Map<String, String> rules = new HashMap<>();
        for (Decision decision : snapshot.decisions() == null ? List.<Decision>of() : snapshot.decisions()) {
            if (decision.acknowledged() && !decision.shadow()) {
                rules.putIfAbsent(decision.runId(), decision.rule());
            }
        }
        Map<String, Rule> saved = new TreeMap<>();
        long budget = 0;
        for (CellSnapshot cell : snapshot.cells()) {
            for (RunSummary run : cell.runs()) {
                budget += run.budgetSteps();
                boolean stopped = run.status() == RunStatus.STOPPED
                        || run.status() == RunStatus.DIVERGED && rules.containsKey(run.runId());
                if (stopped) {
                    String rule = rules.getOrDefault(run.runId(), NOT_TOLD);
                    saved.merge(
                            rule,
                            new Rule(rule, 1, Math.max(0, run.budgetSteps() - run.step())),
                            (a, b) -> new Rule(a.rule, a.runs + b.runs, a.steps + b.steps));
                }
            }
        }
        long steps = saved.values().stream().mapToLong(Rule::steps).sum();
        return new StepsSaved(
                saved.values().stream().mapToInt(Rule::runs).sum(),
                steps,
                budget == 0 ? 0 : (double) steps / budget,
                new ArrayList<>(saved.values()));
    }
}
