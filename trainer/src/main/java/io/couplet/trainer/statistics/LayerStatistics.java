package io.couplet.trainer.statistics;

import io.couplet.trainer.backbones.ParameterLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Statistics of every weight tensor of a backbone with at least two dimensions and an element, in the order of the layout. */
public final class LayerStatistics {
    private LayerStatistics() {}

    /**
     * A convolution's kernel (out, in, height, width) counts as one matrix (out, in · height · width); WeightWatcher takes a matrix (out, in) per
     * position of the kernel and puts their eigenvalues together.
     *
     * @param parameters the flat buffer
     * @throws InterruptedException when the thread is interrupted between two tensors
     */
    public static List<LayerStatistic> of(ParameterLayout layout, float[] parameters) throws InterruptedException {
        List<LayerStatistic> statistics = new ArrayList<>();
        for (ParameterLayout.Parameter tensor : layout.parameters()) {
            if (Thread.interrupted()) {
                throw new InterruptedException();
            }
            if (tensor.shape().dimension() >= 2 && tensor.size() > 0) {
                int rows = Math.toIntExact(tensor.shape().get(0));
                statistics.add(of(tensor.name(), parameters, tensor.offset(), rows, tensor.size() / rows));
            }
        }
        return statistics;
    }

    /** @param offset where the matrix (rows, columns) begins in the values, row by row */
    static LayerStatistic of(String name, float[] values, int offset, int rows, int columns) {
        double squares = 0;
        for (int i = offset; i < offset + rows * columns; i++) {
            squares += (double) values[i] * values[i];
        }
        long elements = (long) rows * columns;
        double norm = Math.sqrt(squares);
        Optional<Spectrum> spectrum =
                Spectrum.of(values, offset, rows, columns).filter(s -> s.eigenvalues().length > 0);
        if (spectrum.isEmpty()) {
            return new LayerStatistic(name, elements, null, null, norm, null);
        }
        int top = (Math.min(rows, columns) + 9) / 10;
        return new LayerStatistic(
                name,
                elements,
                spectrum.get().powerLaw().map(PowerLaw::alpha).orElse(null),
                spectrum.get().entropy(),
                norm,
                spectrum.get().energyOfTop(top));
    }
}
