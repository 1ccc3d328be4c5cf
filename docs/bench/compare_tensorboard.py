#!/usr/bin/env python3
"""The same runs in TensorBoard and in Couplet: how long until all their curves can be read.

    pip install torch tensorboard && python3 docs/bench/compare_tensorboard.py [--runs 200] [--steps 2000]

PyTorch's SummaryWriter writes an event file for each run (train/loss and train/lr at each step, val/acc ten times). TensorBoard is started on them; Couplet's broker, topics and page are
started, and `couplet tail --once` reads the same files into the topics. A curve can be read when the server's HTTP interface answers with its last step. Figures are seconds of one run of
this script, side by side on one machine; docs/tensorboard.md says what each includes.
"""

import argparse
import json
import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
COUPLET = os.environ.get("COUPLET", str(ROOT / "couplet"))
BACKBONES = ["resnet", "vgg", "convnext", "deit", "mlp-mixer"]
OPTIMIZERS = ["sgd", "adamw", "lamb", "lion"]
PATIENCE = 240


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def note(text):
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


def name_of(run):
    return f"{BACKBONES[run % 5]}/{OPTIMIZERS[run // 5 % 4]}/seed{run // 20}"


def write_logs(folder, runs, steps):
    from torch.utils.tensorboard import SummaryWriter

    chance = random.Random(1)
    for run in range(runs):
        with SummaryWriter(str(folder / name_of(run)), max_queue=10_000) as writer:
            for step in range(1, steps + 1):
                writer.add_scalar("train/loss", 2.3 * step ** -0.2 + chance.gauss(0, 0.05), step)
                writer.add_scalar("train/lr", 0.1, step)
                if step % (steps // 10) == 0:
                    writer.add_scalar("val/acc", 0.3 + 0.5 * step / steps, step)


def get(url, data=None):
    request = urllib.request.Request(url, data=data, headers={"Content-Type": "application/x-www-form-urlencoded"} if data else {})
    with urllib.request.urlopen(request, timeout=60) as response:
        return json.load(response)


def until(what, done):
    """Seconds until done answers, asked twenty times a second; an answer that fails is not there yet."""
    began = time.monotonic()
    while time.monotonic() - began < PATIENCE:
        try:
            if done():
                return
        except (OSError, urllib.error.URLError, ValueError, IndexError):
            pass
        time.sleep(0.05)
    sys.exit(f"{what} did not come within {PATIENCE} s")


class Process:
    def __init__(self, command, log):
        self.log = open(log, "w")
        self.process = subprocess.Popen(command, stdout=self.log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()

    def resident_mb(self):
        """Resident memory of the process and its children."""
        total, left = 0, [self.process.pid]
        while left:
            pid = left.pop()
            try:
                for line in open(f"/proc/{pid}/status"):
                    if line.startswith("VmRSS"):
                        total += int(line.split()[1])
                left += [int(child) for child in open(f"/proc/{pid}/task/{pid}/children").read().split()]
            except OSError:
                pass
        return total / 1024


def tensorboard(logs, names, steps, flags, work):
    port = free_port()
    base = f"http://127.0.0.1:{port}/data/plugin/scalars"
    began = time.monotonic()
    figures = {}
    command = [sys.executable, "-m", "tensorboard.main", "--logdir", str(logs), "--host", "127.0.0.1", "--port", str(port), *flags]
    with Process(command, work / "tensorboard.log") as server:
        until("TensorBoard", lambda: get(f"{base}/tags") is not None)
        figures["server up"] = time.monotonic() - began
        waiting = set(names)

        def readable():
            # All runs in one request, as its page asks for them.
            form = [("tag", "train/loss")] + [("runs", name) for name in sorted(waiting)]
            answer = get(f"{base}/scalars_multirun", urllib.parse.urlencode(form).encode())
            for name, points in answer.items():
                if points and points[-1][1] == steps:
                    waiting.discard(name)
                    figures["points a curve"] = len(points)
            return not waiting

        until("TensorBoard's curves", readable)
        figures["all curves readable"] = time.monotonic() - began
        asked = time.monotonic()
        form = [("tag", "train/loss")] + [("runs", name) for name in names]
        answer = get(f"{base}/scalars_multirun", urllib.parse.urlencode(form).encode())
        figures["all curves once more, warm"] = time.monotonic() - asked
        assert len(answer) == len(names)
        figures["memory MiB"] = server.resident_mb()
    note(f"TensorBoard {figures}")
    return figures


def couplet_curves(page, count, steps, points=1000):
    """The loss curves of all runs in one request, as the page's grid of curves asks for them; None before all end with their last step."""
    (study,) = get(f"{page}/api/studies")
    curves = get(f"{page}/api/studies/{study['id']}/curves?points={points}")
    whole = len(curves) == count and all(curve["step"] and curve["step"][-1] == steps for curve in curves)
    return curves if whole else None


def couplet(logs, names, steps, work):
    figures = {}
    port, broker_port = free_port(), free_port()
    home = pathlib.Path(os.environ.get("COUPLET_HOME", ROOT / "cli/command/target/couplet"))
    java = os.path.join(os.environ["JAVA_HOME"], "bin/java") if "JAVA_HOME" in os.environ else "java"
    servers = f"127.0.0.1:{broker_port}"
    page = f"http://127.0.0.1:{port}"
    broker = [java, "-Xmx512m", "-cp", f"{home}/broker/*", "io.couplet.broker.EmbeddedBrokerMain", "--directory", str(work / "kafka"), "--port", str(broker_port)]
    dashboard = [COUPLET, "dashboard", "--bootstrap-servers", servers, "--port", str(port)]

    def readable():
        return couplet_curves(page, len(names), steps) is not None

    with Process(broker, work / "broker.log"):
        created = subprocess.run([COUPLET, "topics", "create", "--bootstrap-servers", servers], capture_output=True, text=True)
        if created.returncode:
            sys.exit(created.stderr)
        with Process(dashboard, work / "dashboard.log"):
            until("the page", lambda: get(f"{page}/api/health") is not None)
            began = time.monotonic()
            tail = [COUPLET, "tail", str(logs), "--once", "--study", "bench", "--path-pattern", "{backbone}/{optimizer}/seed{seed}/**"]
            tail += ["--bootstrap-servers", servers, "--state", str(work / "state"), "--json"]
            with open(work / "tail.json", "w") as out:
                tailing = subprocess.Popen(tail, stdout=out, stderr=subprocess.STDOUT)
            until("Couplet's curves", readable)
            figures["event files to readable curves"] = time.monotonic() - began
            note(f"Couplet {figures}")
            tailing.wait(60)
        # A page that starts on topics that hold all of it, as TensorBoard starts on files that hold all of it.
        began = time.monotonic()
        with Process(dashboard, work / "dashboard2.log") as server:
            until("the page", lambda: get(f"{page}/api/health") is not None)
            figures["server up"] = time.monotonic() - began
            until("Couplet's curves", readable)
            figures["all curves readable"] = time.monotonic() - began
            asked = time.monotonic()
            curves = couplet_curves(page, len(names), steps)
            figures["all curves once more, warm"] = time.monotonic() - asked
            figures["points a curve"] = len(curves[0]["step"])
            figures["steps behind a point, at most"] = curves[0]["stepsPerPoint"]
            figures["memory MiB"] = server.resident_mb()
    return figures


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--logs", type=pathlib.Path, help="keep the event files here, and take those that are there")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    work = pathlib.Path(tempfile.mkdtemp(prefix="couplet-tensorboard-"))
    try:
        logs = arguments.logs or work / "logs"
        names = [name_of(run) for run in range(arguments.runs)]
        if not logs.exists():
            write_logs(logs, arguments.runs, arguments.steps)
        note("event files are written")
        size = sum(file.stat().st_size for file in logs.rglob("*tfevents*"))
        figures = {
            "TensorBoard, its default": tensorboard(logs, names, arguments.steps, [], work),
            "TensorBoard, every step kept": tensorboard(logs, names, arguments.steps, ["--samples_per_plugin", f"scalars={2 * arguments.steps}"], work),
            "Couplet": couplet(logs, names, arguments.steps, work),
        }
        if arguments.json:
            print(json.dumps({"runs": arguments.runs, "steps": arguments.steps, "logBytes": size, "figures": figures}, indent=2))
            return
        print(f"{arguments.runs} runs of {arguments.steps} steps, {size / 1e6:.0f} MB of event files; seconds unless it says otherwise")
        for tool, values in figures.items():
            print(tool)
            for name, value in values.items():
                print(f"  {name}: {value:.2f}" if isinstance(value, float) else f"  {name}: {value}")
    finally:
        shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    main()
