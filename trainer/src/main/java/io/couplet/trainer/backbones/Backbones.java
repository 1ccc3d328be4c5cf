package io.couplet.trainer.backbones;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Every backbone there is, by the name that a study uses. */
public final class Backbones {
    private Backbones() {}

    /** The paper's grouping by how a block is designed; the coupling analysis contrasts these. */
    public enum Family {
        PRIMARY_CNN,
        CLASSICAL_CNN,
        MODERN,
        METAFORMER
    }

    /** What the steps of a backbone look like to an optimizer; the default learning rates go by this. */
    public enum Temper {
        /** Convolutions without any normalisation. */
        PLAIN,
        /** Convolutions with batch norm. */
        BATCH_NORM,
        /** Tokens and layer norm. */
        LAYER_NORM
    }

    /** How large: {@code nano} for images of about 32 × 32 on a CPU, or as in the paper. */
    public enum Size {
        NANO,
        PAPER;

        /** @throws IllegalArgumentException with the sizes there are */
        public static Size of(String name) {
            for (Size size : values()) {
                if (size.key().equals(name)) {
                    return size;
                }
            }
            throw new IllegalArgumentException("unknown backbone size '" + name + "': there are nano and paper");
        }

        public String key() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    @FunctionalInterface
    interface Builder {
        Backbone build(int imageSize, int classes);
    }

    /**
     * A backbone in the list.
     *
     * @param name as a study writes it
     * @param title as the paper writes it
     */
    public record Entry(String name, String title, Family family, Temper temper, Builder nano, Builder paper) {}

    private static final Map<String, Entry> ENTRIES = list(
            new Entry("alexnet", "AlexNet", Family.PRIMARY_CNN, Temper.PLAIN, AlexNet::nano, AlexNet::paper),
            new Entry("vgg", "VGG-13", Family.PRIMARY_CNN, Temper.BATCH_NORM, Vgg::nano, Vgg::paper),
            new Entry("resnet", "ResNet-50", Family.CLASSICAL_CNN, Temper.BATCH_NORM, ResNet::nano, ResNet::paper),
            new Entry(
                    "mobilenetv2",
                    "MobileNetV2",
                    Family.CLASSICAL_CNN,
                    Temper.BATCH_NORM,
                    MobileNetV2::nano,
                    MobileNetV2::paper),
            new Entry("deit", "DeiT-S", Family.MODERN, Temper.LAYER_NORM, DeiT::nano, DeiT::paper),
            new Entry("mlp-mixer", "MLP-Mixer-S", Family.MODERN, Temper.LAYER_NORM, MlpMixer::nano, MlpMixer::paper),
            new Entry("convnext", "ConvNeXt-T", Family.MODERN, Temper.LAYER_NORM, ConvNeXt::nano, ConvNeXt::paper),
            new Entry(
                    "poolformerv2",
                    "PoolFormerV2-S12",
                    Family.METAFORMER,
                    Temper.LAYER_NORM,
                    MetaFormer::poolFormerV2Nano,
                    MetaFormer::poolFormerV2Paper));

    private static Map<String, Entry> list(Entry... entries) {
        Map<String, Entry> map = new LinkedHashMap<>();
        for (Entry entry : entries) {
            map.put(entry.name(), entry);
        }
        return map;
    }

    /** In the paper's order. */
    public static List<String> names() {
        return List.copyOf(ENTRIES.keySet());
    }

    public static List<Entry> entries() {
        return List.copyOf(ENTRIES.values());
    }

    /** @throws IllegalArgumentException with the names there are */
    public static Entry entry(String name) {
        Entry entry = ENTRIES.get(name);
        if (entry == null) {
            throw new IllegalArgumentException(
                    "unknown backbone '" + name + "': there are " + String.join(", ", ENTRIES.keySet()));
        }
        return entry;
    }

    /**
     * Builds a backbone for images of the given height and width.
     *
     * @throws IllegalArgumentException if there is none of that name, or the images are too small for it
     */
    public static Backbone create(String name, Size size, int imageSize, int classes) {
        Entry entry = entry(name);
        if (classes < 2) {
            throw new IllegalArgumentException("classes must be at least 2, was " + classes);
        }
        int divisor = size == Size.NANO ? 16 : 32;
        if (imageSize < divisor || imageSize % divisor != 0) {
            throw new IllegalArgumentException("imageSize must be a multiple of " + divisor + " for " + size.key()
                    + " backbones, was " + imageSize);
        }
        return (size == Size.NANO ? entry.nano() : entry.paper()).build(imageSize, classes);
    }
}
