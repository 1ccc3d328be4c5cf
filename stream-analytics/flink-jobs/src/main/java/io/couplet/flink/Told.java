package io.couplet.flink;

import io.couplet.schemas.Topics;
import io.couplet.schemas.avro.Evaluation;
import io.couplet.schemas.avro.RunEvent;
import io.couplet.scores.convergence.ConvergenceState;
import io.couplet.scores.convergence.Schedule;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;
import org.jspecify.annotations.Nullable;

/** What the convergence score needs of a record that is no training step. */
sealed interface Told {

    /** The state that knows it, too. */
    ConvergenceState in(ConvergenceState state);

    void write(DataOutputView out) throws IOException;

    /** An evaluation; {@code reached} says whether it reaches the study's target. */
    record Evaluated(int attempt, int step, double top1, boolean reached, double seconds) implements Told {

        static Evaluated of(Evaluation evaluation) {
            boolean finite = Double.isFinite(evaluation.getLoss());
            double top1 = finite ? evaluation.getTop1() : Double.NaN;
            return new Evaluated(
                    evaluation.getAttempt(),
                    evaluation.getStep(),
                    top1,
                    reaches(evaluation),
                    evaluation.getDeviceSeconds());
        }

        @Override
        public ConvergenceState in(ConvergenceState state) {
            return state.plusEvaluation(attempt, step, top1, reached, seconds);
        }

        @Override
        public void write(DataOutputView out) throws IOException {
            out.writeBoolean(true);
            out.writeInt(attempt);
            out.writeInt(step);
            out.writeDouble(top1);
            out.writeBoolean(reached);
            out.writeDouble(seconds);
        }
    }

    /** The learning-rate schedule of an attempt. */
    record Scheduled(Schedule schedule) implements Told {

        static Optional<Scheduled> of(RunEvent event) {
            String name = event.getSchedule();
            if (name == null) {
                return Optional.empty();
            }
            Schedule.Kind kind = switch (name) {
                case "cosine" -> Schedule.Kind.COSINE;
                case "step" -> Schedule.Kind.STEP;
                case "constant" -> Schedule.Kind.CONSTANT;
                default -> Schedule.Kind.UNKNOWN;
            };
            List<Integer> drops = event.getLearningRateDrops() == null ? List.of() : event.getLearningRateDrops();
            return Optional.of(new Scheduled(new Schedule(
                    kind, drops.stream().mapToLong(Integer::longValue).toArray(), Math.max(1, event.getAttempt()))));
        }

        @Override
        public ConvergenceState in(ConvergenceState state) {
            return state.plus(schedule);
        }

        @Override
        public void write(DataOutputView out) throws IOException {
            out.writeBoolean(false);
            out.writeUTF(schedule.kind().name());
            out.writeInt(schedule.attempt());
            out.writeByte(schedule.drops().length);
            for (long drop : schedule.drops()) {
                out.writeLong(drop);
            }
        }
    }

    static Told read(DataInputView in) throws IOException {
        if (in.readBoolean()) {
            return new Evaluated(in.readInt(), in.readInt(), in.readDouble(), in.readBoolean(), in.readDouble());
        }
        Schedule.Kind kind = Schedule.Kind.valueOf(in.readUTF());
        int attempt = in.readInt();
        long[] drops = new long[in.readUnsignedByte()];
        for (int i = 0; i < drops.length; i++) {
            drops[i] = in.readLong();
        }
        return new Scheduled(new Schedule(kind, drops, attempt));
    }

    /** Whether an evaluation reaches the study's target; false when there is none. */
    static boolean reaches(Evaluation evaluation) {
        Double top1 = evaluation.getTargetTop1();
        Double loss = evaluation.getTargetLoss();
        return Double.isFinite(evaluation.getLoss())
                && (top1 != null && evaluation.getTop1() >= top1 || loss != null && evaluation.getLoss() <= loss);
    }

    /** A record with its run. */
    record Of(String runId, Told told) {}

    /**
     * What a record of run-events or evaluations tells; null for nothing.
     *
     * @throws org.apache.kafka.common.errors.SerializationException when it is no such record
     * @throws IllegalArgumentException when it is one that cannot be scored
     */
    static @Nullable Of of(String topic, byte[] value) {
        if (topic.equals(Topics.EVALUATIONS.name())) {
            Evaluation evaluation = Topics.EVALUATIONS.wire().decode(value);
            StudyRun.check(evaluation);
            return new Of(evaluation.getRunId(), Evaluated.of(evaluation));
        }
        RunEvent event = Topics.RUN_EVENTS.wire().decode(value);
        StudyRun.check(event);
        return Scheduled.of(event)
                .map(scheduled -> new Of(event.getRunId(), scheduled))
                .orElse(null);
    }
}
