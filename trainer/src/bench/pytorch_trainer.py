#!/usr/bin/env python3
"""The trainer's measurement in PyTorch: timm's model, eager mode, fused AdamW, the same flags and the same JSON as `couplet bench trainer`.

    python3 pytorch_trainer.py --backbones resnet,deit --image-size 64 --batch-size 8 --threads 1 --steps 10 --json > pytorch.json
    couplet bench trainer --backbones resnet,deit --size paper --image-size 64 --batch-size 8 --threads 1 --steps 10 --against pytorch.json

Needs torch and timm (pip install torch timm). Only the paper's sizes exist there.
"""
import argparse
import json
import statistics
import sys
import time

import torch

try:
    import torchvision
except RuntimeError:  # its compiled operators are for another torch: no model here needs them, but the import needs their names
    OPERATORS = torch.library.Library("torchvision", "DEF")
    for each in "nms", "qnms":
        OPERATORS.define(f"{each}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    import torchvision
import timm
from timm.models import metaformer


def metaformer_s12(mixer, norm, head, **options):
    """The S12 sizes that timm has no name for."""
    return lambda **given: metaformer.MetaFormer(
        depths=(2, 2, 6, 2), dims=(64, 128, 320, 512), token_mixers=mixer, norm_layers=norm, use_mlp_head=head,
        **options, **given)


NO_BIAS, NO_BIAS_2D = metaformer.LayerNormNoBias, metaformer.LayerNorm2dNoBias
CONV, ATTENTION = metaformer.SepConv, metaformer.Attention

# Couplet's name -> timm's, or how it is made. MogaNet, UniRepLKNet and TransNeXt are in neither.
MODELS = {
    "alexnet": torchvision.models.alexnet,
    "vgg": "vgg13_bn",
    "resnet": "resnet50",
    "resnet101": "resnet101",
    "densenet": "densenet121",
    "mobilenetv2": "mobilenetv2_100",
    "efficientnet": "efficientnet_b0",
    "repvgg": "repvgg_a1",
    "deit": "deit_small_patch16_224",
    "mlp-mixer": "mixer_s16_224",
    "swin": "swin_tiny_patch4_window7_224",
    "convnext": "convnext_tiny",
    "convnextv2": "convnextv2_tiny",
    "identityformer": metaformer_s12(torch.nn.Identity, metaformer.GroupNorm1NoBias, False),
    "poolformerv2": "poolformerv2_s12",
    "convformer": metaformer_s12(CONV, NO_BIAS_2D, True),
    "attentionformer": metaformer_s12(ATTENTION, NO_BIAS, True),
    "caformer": metaformer_s12([CONV, CONV, ATTENTION, ATTENTION], [NO_BIAS_2D] * 2 + [NO_BIAS] * 2, True),
}
SIZED = ("deit", "mlp-mixer", "swin")  # their weights depend on the image's size
WARM_UP = 3


def create(name, image, classes):
    model = MODELS.get(name)
    if model is None:
        return None
    if callable(model):
        return model(num_classes=classes)
    options = {"img_size": image} if name in SIZED else {}
    return timm.create_model(model, num_classes=classes, **options)


def measure(name, options):
    torch.manual_seed(0)
    model = create(name, options.image_size, options.classes)
    if model is None:
        print(f"{name}: timm has no such model, left out", file=sys.stderr)
        return []
    model.train()
    decayed = [p for p in model.parameters() if p.ndim > 1]
    others = [p for p in model.parameters() if p.ndim <= 1]
    optimizer = torch.optim.AdamW(
        [{"params": decayed, "weight_decay": 0.01}, {"params": others, "weight_decay": 0.0}], lr=1e-3, fused=True
    )
    loss_function = torch.nn.CrossEntropyLoss()
    images = torch.randn(options.batch_size, 3, options.image_size, options.image_size)
    labels = torch.arange(options.batch_size) % options.classes
    forward, backward, update, total = [], [], [], []
    for step in range(WARM_UP + options.steps):
        start = time.perf_counter()
        t0 = time.thread_time()  # the phases in processor time of the thread that trains, as Couplet's
        logits = model(images)
        loss = loss_function(logits, labels)
        t1 = time.thread_time()
        loss.backward()
        t2 = time.thread_time()
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        t3 = time.thread_time()
        loss.item()
        end = time.perf_counter()
        if step >= WARM_UP:
            forward.append(t1 - t0)
            backward.append(t2 - t1)
            update.append(t3 - t2)
            total.append(end - start)
    parts = {"forward": forward, "backward": backward, "optimizer": update, "total": total}
    units = {"total": "ms/step"}
    return [
        figure(f"{name}.{part}", 1e3 * statistics.median(times), units.get(part, "ms/step of processor time"))
        for part, times in parts.items()
    ]


def optimizer_alone(repeats=50):
    """One step of fused AdamW over a million parameters in one tensor."""
    parameter = torch.nn.Parameter(torch.randn(1_000_000))
    parameter.grad = torch.randn(1_000_000)
    optimizer = torch.optim.AdamW([parameter], lr=1e-3, fused=True)
    times = []
    for step in range(WARM_UP + repeats):
        start = time.perf_counter()
        optimizer.step()
        if step >= WARM_UP:
            times.append(time.perf_counter() - start)
    return figure("adamw.1M", 1e3 * statistics.median(times), "ms/step")


def figure(name, value, unit):
    return {"name": name, "value": value, "unit": unit, "ratioTo": None}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--backbones", default=",".join(MODELS))
    parser.add_argument("--size", default="paper", choices=["paper"])
    parser.add_argument("--image-size", type=int, default=64)
    parser.add_argument("--batch-size", type=int, default=8)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--classes", type=int, default=10)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    figures = [optimizer_alone()]
    for name in options.backbones.split(","):
        figures += measure(name, options)
    if options.json:
        settings = {k: v for k, v in vars(options).items() if k != "json"}
        what = f"PyTorch {torch.__version__}, timm {timm.__version__}"
        print(json.dumps({"what": what, "settings": settings, "figures": figures}, indent=2))
    else:
        for each in figures:
            print(f"{each['name']:32} {each['value']:10.3f} {each['unit']}")


if __name__ == "__main__":
    main()
