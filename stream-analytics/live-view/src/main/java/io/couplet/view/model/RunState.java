package io.couplet.view.model;

import io.couplet.schemas.RunId;
import io.couplet.schemas.avro.ConvergenceScore;
import io.couplet.schemas.avro.Evaluation;
import io.couplet.schemas.avro.LayerStatistics;
import io.couplet.schemas.avro.Provenance;
import io.couplet.schemas.avro.RunCommand;
import io.couplet.schemas.avro.RunCommandKind;
import io.couplet.schemas.avro.RunEvent;
import io.couplet.schemas.avro.RunEventKind;
import io.couplet.schemas.avro.RunRequest;
import io.couplet.schemas.avro.StepMetrics;
import io.couplet.schemas.avro.Verdict;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** One run, as its records tell it, in whatever order its topics arrive. */
final class RunState {

    /** Events kept for a run's list, of checkpoints only an attempt's newest; further ones are counted. */
    static final int EVENTS = 200;

    private static final String RESUME = "resume";

    private static final double LEAST_HALF_LIFE_STEPS = 5;
    private static final double HALF_LIFE_SHARE_OF_BUDGET = 0.02;

    private final String runId;
    private final RunId identity;
    private final TreeMap<Integer, AttemptState> attempts = new TreeMap<>();
    private final TreeMap<Integer, Evaluation> evaluations = new TreeMap<>();
    private @Nullable LayerStatistics layers;
    private final List<RunEvent> events = new ArrayList<>();
    private final Map<String, RunCommand> commands = new LinkedHashMap<>();
    private final Map<String, Long> acknowledged = new LinkedHashMap<>();
    private long eventsNotKept;
    private @Nullable ConvergenceScore convergence;
    private @Nullable CurveSketch sketch;
    private int sketchPoints;
    private int budgetSteps;
    private int warmupSteps;
    private int hyperparameterPoint;
    private long askedMillis;
    private @Nullable Double learningRate;
    private @Nullable Double weightDecay;
    private long newestMillis;

    RunState(String runId, RunId identity) {
        this.runId = runId;
        this.identity = identity;
    }

    RunId identity() {
        return identity;
    }

    void add(RunRequest request) {
        sketch = null;
        budgetSteps = request.getBudgetSteps();
        warmupSteps = request.getWarmupSteps();
        hyperparameterPoint = request.getHyperparameterPoint();
        askedMillis = Math.max(askedMillis, request.getSubmittedMillis());
    }

    void add(StepMetrics metrics) {
        sketch = null;
        budgetSteps = metrics.getBudgetSteps();
        warmupSteps = metrics.getWarmupSteps();
        attempt(metrics.getAttempt()).add(metrics, halfLifeSteps());
        newest(metrics.getTimeMillis());
    }

    void add(RunEvent event) {
        sketch = null;
        budgetSteps = event.getBudgetSteps();
        warmupSteps = event.getWarmupSteps();
        hyperparameterPoint = event.getHyperparameterPoint();
        learningRate = event.getLearningRate() == null ? learningRate : event.getLearningRate();
        weightDecay = event.getWeightDecay() == null ? weightDecay : event.getWeightDecay();
        attempt(event.getAttempt()).add(event);
        if (event.getCommandId() != null) {
            acknowledged.putIfAbsent(event.getCommandId(), event.getTimeMillis());
        }
        keep(event);
        newest(event.getTimeMillis());
    }

    void add(Evaluation evaluation) {
        hyperparameterPoint = evaluation.getHyperparameterPoint();
        sketch = null;
        attempt(evaluation.getAttempt()).busyFor(evaluation.getDeviceSeconds(), evaluation.getStep());
        evaluations.merge(
                evaluation.getRung(),
                evaluation,
                (known, added) -> added.getAttempt() >= known.getAttempt() ? added : known);
        newest(evaluation.getTimeMillis());
    }

    void add(ConvergenceScore score) {
        convergence = score;
        newest(score.getTimeMillis());
    }

    /** Of several measurements the one of the newest attempt's newest step stays. */
    void add(LayerStatistics statistics) {
        if (layers == null
                || statistics.getAttempt() > layers.getAttempt()
                || (statistics.getAttempt() == layers.getAttempt() && statistics.getStep() >= layers.getStep())) {
            layers = statistics;
        }
        newest(statistics.getTimeMillis());
    }

    /** The newest statistics of its weights; null while there are none. */
    @Nullable
    LayerSnapshot layers() {
        return layers == null ? null : LayerSnapshot.of(layers, identity);
    }

    /** A few points of its smoothed loss; made anew only after something of the run has changed, since those of hundreds of runs are asked for every few seconds. */
    CurveSketch sketch(int points) {
        CurveSketch known = sketch;
        if (known != null && sketchPoints == points) {
            return known;
        }
        CurveSketch made = CurveSketch.of(
                runId, identity, status(), budgetSteps, curveReleased(), curve().thinned(points, halfLifeSteps(), 0));
        sketch = made;
        sketchPoints = points;
        return made;
    }

    /** Lets go of the curves of its attempts. */
    void releaseCurves() {
        sketch = null;
        attempts.values().forEach(AttemptState::releaseCurve);
    }

    /** Whether some of its curve was let go of. */
    private boolean curveReleased() {
        return attempts.values().stream().anyMatch(AttemptState::curveReleased);
    }

    private long beginMillis() {
        long first = 0;
        for (AttemptState attempt : attempts.values()) {
            long millis = attempt.firstMillis();
            first = first == 0 || (millis > 0 && millis < first) ? millis : first;
        }
        return first;
    }

    private @Nullable Double epochsPerStep() {
        AttemptState newest = newestToTrain();
        return newest == null || Double.isNaN(newest.epochsPerStep()) ? null : (Double) newest.epochsPerStep();
    }

    /** The run's orders, oldest first; the same command twice counts once. */
    void add(RunCommand command) {
        commands.put(command.getCommandId(), command);
        newest(command.getTimeMillis());
    }

    private void keep(RunEvent event) {
        if (events.contains(event)) {
            return;
        }
        if (event.getKind() == RunEventKind.CHECKPOINTED && !newestCheckpoint(event)) {
            eventsNotKept++;
            return;
        }
        if (events.size() == EVENTS) {
            eventsNotKept++;
            return;
        }
        events.add(event);
    }

    /** Whether a checkpoint is its attempt's newest; one that it follows then goes, and is counted. */
    private boolean newestCheckpoint(RunEvent event) {
        for (RunEvent known : events) {
            if (known.getKind() == RunEventKind.CHECKPOINTED && known.getAttempt() == event.getAttempt()) {
                if (known.getStep() > event.getStep()) {
                    return false;
                }
                events.remove(known);
                eventsNotKept++;
                return true;
            }
        }
        return true;
    }

    private AttemptState attempt(int number) {
        return attempts.computeIfAbsent(number, AttemptState::new);
    }

    private void newest(long millis) {
        newestMillis = Math.max(newestMillis, millis);
    }

    private double halfLifeSteps() {
        return Math.max(LEAST_HALF_LIFE_STEPS, budgetSteps * HALF_LIFE_SHARE_OF_BUDGET);
    }

    Map<Integer, Evaluation> evaluations() {
        return evaluations;
    }

    int hyperparameterPoint() {
        return hyperparameterPoint;
    }

    int budgetSteps() {
        return budgetSteps;
    }

    long newestMillis() {
        return newestMillis;
    }

    RunStatus status() {
        AttemptState newest = newestAttempt();
        if (newest == null || newest.released()) {
            return RunStatus.WAITING;
        }
        RunEvent ending = newest.ending();
        if (ending == null) {
            return newest.begun() ? RunStatus.RUNNING : RunStatus.WAITING;
        }
        return switch (ending.getKind()) {
            case COMPLETED -> RunStatus.COMPLETED;
            case STOPPED -> ending.getPaused() ? unlessAskedAnew(ending, RunStatus.PAUSED) : RunStatus.STOPPED;
            case DIVERGED -> RunStatus.DIVERGED;
            default -> unlessAskedAnew(ending, RunStatus.FAILED);
        };
    }

    private RunStatus unlessAskedAnew(RunEvent ending, RunStatus status) {
        return askedMillis > ending.getTimeMillis() ? RunStatus.WAITING : status;
    }

    private @Nullable AttemptState newestAttempt() {
        return attempts.isEmpty() ? null : attempts.lastEntry().getValue();
    }

    /** The newest attempt that took the run over. */
    private @Nullable AttemptState newestToTrain() {
        return attempts.descendingMap().values().stream()
                .filter(attempt -> !attempt.cameToNothing())
                .findFirst()
                .orElse(null);
    }

    /** Verdict in lower case; null while there is none. */
    @Nullable
    String verdict() {
        if (status() == RunStatus.DIVERGED) {
            return label(Verdict.DIVERGED);
        }
        return convergence == null || convergence.getVerdict() == Verdict.UNKNOWN
                ? null
                : label(convergence.getVerdict());
    }

    static String label(Verdict verdict) {
        return verdict.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** Share of its budget that is done; ended runs count whole. */
    double progress() {
        if (status().ended()) {
            return 1;
        }
        return budgetSteps == 0 ? 0 : Math.min(1, (double) step() / budgetSteps);
    }

    int step() {
        AttemptState newest = newestToTrain();
        int resumedAt = newest == null ? 0 : newest.resumedAt();
        return newest == null ? 0 : Math.max(newest.lastStep(), resumedAt == Integer.MAX_VALUE ? 0 : resumedAt);
    }

    double deviceSeconds() {
        return attempts.values().stream()
                .mapToDouble(AttemptState::deviceSeconds)
                .sum();
    }

    /** Steps as the trainer counted them; attempts that have not said how many count by their records. */
    long stepsTrained() {
        return attempts.values().stream()
                .mapToLong(attempt -> attempt.ending() == null
                        ? attempt.stepsInTopic()
                        : attempt.ending().getStepsTrained())
                .sum();
    }

    long stepsInTopic() {
        return attempts.values().stream().mapToLong(AttemptState::stepsInTopic).sum();
    }

    long duplicates() {
        return attempts.values().stream().mapToLong(AttemptState::duplicates).sum();
    }

    long recordsSpooled() {
        long spooled = 0;
        for (AttemptState attempt : attempts.values()) {
            RunEvent ending = attempt.ending();
            Long records = ending == null ? null : ending.getRecordsSpooled();
            spooled += records == null ? 0 : records;
        }
        return spooled;
    }

    /** Attempts that another one followed, and that never said how they ended. */
    int attemptsWithoutEnding() {
        int without = 0;
        for (AttemptState attempt : attempts.values()) {
            if (!attempt.ended() && attempt.number() < attempts.lastKey()) {
                without++;
            }
        }
        return without;
    }

    /** Seconds a step: the pace of the newest attempt, else what the device seconds of all say; null while unknown. */
    @Nullable
    Double secondsPerStep() {
        AttemptState newest = newestToTrain();
        Double pace = newest == null ? null : newest.secondsPerStep();
        if (pace != null) {
            return pace;
        }
        int steps = attempts.values().stream().mapToInt(AttemptState::stepsBusy).sum();
        return steps > 0 && deviceSeconds() > 0 ? (Double) (deviceSeconds() / steps) : null;
    }

    List<Provenance> provenances() {
        List<Provenance> all = new ArrayList<>();
        for (AttemptState attempt : attempts.values()) {
            RunEvent start = attempt.start();
            if (start != null && start.getProvenance() != null) {
                all.add(start.getProvenance());
            }
        }
        return all;
    }

    RunSummary summary() {
        AttemptState newest = newestAttempt();
        AttemptState training = newestToTrain();
        Evaluation evaluation =
                evaluations.isEmpty() ? null : evaluations.lastEntry().getValue();
        RunStatus status = status();
        Double pace = secondsPerStep();
        Double eta = status == RunStatus.RUNNING && pace != null ? (Double) (pace * (budgetSteps - step())) : null;
        RunEvent ending = newest == null ? null : newest.ending();
        return new RunSummary(
                runId,
                identity.seed(),
                hyperparameterPoint,
                status,
                verdict(),
                newest == null ? 0 : newest.number(),
                step(),
                budgetSteps,
                training == null ? null : training.loss(),
                evaluation == null ? null : (Double) evaluation.getTop1(),
                evaluation == null ? 0 : evaluation.getRung(),
                learningRate,
                weightDecay,
                stepsTrained(),
                stepsInTopic(),
                duplicates(),
                attemptsWithoutEnding(),
                deviceSeconds(),
                pace,
                eta,
                newestMillis,
                ending == null ? null : ending.getReason(),
                ordered(status));
    }

    boolean hasOrders() {
        return !commands.isEmpty();
    }

    /** What it has yet to obey; null when there is nothing, or when it has ended first. */
    private @Nullable String ordered(RunStatus status) {
        Decision standing = Decision.standing(decisions());
        if (standing == null || (status.ended() && !standing.kind().equals(RESUME))) {
            return null;
        }
        return standing.kind();
    }

    List<Decision> decisions() {
        List<Decision> decisions = new ArrayList<>();
        for (RunCommand command : commands.values()) {
            Long acknowledgedMillis = acknowledgedMillis(command);
            decisions.add(new Decision(
                    runId,
                    identity.backbone(),
                    identity.optimizer(),
                    identity.seed(),
                    command.getCommandId(),
                    kind(command),
                    command.getRule(),
                    command.getRuleVersion(),
                    command.getRequestedBy(),
                    command.getReason(),
                    command.getStep(),
                    command.getRung(),
                    command.getThreshold(),
                    command.getObserved(),
                    command.getForecast(),
                    command.getForecastLower(),
                    command.getForecastUpper(),
                    command.getPeers().size(),
                    command.getShadow(),
                    acknowledgedMillis != null,
                    acknowledgedMillis,
                    command.getTimeMillis()));
        }
        return decisions;
    }

    /** When it was obeyed: an event names the command, or, as the queue stands between an order to resume and its trainer, an attempt began after it; null when it was not. */
    private @Nullable Long acknowledgedMillis(RunCommand command) {
        Long named = acknowledged.get(command.getCommandId());
        if (named != null || command.getKind() != RunCommandKind.RESUME) {
            return named;
        }
        Long first = null;
        for (AttemptState attempt : attempts.values()) {
            RunEvent start = attempt.start();
            if (start != null
                    && start.getTimeMillis() >= command.getTimeMillis()
                    && (first == null || start.getTimeMillis() < first)) {
                first = start.getTimeMillis();
            }
        }
        return first;
    }

    private static String kind(RunCommand command) {
        return command.getKind() == RunCommandKind.RESUME ? RESUME : command.getPause() ? "pause" : "stop";
    }

    RunSnapshot snapshot(long version, int points) {
        Provenance provenance = null;
        for (Provenance newer : provenances()) {
            provenance = newer;
        }
        return new RunSnapshot(
                version,
                identity.studyId(),
                identity.backbone(),
                identity.optimizer(),
                summary(),
                warmupSteps,
                epochsPerStep(),
                beginMillis(),
                curve().thinned(points, halfLifeSteps(), beginMillis()),
                curveReleased(),
                attempts.values().stream().map(AttemptState::snapshot).toList(),
                evaluations.values().stream().map(RunState::point).toList(),
                events.stream()
                        .sorted(Comparator.comparingLong(RunEvent::getTimeMillis))
                        .map(event -> new RunSnapshot.EventLine(
                                event.getAttempt(),
                                event.getKind().name().toLowerCase(Locale.ROOT),
                                event.getStep(),
                                event.getReason(),
                                event.getTimeMillis()))
                        .toList(),
                eventsNotKept,
                decisions(),
                convergenceShown(),
                layers(),
                provenance == null ? Map.of() : new TreeMap<>(provenance.getSettings()),
                provenance == null ? null : (Long) provenance.getParameters(),
                provenance == null ? null : provenance.getTrainerId(),
                provenance == null ? null : provenance.getDevice());
    }

    /** The curve over all attempts: each counts up to the step at which a later one took up. */
    private CurveSeries curve() {
        CurveSeries series = new CurveSeries();
        for (AttemptState attempt : attempts.values()) {
            int until = Integer.MAX_VALUE;
            for (AttemptState later : attempts.tailMap(attempt.number(), false).values()) {
                until = later.cameToNothing() ? until : Math.min(until, later.resumedAt());
            }
            attempt.copyInto(series, until);
        }
        return series;
    }

    private static RunSnapshot.EvaluationPoint point(Evaluation evaluation) {
        return new RunSnapshot.EvaluationPoint(
                evaluation.getAttempt(),
                evaluation.getRung(),
                evaluation.getStep(),
                evaluation.getFraction(),
                evaluation.getLoss(),
                evaluation.getTop1(),
                evaluation.getTop5(),
                evaluation.getSamples(),
                evaluation.getDeviceSeconds());
    }

    private RunSnapshot.@Nullable Convergence convergenceShown() {
        ConvergenceScore score = convergence;
        if (score == null) {
            return null;
        }
        return new RunSnapshot.Convergence(
                score.getStep(),
                score.getSmoothedLoss(),
                score.getBestSmoothedLoss(),
                score.getSlope(),
                score.getSlopeStandardError(),
                score.getForecastLoss(),
                score.getForecastLower(),
                score.getForecastUpper(),
                score.getProgress(),
                score.getGradientNoise(),
                score.getSpikes(),
                score.getNonFinite(),
                label(score.getVerdict()),
                score.getRecordsIgnored());
    }
}
