package io.couplet.trainer.optimizers;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.IValue;
import io.couplet.trainer.torch.TorchScript;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Adam and AdamW by torch's own fused kernels, block by block: what a block's norms read is still in the cache.
 *
 * <p>The kernels take lists of tensors to change. TorchScript drops the call when it makes the list itself, as it does not see that anything is changed; so the lists
 * are made here, once, of views into the flat vectors.
 */
final class FusedAdam implements Updater {
    /** Elements: a megabyte of each vector. A tensor of that many or more has blocks of its own. */
    static final int BLOCK = 262_144;

    private static final TorchScript ADAM = script("_fused_adam_");
    private static final TorchScript ADAM_W = script("_fused_adamw_");

    private final Adam adam;
    private final Tensors tensors;
    private final NDArray parameters;
    private final NDManager manager;
    private final List<NDArray> state = new ArrayList<>();
    private final List<Span> spans;
    private final IValue blocks;
    private final IValue flatGradients;
    private final IValue before;
    private final IValue stepTensor;
    private long step;

    /** A block: elements of the flat vectors, all of one large tensor, or of smaller ones that follow one another. */
    private record Span(int start, int end, boolean large) {}

    FusedAdam(Adam adam, Tensors tensors, NDArray parameters, NDArray gradient) {
        this.adam = adam;
        this.tensors = tensors;
        this.parameters = parameters;
        this.manager = parameters.getManager().newSubManager();
        int elements = tensors.elements();
        adam.state().forEach(name -> state.add(manager.zeros(new Shape(elements))));
        PtNDArray count = (PtNDArray) manager.zeros(new Shape());
        this.stepTensor = IValue.from(count);
        this.before = IValue.from((PtNDArray) manager.zeros(new Shape(Math.min(BLOCK, elements))));
        List<NDArray> vectors = new ArrayList<>(List.of(parameters, gradient));
        vectors.addAll(state);
        this.spans = spans();
        this.blocks = blocks(vectors, count);
        try (NDList views = new NDList(IntStream.range(0, tensors.count())
                .filter(this::takesAlone)
                .mapToObj(tensor -> part(gradient, tensors.offset(tensor), end(tensor)))
                .toList())) {
            this.flatGradients =
                    IValue.listFrom(views.stream().map(PtNDArray.class::cast).toArray(PtNDArray[]::new));
        }
    }

    @Override
    public boolean takesAlone(int tensor) {
        return end(tensor) - tensors.offset(tensor) >= BLOCK;
    }

    private int end(int tensor) {
        return tensor + 1 < tensors.count() ? tensors.offset(tensor + 1) : tensors.elements();
    }

    private List<Span> spans() {
        List<Span> found = new ArrayList<>();
        int begun = 0;
        for (int tensor = 0; tensor < tensors.count(); tensor++) {
            if (takesAlone(tensor)) {
                addSpans(found, begun, tensors.offset(tensor), false);
                begun = end(tensor);
                addSpans(found, tensors.offset(tensor), begun, true);
            }
        }
        addSpans(found, begun, tensors.elements(), false);
        return found;
    }

    private static void addSpans(List<Span> spans, int from, int to, boolean large) {
        for (int start = from; start < to; start += BLOCK) {
            spans.add(new Span(start, Math.min(start + BLOCK, to), large));
        }
    }

    /**
     * {@code blocks[i]} are lists of views: parameters and gradient of the whole block; then of the pieces of it that decay those of parameters, gradient, mean,
     * square, greatest square and step count, and then of the pieces that do not. A block of a large tensor has no gradient there: its own is the next block's worth
     * of {@code large}, and it is one piece.
     */
    private static TorchScript script(String kernel) {
        String call = "torch." + kernel
                + "(block[%d], %s, block[%d], block[%d], block[%d], block[%d], lr=lr, beta1=beta1,"
                + " beta2=beta2, weight_decay=%s, eps=eps, amsgrad=amsgrad, maximize=False)";
        return TorchScript.function(
                "blocks: List[List[List[Tensor]]], large: List[Tensor], scratch: Tensor, step: Tensor, count: float, lr: float, beta1: float,"
                        + " beta2: float, eps: float, decay: float, amsgrad: bool, clip: bool, limit: float",
                "List[float]",
                "_0 = torch.fill_(step, count)",
                "gradient = 0.",
                "update = 0.",
                "parameters = 0.",
                "chunks = annotate(List[Tensor], [])",
                "for i in range(torch.len(large)):",
                "  parts = torch.split(large[i], " + BLOCK + ")",
                "  for k in range(torch.len(parts)):",
                "    _1 = torch.append(chunks, parts[k])",
                "scale = 1.",
                "if clip:",
                "  for i in range(torch.len(chunks)):",
                "    gradient = gradient + float(torch.dot(chunks[i], chunks[i]))",
                "  for i in range(torch.len(blocks)):",
                "    if torch.gt(torch.len(blocks[i][0]), 1):",
                "      gradient = gradient + float(torch.dot(blocks[i][0][1], blocks[i][0][1]))",
                "  scale = limit / (torch.sqrt(gradient) + 1e-6)",
                "at = 0",
                "for i in range(torch.len(blocks)):",
                "  block = blocks[i]",
                "  p = block[0][0]",
                "  decaying = block[2]",
                "  others = block[8]",
                "  if torch.gt(torch.len(block[0]), 1):",
                "    g = block[0][1]",
                "    if torch.lt(scale, 1.):", // what it does to these views is seen in decaying and others
                "      _2 = torch.mul_(g, scale)",
                "  else:",
                "    g = chunks[at]",
                "    at = torch.add(at, 1)",
                "    if torch.lt(scale, 1.):", // autograd may have given the same gradient to another tensor too
                "      g = torch.mul(g, scale)",
                "    decaying = [g]",
                "    others = [g]",
                "  before = torch.narrow(scratch, 0, 0, torch.numel(p))",
                "  _3 = torch.copy_(before, p)",
                "  if torch.gt(torch.len(block[1]), 0):",
                "    " + String.format(Locale.ROOT, call, 1, "decaying", 3, 4, 5, 6, "decay"),
                "  if torch.gt(torch.len(block[7]), 0):",
                "    " + String.format(Locale.ROOT, call, 7, "others", 9, 10, 11, 12, "0."),
                "  if not clip:",
                "    gradient = gradient + float(torch.dot(g, g))",
                "  parameters = parameters + float(torch.dot(before, before))",
                "  _4 = torch.sub_(before, p)",
                "  update = update + float(torch.dot(before, before))",
                "return [gradient, update, parameters]");
    }

    private IValue blocks(List<NDArray> vectors, PtNDArray count) {
        int elements = tensors.elements();
        List<Integer> cuts = cuts();
        List<NDList> pieces = vectors.stream()
                .map(vector -> new NDList(IntStream.range(0, cuts.size())
                        .mapToObj(i -> part(vector, cuts.get(i), i + 1 < cuts.size() ? cuts.get(i + 1) : elements))
                        .toList()))
                .toList();
        List<IValue> all = new ArrayList<>();
        int piece = 0;
        for (Span span : spans) {
            List<Integer> decaying = new ArrayList<>();
            List<Integer> others = new ArrayList<>();
            for (; piece < cuts.size() && cuts.get(piece) < span.end(); piece++) {
                (tensors.decaysAt(cuts.get(piece)) ? decaying : others).add(piece);
            }
            List<IValue> lists = new ArrayList<>();
            try (NDArray p = part(vectors.get(0), span.start(), span.end());
                    NDArray g = part(vectors.get(1), span.start(), span.end())) {
                lists.add(
                        span.large() ? IValue.listFrom((PtNDArray) p) : IValue.listFrom((PtNDArray) p, (PtNDArray) g));
            }
            lists.addAll(lists(pieces, decaying, count));
            lists.addAll(lists(pieces, others, count));
            all.add(listOf(lists));
        }
        pieces.forEach(NDList::close);
        return listOf(all);
    }

    private static NDArray part(NDArray vector, int start, int end) {
        return vector.get(new NDIndex("{}:{}", start, end));
    }

    /** First elements of the longest pieces that lie within a block and decay, or do not, as a whole. */
    private List<Integer> cuts() {
        List<Integer> cuts = new ArrayList<>();
        for (Span span : spans) {
            tensors.within(span.start(), span.end() - span.start(), (tensor, from, to) -> {
                if (from == 0 || tensors.decays(tensor) != tensors.decays(tensor - 1)) {
                    cuts.add(span.start() + from);
                }
            });
        }
        return cuts;
    }

    private static List<IValue> lists(List<NDList> pieces, List<Integer> chosen, PtNDArray count) {
        List<IValue> lists = new ArrayList<>();
        for (NDList vector : pieces) {
            lists.add(IValue.listFrom(
                    chosen.stream().map(i -> (PtNDArray) vector.get(i)).toArray(PtNDArray[]::new)));
        }
        if (pieces.size() == 4) {
            lists.add(IValue.listFrom(new PtNDArray[0])); // no greatest squares
        }
        lists.add(IValue.listFrom(chosen.stream().map(i -> count).toArray(PtNDArray[]::new)));
        return lists;
    }

    /** The list keeps what is in it, so its elements are closed here. */
    private static IValue listOf(List<IValue> elements) {
        IValue list = IValue.listFrom(elements.toArray(IValue[]::new));
        elements.forEach(IValue::close);
        return list;
    }

    @Override
    public StepNorms step(double learningRate, double maxGradientNorm) {
        return step(learningRate, maxGradientNorm, flatGradients);
    }

    @Override
    public StepNorms step(double learningRate, double maxGradientNorm, IValue large) {
        step++;
        boolean clip = maxGradientNorm < Double.POSITIVE_INFINITY;
        try (IValue count = IValue.from((double) step);
                IValue rate = IValue.from(learningRate);
                IValue beta1 = IValue.from(adam.beta1());
                IValue beta2 = IValue.from(adam.beta2());
                IValue epsilon = IValue.from(adam.epsilon());
                IValue decay = IValue.from(adam.weightDecay());
                IValue amsgrad = IValue.from(adam.amsgrad());
                IValue clipped = IValue.from(clip);
                IValue limit = IValue.from(clip ? maxGradientNorm : 0);
                IValue result = (adam.decoupled() ? ADAM_W : ADAM)
                        .call(
                                blocks,
                                large,
                                before,
                                stepTensor,
                                count,
                                rate,
                                beta1,
                                beta2,
                                epsilon,
                                decay,
                                amsgrad,
                                clipped,
                                limit)) {
            double[] squares = result.toDoubleArray();
            return new StepNorms(Math.sqrt(squares[0]), Math.sqrt(squares[1]), Math.sqrt(squares[2]));
        }
    }

    @Override
    public NDArray evaluationParameters(NDManager scratch) {
        return parameters;
    }

    @Override
    public OptimizerState state() {
        Map<String, float[]> vectors = new LinkedHashMap<>();
        for (int i = 0; i < state.size(); i++) {
            vectors.put(adam.state().get(i), state.get(i).toFloatArray());
        }
        return new OptimizerState(step, vectors, Map.of());
    }

    @Override
    public void restore(OptimizerState saved) {
        saved.requireFor(adam.state(), tensors.elements(), Map.of());
        for (int i = 0; i < state.size(); i++) {
            FloatBuffer memory = state.get(i)
                    .toByteBuffer(true)
                    .order(ByteOrder.nativeOrder())
                    .asFloatBuffer();
            memory.put(saved.vector(adam.state().get(i)));
        }
        step = saved.step();
    }

    @Override
    public void close() {
        blocks.close();
        flatGradients.close();
        before.close();
        stepTensor.close();
        manager.close();
    }
}
