package io.couplet.trainer.backbones;

/** Layouts that no backbone of ours has, as a TorchScript module may bring them. */
public final class TestLayouts {
    private TestLayouts() {}

    /** Tensors named {@code 0}, {@code 1}, … of these shapes. */
    public static ParameterLayout of(long[]... shapes) {
        ParameterLayout.Builder builder = ParameterLayout.builder();
        for (int i = 0; i < shapes.length; i++) {
            builder.root().parameter(Integer.toString(i), Initializer.constant(1), shapes[i]);
        }
        return builder.build();
    }
}
