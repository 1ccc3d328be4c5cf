"""Writes the logs that the tests of `couplet tail` read, with the libraries that people use; run it in this folder.

    python3 -m venv venv && venv/bin/pip install torch tensorboard wandb && venv/bin/python make_fixtures.py

The curves are made up: loss(step) = 2.3 * step ** -0.2, so that a test can say what each record must hold. mmengine-scalars.json and openmixup.log.json are
written here in the form in which mmengine's LocalVisBackend and mmcv's TextLoggerHook dump them, since these libraries build against CUDA only with a compiler.
"""

import glob
import json
import os
import shutil
import tempfile

import wandb
from torch.utils.tensorboard import SummaryWriter


def loss(step):
    return 2.3 * step**-0.2


def tensorboard():
    folder = tempfile.mkdtemp()
    # The writer as everybody calls it: simple values, accuracy of the validation images every 10 steps.
    with SummaryWriter(folder) as writer:
        for step in range(40):
            writer.add_scalar("train/loss", loss(step + 1), step, walltime=1.7e9 + step)
            writer.add_scalar("train/lr", 0.1, step, walltime=1.7e9 + step)
            if step % 10 == 9:
                writer.add_scalar("val/loss", loss(step + 1) + 0.1, step, walltime=1.7e9 + step + 0.5)
                writer.add_scalar("val/acc", 0.5 + step / 100, step, walltime=1.7e9 + step + 0.5)
    keep(folder, "simple.tfevents")
    folder = tempfile.mkdtemp()
    # The same as tensors, the newer form; and what is no scalar, which is passed over.
    with SummaryWriter(folder) as writer:
        for step in range(10):
            writer.add_scalar("loss", loss(step + 1), step, walltime=1.7e9 + step, new_style=True)
            writer.add_scalar("loss64", loss(step + 1), step, walltime=1.7e9 + step, new_style=True, double_precision=True)
        writer.add_text("config", "resnet with adamw", 0)
    keep(folder, "tensors.tfevents")


def keep(folder, name):
    (events,) = glob.glob(folder + "/events.out.tfevents.*")
    shutil.copy(events, name)


def wandb_offline():
    folder = tempfile.mkdtemp()
    run = wandb.init(
        dir=folder,
        mode="offline",
        project="couplet",
        config={"backbone": "resnet", "optimizer": "adamw", "seed": 3},
        settings=wandb.Settings(
            x_disable_stats=True, x_disable_meta=True, disable_git=True, console="off", save_code=False, host="fixture"
        ),
    )
    with open("wandb-history.jsonl", "w") as history:
        for step in range(40):
            row = {"train/loss": loss(step + 1), "lr": 0.01, "grad_norm": 1.5}
            if step % 10 == 9:
                row |= {"val/acc1": 50.0 + step, "val/loss": loss(step + 1) + 0.1}
            run.log(row)
            # What Run.scan_history() of W&B's API gives, one row a line.
            history.write(json.dumps(row | {"_step": step, "_runtime": float(step), "_timestamp": 1.7e9 + step}) + "\n")
        run.log({"train/loss": float("nan")})
    run.finish()
    wandb.teardown()  # only then is the log on the disk whole
    (log,) = glob.glob(folder + "/wandb/offline-run-*/run-*.wandb")
    shutil.copy(log, "offline.wandb")


def mmengine():
    with open("mmengine-scalars.json", "w") as scalars:
        for epoch in range(1, 4):
            for inner in (10, 20, 30):
                step = (epoch - 1) * 30 + inner
                row = {"lr": 0.1, "data_time": 0.01, "grad_norm": 2.5, "loss": round(loss(step), 5), "time": 0.25}
                row |= {"epoch": epoch, "iter": step, "memory": 5082, "step": step}
                scalars.write(json.dumps(row) + "\n")
            # LoggerHook.after_val_epoch numbers these by epoch.
            row = {"accuracy/top1": 40.0 + 10 * epoch, "accuracy/top5": 80.0 + epoch, "data_time": 0.1, "time": 0.2, "step": epoch}
            scalars.write(json.dumps(row) + "\n")


def openmixup():
    with open("openmixup.log.json", "w") as log:
        log.write(json.dumps({"env_info": "sys.platform: linux", "seed": 1, "exp_name": "r50_adamw.py"}) + "\n")
        for epoch in range(1, 4):
            for inner in (10, 20, 30):
                step = (epoch - 1) * 30 + inner
                row = {"mode": "train", "epoch": epoch, "iter": inner, "lr": 0.001, "memory": 5082, "data_time": 0.01}
                log.write(json.dumps(row | {"loss": round(loss(step), 5), "acc_one": 12.5, "time": 0.25}) + "\n")
            row = {"mode": "val", "epoch": epoch, "iter": 30, "lr": 0.001, "head0_top1": 40.0 + 10 * epoch, "head0_top5": 80.0 + epoch}
            log.write(json.dumps(row) + "\n")


def long_form():
    with open("long-form.csv", "w") as csv:
        csv.write("run,backbone,optimizer,seed,step,budget,loss,lr,top1\n")
        for step in range(1, 21):
            for optimizer in ("sgd", "lion"):
                top1 = f"{0.4 + step / 100}" if step % 5 == 0 else ""
                csv.write(f"r-{optimizer},resnet,{optimizer},0,{step},20,{loss(step):.5f},0.1,{top1}\n")


if __name__ == "__main__":
    os.environ["WANDB_SILENT"] = "true"
    for make in (tensorboard, wandb_offline, mmengine, openmixup, long_form):
        make()
