package io.couplet.stopper;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.couplet.schemas.Topics;
import io.couplet.schemas.avro.ConvergenceScore;
import io.couplet.schemas.avro.Evaluation;
import io.couplet.schemas.avro.RunCommand;
import io.couplet.schemas.avro.RunCommandKind;
import io.couplet.schemas.avro.RunEvent;
import io.couplet.schemas.avro.RunEventKind;
import io.couplet.schemas.avro.StepMetrics;
import io.couplet.scores.convergence.NonFinite;
import io.couplet.scores.convergence.Verdict;
import io.couplet.scores.stopping.RunSoFar;
import java.util.Arrays;
import org.apache.kafka.common.errors.SerializationException;
import org.jspecify.annotations.Nullable;

/** One record about one run, as the stopper sees it. */
sealed interface Input {

    String runId();

    int attempt();

    /**
     * Something a rule can judge.
     *
     * @param timeMillis when the newest step it tells of was trained
     */
    record Evidence(RunSoFar run, long timeMillis) implements Input {

        @Override
        public String runId() {
            return run.runId();
        }

        @Override
        public int attempt() {
            return run.attempt();
        }

        /** One step says whether its loss is a number, and nothing of how the run goes. */
        static Evidence of(StepMetrics step) {
            NonFinite what = Double.isNaN(step.getLoss())
                    ? NonFinite.NAN_LOSS
                    : Double.isInfinite(step.getLoss()) ? NonFinite.INFINITE_LOSS : NonFinite.NONE;
            return new Evidence(
                    new RunSoFar(
                            step.getRunId(),
                            step.getAttempt(),
                            step.getStep(),
                            step.getWarmupSteps(),
                            what.ofLoss() ? Verdict.DIVERGED : Verdict.WARMING_UP,
                            what,
                            step.getLoss(),
                            Double.NaN,
                            Double.NaN,
                            Double.NaN,
                            Double.NaN,
                            0),
                    step.getTimeMillis());
        }

        static Evidence of(ConvergenceScore score) {
            NonFinite what = nonFinite(score.getNonFinite());
            return new Evidence(
                    new RunSoFar(
                            score.getRunId(),
                            score.getAttempt(),
                            score.getStep(),
                            0,
                            verdict(score.getVerdict()),
                            what,
                            switch (what) {
                                case NAN_LOSS -> Double.NaN;
                                case INFINITE_LOSS -> Double.POSITIVE_INFINITY;
                                case NONE, INFINITE_GRADIENT -> score.getSmoothedLoss();
                            },
                            score.getSmoothedLoss(),
                            score.getBestSmoothedLoss(),
                            score.getFirstLoss(),
                            Double.NaN,
                            0),
                    score.getTimeMillis());
        }

        /** The score names it in words: "loss NaN at step 41". */
        private static NonFinite nonFinite(@Nullable String words) {
            if (words == null) {
                return NonFinite.NONE;
            }
            if (words.startsWith("loss NaN")) {
                return NonFinite.NAN_LOSS;
            }
            return words.startsWith("loss infinite") ? NonFinite.INFINITE_LOSS : NonFinite.INFINITE_GRADIENT;
        }

        private static Verdict verdict(io.couplet.schemas.avro.Verdict verdict) {
            return switch (verdict) {
                case UNKNOWN, WARMING_UP -> Verdict.WARMING_UP;
                case CONVERGING -> Verdict.CONVERGING;
                case PLATEAUED -> Verdict.PLATEAUED;
                case DIVERGING -> Verdict.DIVERGING;
                case DIVERGED -> Verdict.DIVERGED;
                case CONVERGED -> Verdict.CONVERGED;
            };
        }
    }

    /** A change in the run's life. */
    record Change(RunEvent event) implements Input {

        @Override
        public String runId() {
            return event.getRunId();
        }

        @Override
        public int attempt() {
            return event.getAttempt();
        }

        /** Whether it is between trainers, and tells nothing of the run. */
        boolean isClaim() {
            return event.getKind() == RunEventKind.PREPARING;
        }

        /** Whether the attempt trains no further after it; a released run does so in a later attempt. */
        boolean ends() {
            return switch (event.getKind()) {
                case COMPLETED, STOPPED, DIVERGED, FAILED, RELEASED -> true;
                case UNKNOWN, PREPARING, STARTED, RESUMED, CHECKPOINTED -> false;
            };
        }

        /** Whether nobody takes the run up after it. */
        boolean endsTheRun() {
            return ends() && event.getKind() != RunEventKind.RELEASED && !event.getPaused();
        }
    }

    /**
     * What the rules that compare runs have decided of this one.
     *
     * @param command the order
     * @param evidenceMillis when the evaluation was made that led to it
     */
    record Proposal(RunCommand command, long evidenceMillis) implements Input {

        @Override
        public String runId() {
            return command.getRunId();
        }

        @Override
        public int attempt() {
            return Judge.attempt(command);
        }
    }

    /**
     * A person's order about the run, to whichever attempt there is.
     *
     * @param order to stop or to resume
     */
    record Ordered(RunCommand order) implements Input {

        @Override
        public String runId() {
            return order.getRunId();
        }

        @Override
        public int attempt() {
            return 0;
        }
    }

    /**
     * The run is asked for.
     *
     * @param bytes the request as it was read
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Requested(String runId, byte[] bytes) implements Input {

        @Override
        public int attempt() {
            return 0;
        }
    }

    /** Tells of the study or of an order that is known here, and of this run nothing that the watch needs. */
    record OfStudy(String runId, int attempt) implements Input {}

    int LONGEST_ORDER_ID = 200;

    /** Whether a person gave it, and not the stopper itself, about one run, and of a kind that is known. */
    private static boolean isOrderOfARun(RunCommand command) {
        return command.getRule().equals(Judge.PERSON)
                && (command.getKind() == RunCommandKind.STOP || command.getKind() == RunCommandKind.RESUME);
    }

    /**
     * Reads a record of one of the stopper's topics.
     *
     * @throws SerializationException when the bytes are no such record, or the key is not the run it tells of
     */
    static Input read(String topic, byte @Nullable [] key, byte[] value, long timestamp) {
        Input input;
        if (topic.equals(Topics.STEP_METRICS.name())) {
            input = Evidence.of(Topics.STEP_METRICS.wire().decode(value));
        } else if (topic.equals(Topics.CONVERGENCE_SCORES.name())) {
            input = Evidence.of(Topics.CONVERGENCE_SCORES.wire().decode(value));
        } else if (topic.equals(Topics.RUN_REQUESTS.name())) {
            input = new Requested(Topics.RUN_REQUESTS.wire().decode(value).getRunId(), value);
        } else if (topic.equals(Topics.RUN_COMMANDS.name())) {
            RunCommand command = Topics.RUN_COMMANDS.wire().decode(value);
            input = isOrderOfARun(command) ? new Ordered(command) : new OfStudy(command.getRunId(), 0);
        } else if (topic.equals(Topics.EVALUATIONS.name())) {
            Evaluation evaluation = Topics.EVALUATIONS.wire().decode(value);
            input = new OfStudy(evaluation.getRunId(), evaluation.getAttempt());
        } else if (topic.endsWith(StopperTopology.PROPOSALS_SUFFIX)) {
            input = new Proposal(Topics.RUN_COMMANDS.wire().decode(value), timestamp);
        } else {
            input = new Change(Topics.RUN_EVENTS.wire().decode(value));
        }
        if (input instanceof Ordered ordered && ordered.order().getCommandId().length() > LONGEST_ORDER_ID) {
            throw new SerializationException("The order's id has "
                    + ordered.order().getCommandId().length() + " characters, and " + LONGEST_ORDER_ID
                    + " are the most: the ids of a run's orders are kept together.");
        }
        if (!Arrays.equals(key, input.runId().getBytes(UTF_8))) {
            throw new SerializationException("The key is " + (key == null ? "missing" : new String(key, UTF_8))
                    + ", the record tells of " + input.runId());
        }
        return input;
    }
}
