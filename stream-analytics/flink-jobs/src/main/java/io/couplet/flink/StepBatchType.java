package io.couplet.flink;

import java.io.IOException;
import org.apache.flink.api.common.serialization.SerializerConfig;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeutils.SimpleTypeSerializerSnapshot;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;

/** How a {@link StepBatch} crosses the network: the run once, then 44 bytes a step. It is never kept in state. */
final class StepBatchType extends TypeInformation<StepBatch> {

    private static final long serialVersionUID = 1;

    static final StepBatchType INSTANCE = new StepBatchType();

    private StepBatchType() {}

    @Override
    public TypeSerializer<StepBatch> createSerializer(SerializerConfig config) {
        return new Serializer();
    }

    @Override
    public Class<StepBatch> getTypeClass() {
        return StepBatch.class;
    }

    @Override
    public boolean isBasicType() {
        return false;
    }

    @Override
    public boolean isTupleType() {
        return false;
    }

    @Override
    public int getArity() {
        return 1;
    }

    @Override
    public int getTotalFields() {
        return 1;
    }

    @Override
    public boolean isKeyType() {
        return false;
    }

    @Override
    public boolean canEqual(Object other) {
        return other instanceof StepBatchType;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof StepBatchType;
    }

    @Override
    public int hashCode() {
        return StepBatchType.class.hashCode();
    }

    @Override
    public String toString() {
        return "StepBatch";
    }

    /** Knows the run ids that it has read, so each task needs one of its own. */
    static final class Serializer extends TypeSerializer<StepBatch> {

        private static final long serialVersionUID = 1;

        private transient RunIds runIds = new RunIds();
        private transient byte[] scratch = new byte[256];

        private Object readResolve() {
            return new Serializer();
        }

        @Override
        public boolean isImmutableType() {
            return false;
        }

        @Override
        public TypeSerializer<StepBatch> duplicate() {
            return new Serializer();
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
            target.writeShort(batch.utf8.length);
            target.write(batch.utf8);
            target.writeInt(batch.budgetSteps);
            target.writeInt(batch.warmupSteps);
            target.writeShort(batch.size);
            target.writeBoolean(batch.told != null);
            if (batch.told != null) {
                batch.told.write(target);
            }
            for (int i = 0; i < batch.size; i++) {
                target.writeInt(batch.attempts[i]);
                target.writeInt(batch.steps[i]);
                target.writeDouble(batch.losses[i]);
                target.writeDouble(batch.learningRates[i]);
                target.writeFloat(batch.gradientNorms[i]);
                target.writeFloat(batch.batchAccuracies[i]);
                target.writeLong(batch.timesMillis[i]);
            }
        }

        @Override
        public StepBatch deserialize(DataInputView source) throws IOException {
            return deserialize(new StepBatch(), source);
        }

        @Override
        public StepBatch deserialize(StepBatch batch, DataInputView source) throws IOException {
            int length = source.readUnsignedShort();
            if (length > scratch.length) {
                scratch = new byte[length];
            }
            source.readFully(scratch, 0, length);
            int budgetSteps = source.readInt();
            batch.begin(runIds.of(scratch, 0, length), budgetSteps, source.readInt());
            int size = source.readUnsignedShort();
            batch.told = source.readBoolean() ? Told.read(source) : null;
            batch.reserve(size);
            for (int i = 0; i < size; i++) {
                batch.add(
                        source.readInt(),
                        source.readInt(),
                        source.readDouble(),
                        source.readDouble(),
                        source.readFloat(),
                        source.readFloat(),
                        source.readLong());
            }
            return batch;
        }

        @Override
        public void copy(DataInputView source, DataOutputView target) throws IOException {
            serialize(deserialize(source), target);
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof Serializer;
        }

        @Override
        public int hashCode() {
            return Serializer.class.hashCode();
        }

        @Override
        public TypeSerializerSnapshot<StepBatch> snapshotConfiguration() {
            return new Snapshot();
        }
    }

    /** Flink asks every serializer for one; batches are in flight only, so there is nothing to migrate. */
    public static final class Snapshot extends SimpleTypeSerializerSnapshot<StepBatch> {
        public Snapshot() {
            super(Serializer::new);
        }
    }
}
