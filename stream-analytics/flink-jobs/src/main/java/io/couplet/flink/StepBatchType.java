package io.couplet.flink;

import java.io.IOException;
import org.apache.flink.api.common.typeutils.SimpleTypeSerializerSnapshot;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.api.common.typeutils.base.TypeSerializerSingleton;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;

/** How a {@link StepBatch} crosses the network: each run once, then 42 bytes a step. It is never kept in state. */
final class StepBatchType extends OwnType<StepBatch> {

    private static final long serialVersionUID = 1;

    static final StepBatchType INSTANCE = new StepBatchType();

    private StepBatchType() {
        super(StepBatch.class, Serializer.INSTANCE);
    }

    static final class Serializer extends TypeSerializerSingleton<StepBatch> {

        private static final long serialVersionUID = 1;

        static final Serializer INSTANCE = new Serializer();

        private Object readResolve() {
            return INSTANCE;
        }

        @Override
        public boolean isImmutableType() {
            return false;
        }

        @Override
        public StepBatch createInstance() {
            return new StepBatch();
        }

        @Override
        public StepBatch copy(StepBatch from) {
            return new StepBatch().set(from);
        }

        @Override
        public StepBatch copy(StepBatch from, StepBatch reuse) {
            return reuse.set(from);
        }

        @Override
        public int getLength() {
            return -1;
        }

        @Override
        public void serialize(StepBatch batch, DataOutputView target) throws IOException {
            target.writeShort(batch.runs);
            for (int run = 0; run < batch.runs; run++) {
                target.writeLong(batch.hashes[run]);
                target.writeInt(batch.idEnds[run]);
                target.writeInt(batch.budgetSteps[run]);
                target.writeInt(batch.warmupSteps[run]);
            }
            target.write(batch.ids, 0, batch.idFrom(batch.runs));
            target.writeShort(batch.size);
            for (int i = 0; i < batch.size; i++) {
                target.writeShort(batch.runOf[i]);
            }
            target.write(batch.steps, 0, batch.size * StepBatch.STEP_BYTES);
            target.writeBoolean(batch.told != null);
            if (batch.told != null) {
                batch.told.write(target);
            }
        }

        @Override
        public StepBatch deserialize(DataInputView source) throws IOException {
            return deserialize(new StepBatch(), source);
        }

        @Override
        public StepBatch deserialize(StepBatch batch, DataInputView source) throws IOException {
            int runs = source.readUnsignedShort();
            batch.reserveRuns(runs);
            for (int run = 0; run < runs; run++) {
                batch.hashes[run] = source.readLong();
                batch.idEnds[run] = source.readInt();
                batch.budgetSteps[run] = source.readInt();
                batch.warmupSteps[run] = source.readInt();
            }
            batch.runs = runs;
            int idBytes = batch.idFrom(runs);
            batch.reserveIds(idBytes);
            source.readFully(batch.ids, 0, idBytes);
            int size = source.readUnsignedShort();
            batch.reserveSteps(size);
            for (int i = 0; i < size; i++) {
                batch.runOf[i] = source.readShort();
            }
            source.readFully(batch.steps, 0, size * StepBatch.STEP_BYTES);
            batch.size = size;
            batch.told = source.readBoolean() ? Told.read(source) : null;
            return batch;
        }

        @Override
        public void copy(DataInputView source, DataOutputView target) throws IOException {
            serialize(deserialize(source), target);
        }

        @Override
        public TypeSerializerSnapshot<StepBatch> snapshotConfiguration() {
            return new Snapshot();
        }
    }

    /** Flink asks every serializer for one; batches are in flight only, so there is nothing to migrate. */
    public static final class Snapshot extends SimpleTypeSerializerSnapshot<StepBatch> {
        public Snapshot() {
            super(() -> Serializer.INSTANCE);
        }
    }
}
