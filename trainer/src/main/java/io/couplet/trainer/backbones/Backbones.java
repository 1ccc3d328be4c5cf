package io.couplet.trainer.backbones;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;

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

    /** How large. */
    public enum Size {
        /** The same blocks, few and narrow: for images of about 32 × 32 on a CPU. */
        NANO,
        /** As in the paper, with the stem that it gives 32 × 32 images (its A.1). */
        CIFAR,
        /** As in the paper, for images of 224 × 224. */
        PAPER;

        /** @throws IllegalArgumentException with the sizes there are */
        public static Size of(String name) {
            for (Size size : values()) {
                if (size.key().equals(name)) {
                    return size;
                }
            }
            throw new IllegalArgumentException("unknown backbone size '" + name + "': there are nano, cifar and paper");
        }

        public String key() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /**
     * What a backbone is built for.
     *
     * @param imageSize height and width of the images
     * @param dropPath share of images that skip the last residual branch while training, falling linearly to zero at the
     *     first one (stochastic depth, Huang et al. 2016, arXiv:1603.09382); backbones without residual branches ignore it
     */
    public record Task(Size size, int imageSize, int classes, double dropPath) {
        public Task {
            if (classes < 2) {
                throw new IllegalArgumentException("classes must be at least 2, was " + classes);
            }
            int divisor = size == Size.NANO ? 16 : 32;
            if (imageSize < divisor || imageSize % divisor != 0) {
                throw new IllegalArgumentException("imageSize must be a multiple of " + divisor + " for " + size.key()
                        + " backbones, was " + imageSize);
            }
            if (!(dropPath >= 0 && dropPath < 1)) {
                throw new IllegalArgumentException("dropPath must be in [0, 1), was " + dropPath);
            }
        }
    }

    /**
     * A backbone in the list.
     *
     * @param name as a study writes it
     * @param title as the paper writes it
     */
    public record Entry(
            String name, String title, Family family, Temper temper, Function<Task, Backbone> constructor) {}

    private static final Map<String, Entry> ENTRIES = list(
            new Entry("alexnet", "AlexNet", Family.PRIMARY_CNN, Temper.PLAIN, AlexNet::of),
            new Entry("vgg", "VGG-13", Family.PRIMARY_CNN, Temper.BATCH_NORM, Vgg::of),
            new Entry("resnet", "ResNet-50", Family.CLASSICAL_CNN, Temper.BATCH_NORM, ResNet::resNet50),
            new Entry("resnet101", "ResNet-101", Family.CLASSICAL_CNN, Temper.BATCH_NORM, ResNet::resNet101),
            new Entry("densenet", "DenseNet-121", Family.CLASSICAL_CNN, Temper.BATCH_NORM, DenseNet::of),
            new Entry("mobilenetv2", "MobileNetV2", Family.CLASSICAL_CNN, Temper.BATCH_NORM, MobileNetV2::of),
            new Entry("efficientnet", "EfficientNet-B0", Family.CLASSICAL_CNN, Temper.BATCH_NORM, EfficientNet::of),
            new Entry("repvgg", "RepVGG-A1", Family.CLASSICAL_CNN, Temper.BATCH_NORM, RepVgg::of),
            new Entry("deit", "DeiT-S", Family.MODERN, Temper.LAYER_NORM, DeiT::of),
            new Entry("mlp-mixer", "MLP-Mixer-S", Family.MODERN, Temper.LAYER_NORM, MlpMixer::of),
            new Entry("swin", "Swin-T", Family.MODERN, Temper.LAYER_NORM, Swin::of),
            new Entry("convnext", "ConvNeXt-T", Family.MODERN, Temper.LAYER_NORM, ConvNeXt::v1),
            new Entry("convnextv2", "ConvNeXtV2-T", Family.MODERN, Temper.LAYER_NORM, ConvNeXt::v2),
            new Entry("moganet", "MogaNet-S", Family.MODERN, Temper.BATCH_NORM, MogaNet::of),
            new Entry("unireplknet", "UniRepLKNet-T", Family.MODERN, Temper.LAYER_NORM, UniRepLkNet::of),
            new Entry("transnext", "TransNeXt-T", Family.MODERN, Temper.LAYER_NORM, TransNeXt::of),
            new Entry(
                    "identityformer",
                    "IdentityFormer-S12",
                    Family.METAFORMER,
                    Temper.LAYER_NORM,
                    MetaFormer::identityFormer),
            new Entry(
                    "poolformerv2", "PoolFormerV2-S12", Family.METAFORMER, Temper.LAYER_NORM, MetaFormer::poolFormerV2),
            new Entry("convformer", "ConvFormer-S12", Family.METAFORMER, Temper.LAYER_NORM, MetaFormer::convFormer),
            new Entry(
                    "attentionformer",
                    "AttentionFormer-S12",
                    Family.METAFORMER,
                    Temper.LAYER_NORM,
                    MetaFormer::attentionFormer),
            new Entry("caformer", "CAFormer-S12", Family.METAFORMER, Temper.LAYER_NORM, MetaFormer::caFormer));

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

    /** @throws IllegalArgumentException if there is none of that name, or the images are too small for it */
    public static Backbone create(String name, Task task) {
        return entry(name).constructor().apply(task);
    }
}
