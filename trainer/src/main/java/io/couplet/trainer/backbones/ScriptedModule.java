package io.couplet.trainer.backbones;

import ai.djl.Device;
import ai.djl.engine.EngineException;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.IValueUtils;
import ai.djl.pytorch.jni.JniUtils;
import io.couplet.trainer.torch.Transfer;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.jspecify.annotations.Nullable;

/**
 * An image classifier that brings its own computation: a TorchScript file. It keeps its tensors itself, so values are written into them before it computes, and
 * gradients are gathered from them afterwards. Belongs to one thread.
 *
 * <p>What is trained are its parameters that require a gradient. Its other tensors, batch norm's running statistics among them, stay inside: the engine does not hand
 * them out, so a checkpoint takes the whole module, by {@link #bytes()}.
 */
public final class ScriptedModule implements AutoCloseable {

    private static final int MOST_OF_A_PICKLE = 64 << 20;

    private final Path file;
    private final NDManager manager;
    private final PtSymbolBlock block;
    private final List<NDArray> parameters = new ArrayList<>();
    private final ParameterLayout layout;
    private @Nullable Boolean training;

    private ScriptedModule(Path file, NDManager manager, PtSymbolBlock block) {
        this.file = file;
        this.manager = manager;
        this.block = block;
        ParameterLayout.Builder builder = ParameterLayout.builder();
        for (NDArray tensor : JniUtils.moduleGetParams(block, (PtNDManager) manager)) {
            String name = tensor.getName();
            if (tensor.hasGradient()) {
                if (tensor.getDataType() != DataType.FLOAT32) {
                    throw new IllegalArgumentException("parameter " + name + " of " + file + " is of type "
                            + tensor.getDataType() + ": save the module in float32, with module.float()");
                }
                boolean decays =
                        tensor.getShape().dimension() > 1 && !name.endsWith("_embed") && !name.endsWith("token");
                builder.parameter(name, Initializer.constant(0), decays, tensor.getShape());
                parameters.add(tensor);
            }
        }
        this.layout = builder.build();
        if (parameters.isEmpty()) {
            throw new IllegalArgumentException(
                    "nothing in " + file
                            + " can be trained: save the module with torch.jit.script before it is frozen, its parameters requiring gradients");
        }
    }

    /**
     * Loads a module.
     *
     * @throws IllegalArgumentException in one sentence, if there is no such file or it is no TorchScript with something to train
     */
    public static ScriptedModule load(Path file, Device device) {
        if (!Files.isRegularFile(file)) {
            throw new IllegalArgumentException("there is no TorchScript file " + file + " on this trainer");
        }
        return load(file, device, fresh -> JniUtils.loadModule(fresh, file, true, new String[0], new String[0], true));
    }

    private interface Loader {
        PtSymbolBlock load(PtNDManager manager) throws IOException;
    }

    private static ScriptedModule load(Path file, Device device, Loader loader) {
        NDManager manager = NDManager.newBaseManager(device, "PyTorch");
        try {
            // Optimised, the first passes of a module are other operations than the later ones, and a resumed run would
            // not be the same to the bit.
            JniUtils.setGraphExecutorOptimize(false);
            return new ScriptedModule(file, manager, loader.load((PtNDManager) manager));
        } catch (EngineException | IOException e) {
            manager.close();
            throw new IllegalArgumentException(
                    file + " is no TorchScript file that can be loaded (" + reason(e)
                            + "): save the module with torch.jit.script(module).save(...)",
                    e);
        } catch (RuntimeException | Error e) {
            manager.close();
            throw e;
        }
    }

    /**
     * Computes the logits of two black images to see whether this is a classifier.
     *
     * @throws IllegalArgumentException in one sentence, if it is none, or one for another number of classes
     */
    public void check(int imageSize, int classes) {
        try (NDManager scratch = manager.newSubManager()) {
            Shape shape = compute(scratch, scratch.zeros(new Shape(2, 3, imageSize, imageSize)), false)
                    .getShape();
            if (shape.dimension() != 2 || shape.get(0) != 2) {
                throw new IllegalArgumentException(file + " is no classifier: for images of shape (2, 3, " + imageSize
                        + ", " + imageSize + ") it answers with shape " + shape
                        + "; its forward must return one row of logits for each image");
            }
            if (shape.get(1) != classes) {
                throw new IllegalArgumentException(
                        file + " tells " + shape.get(1) + " classes apart where the images have " + classes
                                + ": save the module with a last layer of " + classes);
            }
        }
    }

    public ParameterLayout layout() {
        return layout;
    }

    /**
     * The kind of steps that it probably makes, by the names and shapes of its tensors: running means are batch norm's, other vectors of weights layer norm's.
     */
    public Backbones.Temper temper() {
        if (namesRunningMean()) {
            return Backbones.Temper.BATCH_NORM;
        }
        boolean norms = layout.parameters().stream()
                .anyMatch(p -> p.shape().dimension() == 1 && p.name().endsWith("weight"));
        return norms ? Backbones.Temper.LAYER_NORM : Backbones.Temper.PLAIN;
    }

    /** The engine does not tell the names of buffers; the pickle in the file, a zip archive, does. */
    private boolean namesRunningMean() {
        try (ZipFile zip = new ZipFile(file.toFile())) {
            for (ZipEntry entry : Collections.list(zip.entries())) {
                if (entry.getName().endsWith("/data.pkl")) {
                    try (InputStream in = zip.getInputStream(entry)) {
                        return new String(in.readNBytes(MOST_OF_A_PICKLE), StandardCharsets.ISO_8859_1)
                                .contains("running_mean");
                    }
                }
            }
        } catch (IOException e) {
            // the engine could read it, so this only costs the guess
        }
        return false;
    }

    /** The values now in it, as one flat vector in the layout's order. */
    public float[] parameters() {
        return values(parameters, layout.parameterCount());
    }

    private static float[] values(List<NDArray> tensors, int count) {
        float[] values = new float[count];
        int offset = 0;
        for (NDArray tensor : tensors) {
            float[] part = Transfer.floats(tensor);
            System.arraycopy(part, 0, values, offset, part.length);
            offset += part.length;
        }
        return values;
    }

    /** Writes a flat vector into it. Gradient recording must be off. */
    public void set(NDArray flatParameters) {
        for (ParameterLayout.Parameter p : layout.parameters()) {
            copy(flatParameters, p.offset(), p.size(), parameters.get(p.index()));
        }
    }

    private static void copy(NDArray flat, int offset, int size, NDArray into) {
        Shape shape = into.getShape().dimension() == 0 ? new Shape(1) : into.getShape();
        try (NDArray part = flat.get(new NDIndex("{}:{}", offset, offset + size));
                NDArray shaped = part.reshape(shape);
                NDArray view = into.reshape(shape)) {
            view.set(new NDIndex(":"), shaped);
        }
    }

    /** The module with all its tensors, in TorchScript's format. */
    public byte[] bytes() {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        JniUtils.writeModule(block, out, false);
        return out.toByteArray();
    }

    /** The same module with the tensors that {@link #bytes()} saw; the older one stays open. */
    public ScriptedModule restored(byte[] bytes) {
        return load(
                file,
                manager.getDevice(),
                fresh -> JniUtils.loadModule(fresh, new ByteArrayInputStream(bytes), true, false));
    }

    /**
     * The scores of each class before the softmax, by the tensors as they are.
     *
     * @param seed of dropout masks, which come from the engine's one generator
     * @throws IllegalArgumentException in one sentence, if the module cannot take the images
     */
    public NDArray logits(NDManager scratch, NDArray images, boolean isTraining, long seed) {
        if (isTraining) {
            JniUtils.setSeed(seed);
        }
        return compute(scratch, images, isTraining);
    }

    private NDArray compute(NDManager scratch, NDArray images, boolean isTraining) {
        if (training == null || training != isTraining) {
            if (isTraining) {
                JniUtils.enableTrainingMode(block);
            } else {
                JniUtils.enableInferenceMode(block);
            }
            training = isTraining;
        }
        NDList answer;
        try {
            answer = IValueUtils.forward(block, new NDList(images), isTraining);
        } catch (EngineException | UnsupportedOperationException e) {
            throw new IllegalArgumentException(
                    file + " cannot be trained on images of shape " + images.getShape() + " (" + reason(e)
                            + "): its forward must take one batch of images of this size and return their logits",
                    e);
        }
        answer.attach(scratch);
        if (answer.size() != 1) {
            throw new IllegalArgumentException(file + " is no classifier: its forward returns " + answer.size()
                    + " tensors; it must return one row of logits for each image");
        }
        return answer.get(0);
    }

    /** Its parameters, to ask for their gradients. */
    public NDList leaves() {
        return new NDList(parameters);
    }

    /** The engine's first line that says something; it begins with places in C++ and in Python. */
    private static String reason(Throwable e) {
        String message = String.valueOf(e.getMessage());
        String last = message.lines()
                .filter(line -> line.startsWith("RuntimeError: "))
                .map(line -> line.substring("RuntimeError: ".length()))
                .reduce((first, second) -> second)
                .orElseGet(() -> message.lines().findFirst().orElse(message));
        return last.replaceAll("\\s*\\.?\\s*$", "");
    }

    @Override
    public void close() {
        block.close();
        manager.close();
    }
}
