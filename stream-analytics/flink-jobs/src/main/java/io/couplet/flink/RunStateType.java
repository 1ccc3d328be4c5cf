package io.couplet.flink;

import io.couplet.scores.convergence.Blocks;
import io.couplet.scores.convergence.ConvergenceSettings;
import io.couplet.scores.convergence.ConvergenceState;
import io.couplet.scores.convergence.Evaluations;
import io.couplet.scores.convergence.Extremes;
import io.couplet.scores.convergence.LearningRates;
import io.couplet.scores.convergence.NonFinite;
import io.couplet.scores.convergence.Schedule;
import io.couplet.scores.convergence.Smoothed;
import io.couplet.scores.convergence.Tally;
import java.io.IOException;
import org.apache.flink.api.common.typeutils.SimpleTypeSerializerSnapshot;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.api.common.typeutils.base.TypeSerializerSingleton;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;

/**
 * How a {@link RunState} is written to checkpoints and savepoints. Each value begins with the number of its format, so that a later version of this class reads
 * what this one wrote; the kept savepoint of the tests holds it to that. A value in memory is immutable and never copied.
 */
final class RunStateType extends OwnType<RunState> {

    private static final long serialVersionUID = 1;

    static final RunStateType INSTANCE = new RunStateType();

    private RunStateType() {
        super(RunState.class, Serializer.INSTANCE);
    }

    static final class Serializer extends TypeSerializerSingleton<RunState> {

        private static final long serialVersionUID = 1;

        static final Serializer INSTANCE = new Serializer();

        /** Number of the format written; a new one is added to {@link #deserialize}, none is ever taken away. */
        private static final int FORMAT = 1;

        private Object readResolve() {
            return INSTANCE;
        }

        @Override
        public boolean isImmutableType() {
            return true;
        }

        @Override
        public RunState createInstance() {
            return new RunState(ConvergenceState.start(ConvergenceSettings.forBudget(0, 0)), false);
        }

        @Override
        public RunState copy(RunState from) {
            return from;
        }

        @Override
        public RunState copy(RunState from, RunState reuse) {
            return from;
        }

        @Override
        public int getLength() {
            return -1;
        }

        @Override
        public void serialize(RunState run, DataOutputView out) throws IOException {
            ConvergenceState state = run.convergence();
            out.writeByte(FORMAT);
            out.writeBoolean(run.scoreIsDue());
            write(state.settings(), out);
            write(state.tally(), out);
            write(state.extremes(), out);
            write(state.loss(), out);
            write(state.gradientNorm(), out);
            write(state.batchAccuracy(), out);
            write(state.gapMillis(), out);
            out.writeDouble(state.lastLoss());
            write(state.rates(), out);
            out.writeLong(state.timeMillis());
            write(state.window(), out);
            write(state.curve(), out);
            write(state.schedule(), out);
            write(state.evaluations(), out);
        }

        @Override
        public RunState deserialize(DataInputView in) throws IOException {
            int format = in.readUnsignedByte();
            if (format != FORMAT) {
                throw new IOException(
                        "The state of a run has format " + format
                                + ", which this version does not know: restore it with the version that wrote it, or a newer one.");
            }
            boolean due = in.readBoolean();
            return new RunState(
                    new ConvergenceState(
                            settings(in),
                            tally(in),
                            extremes(in),
                            smoothed(in),
                            smoothed(in),
                            smoothed(in),
                            smoothed(in),
                            in.readDouble(),
                            rates(in),
                            in.readLong(),
                            blocks(in),
                            blocks(in),
                            schedule(in),
                            evaluations(in)),
                    due);
        }

        private static void write(ConvergenceSettings settings, DataOutputView out) throws IOException {
            out.writeLong(settings.budgetSteps());
            out.writeLong(settings.warmupSteps());
            out.writeDouble(settings.halfLifeSteps());
            out.writeLong(settings.windowSteps());
            out.writeDouble(settings.plateauSlope());
            out.writeDouble(settings.explosionFactor());
            out.writeDouble(settings.spikeDeviations());
        }

        private static ConvergenceSettings settings(DataInputView in) throws IOException {
            return new ConvergenceSettings(
                    in.readLong(),
                    in.readLong(),
                    in.readDouble(),
                    in.readLong(),
                    in.readDouble(),
                    in.readDouble(),
                    in.readDouble());
        }

        private static void write(Tally tally, DataOutputView out) throws IOException {
            out.writeInt(tally.attempt());
            out.writeLong(tally.lastStep());
            out.writeLong(tally.steps());
            out.writeLong(tally.duplicates());
            out.writeLong(tally.olderAttempts());
            out.writeLong(tally.superseded());
        }

        private static Tally tally(DataInputView in) throws IOException {
            return new Tally(in.readInt(), in.readLong(), in.readLong(), in.readLong(), in.readLong(), in.readLong());
        }

        private static void write(Extremes extremes, DataOutputView out) throws IOException {
            out.writeDouble(extremes.initialSum());
            out.writeInt(extremes.initialCount());
            out.writeDouble(extremes.bestLoss());
            out.writeLong(extremes.bestStep());
            out.writeLong(extremes.spikes());
            out.writeUTF(extremes.nonFinite().name());
            out.writeLong(extremes.nonFiniteStep());
            out.writeLong(extremes.explodedFor());
            out.writeLong(extremes.explodedStep());
        }

        private static Extremes extremes(DataInputView in) throws IOException {
            return new Extremes(
                    in.readDouble(),
                    in.readInt(),
                    in.readDouble(),
                    in.readLong(),
                    in.readLong(),
                    NonFinite.valueOf(in.readUTF()),
                    in.readLong(),
                    in.readLong(),
                    in.readLong());
        }

        private static void write(Smoothed smoothed, DataOutputView out) throws IOException {
            out.writeDouble(smoothed.weight());
            out.writeDouble(smoothed.squaredWeight());
            out.writeDouble(smoothed.mean());
            out.writeDouble(smoothed.deviations());
        }

        private static Smoothed smoothed(DataInputView in) throws IOException {
            return new Smoothed(in.readDouble(), in.readDouble(), in.readDouble(), in.readDouble());
        }

        private static void write(Blocks blocks, DataOutputView out) throws IOException {
            out.writeInt(blocks.closed());
            out.writeShort(blocks.sums().length / Blocks.FIELDS);
            for (double sum : blocks.sums()) {
                out.writeDouble(sum);
            }
            out.writeDouble(blocks.openEnd());
            out.writeDouble(blocks.openLoss());
            out.writeDouble(blocks.openSteps());
            out.writeDouble(blocks.openCount());
        }

        private static Blocks blocks(DataInputView in) throws IOException {
            int closed = in.readInt();
            double[] sums = new double[Blocks.FIELDS * in.readUnsignedShort()];
            for (int i = 0; i < sums.length; i++) {
                sums[i] = in.readDouble();
            }
            return new Blocks(closed, sums, in.readDouble(), in.readDouble(), in.readDouble(), in.readDouble());
        }

        private static void write(LearningRates rates, DataOutputView out) throws IOException {
            out.writeDouble(rates.newest());
            out.writeLong(rates.steadySteps());
            out.writeLong(rates.droppedAt());
        }

        private static LearningRates rates(DataInputView in) throws IOException {
            return new LearningRates(in.readDouble(), in.readLong(), in.readLong());
        }

        private static void write(Schedule schedule, DataOutputView out) throws IOException {
            out.writeUTF(schedule.kind().name());
            out.writeByte(schedule.drops().length);
            for (long drop : schedule.drops()) {
                out.writeLong(drop);
            }
            out.writeInt(schedule.attempt());
        }

        private static Schedule schedule(DataInputView in) throws IOException {
            Schedule.Kind kind = Schedule.Kind.valueOf(in.readUTF());
            long[] drops = new long[in.readUnsignedByte()];
            for (int i = 0; i < drops.length; i++) {
                drops[i] = in.readLong();
            }
            return new Schedule(kind, drops, in.readInt());
        }

        private static void write(Evaluations evaluations, DataOutputView out) throws IOException {
            out.writeInt(evaluations.attempt());
            out.writeLong(evaluations.lastStep());
            out.writeLong(evaluations.count());
            out.writeLong(evaluations.ignored());
            out.writeInt(evaluations.stride());
            out.writeShort(evaluations.counts().length);
            for (int i = 0; i < evaluations.counts().length; i++) {
                out.writeLong(evaluations.firstSteps()[i]);
                out.writeDouble(evaluations.steps()[i]);
                out.writeDouble(evaluations.top1()[i]);
                out.writeDouble(evaluations.counts()[i]);
            }
            out.writeDouble(evaluations.lastTop1());
            out.writeLong(evaluations.targetStep());
            out.writeDouble(evaluations.targetSeconds());
            out.writeDouble(evaluations.earlierSeconds());
            out.writeDouble(evaluations.attemptSeconds());
        }

        private static Evaluations evaluations(DataInputView in) throws IOException {
            int attempt = in.readInt();
            long lastStep = in.readLong();
            long count = in.readLong();
            long ignored = in.readLong();
            int stride = in.readInt();
            int length = in.readUnsignedShort();
            long[] firstSteps = new long[length];
            double[] steps = new double[length];
            double[] top1 = new double[length];
            double[] counts = new double[length];
            for (int i = 0; i < length; i++) {
                firstSteps[i] = in.readLong();
                steps[i] = in.readDouble();
                top1[i] = in.readDouble();
                counts[i] = in.readDouble();
            }
            return new Evaluations(
                    attempt,
                    lastStep,
                    count,
                    ignored,
                    stride,
                    firstSteps,
                    steps,
                    top1,
                    counts,
                    in.readDouble(),
                    in.readLong(),
                    in.readDouble(),
                    in.readDouble(),
                    in.readDouble());
        }

        @Override
        public RunState deserialize(RunState reuse, DataInputView in) throws IOException {
            return deserialize(in);
        }

        @Override
        public void copy(DataInputView in, DataOutputView out) throws IOException {
            serialize(deserialize(in), out);
        }

        @Override
        public TypeSerializerSnapshot<RunState> snapshotConfiguration() {
            return new Snapshot();
        }
    }

    /** Says that the state was written by {@link Serializer}; which format, each value says itself. */
    public static final class Snapshot extends SimpleTypeSerializerSnapshot<RunState> {
        public Snapshot() {
            super(() -> Serializer.INSTANCE);
        }
    }
}
