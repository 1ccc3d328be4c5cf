#!/usr/bin/env python3
"""AlgoPerf's logs as curves for `couplet policies`.

    python3 algoperf_curves.py DIRECTORY/curves/algoperf algoperf.csv
    couplet policies algoperf.csv --lower-is-better --target 1 --orders 2 --rule transfer:target=1 --rule median

Of trial 1 of each study (the seeds), each workload a backbone, each submission an optimizer, external and self-tuning apart. The value is the error over the target's
error, so 1 is the target; the step is the scoring clock in seconds. Runs that neither reached their target nor came within a tenth of the longest of their kind are left
out: they were cut short.
"""
import collections
import csv
import gzip
import math
import pathlib
import sys


def error(metric, value):
    if metric in ("loss", "wer"):
        return value
    return 1 - value / 100 if metric == "bleu" else 1 - value


def main(directory, out):
    with open(directory / "runs.csv", newline="") as file:
        runs = {row["run_id"]: row for row in csv.DictReader(file) if row["trial"] == "trial_1"}
    points = collections.defaultdict(list)
    with gzip.open(directory / "curves.csv.gz", "rt", newline="") as file:
        for row in csv.DictReader(file):
            if row["run_id"] in runs:
                try:
                    points[row["run_id"]].append((float(row["accumulated_submission_time"]), float(row["validation_metric"])))
                except ValueError:  # not measured
                    pass
    kind = lambda run: (run["workload"], run["ruleset"])
    longest = collections.defaultdict(float)
    for run_id, curve in points.items():
        longest[kind(runs[run_id])] = max(longest[kind(runs[run_id])], max(seconds for seconds, _ in curve))
    kept = reached = 0
    with open(out, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["run", "backbone", "optimizer", "seed", "step", "budget", "loss"])
        for run_id, curve in points.items():
            run = runs[run_id]
            target = error(run["metric"], float(run["validation_target"]))
            curve = [(seconds, error(run["metric"], value) / target) for seconds, value in curve if seconds > 0 and math.isfinite(value)]
            reaches = run["target_reached"] == "True"
            if len(curve) < 3 or not (reaches or curve[-1][0] >= 0.9 * longest[kind(run)]):
                continue
            budget = longest[kind(run)] if reaches else max(seconds for seconds, _ in curve)
            kept += 1
            reached += reaches
            optimizer = run["submission"] + ("" if run["ruleset"] == "external_tuning" else "-self")
            for seconds, value in curve:
                writer.writerow([run_id, run["workload"], optimizer, run["study"].split("_")[-1], round(seconds, 3), round(budget, 3), max(value, 1e-6)])
    print(f"{kept} runs, {reached} of which reached their target")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(pathlib.Path(sys.argv[1]), sys.argv[2])
