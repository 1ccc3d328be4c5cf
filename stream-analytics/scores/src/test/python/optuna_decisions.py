"""Optuna's pruners on the streams of ray-tune-decisions.csv: prints the same rows with Optuna's decision behind Ray Tune's.

    python3 -m venv venv && venv/bin/pip install optuna==5.0.0
    venv/bin/python optuna_decisions.py < ../resources/ray-tune-decisions.csv > ../resources/optuna-decisions.csv

A trial that a stream stopped by Ray Tune's rule gets no further result there, so the streams are what both saw; whether Optuna would have pruned is asked at each
result, and its answer is not acted on. Every trial of a stream counts as running; MedianPruner compares with complete ones only, so it has nobody to compare with until a
trial has had its last result, which is when it is told as complete here.
"""

import csv
import sys

import optuna

optuna.logging.set_verbosity(optuna.logging.ERROR)


def pruner(row):
    grace = int(row["grace"])
    if row["rule"] == "asha":
        return optuna.pruners.SuccessiveHalvingPruner(min_resource=grace, reduction_factor=int(row["factor"]))
    return optuna.pruners.MedianPruner(
        n_startup_trials=int(row["peers"]), n_warmup_steps=grace, n_min_trials=int(row["peers"]))


def main():
    rows = list(csv.DictReader(sys.stdin))
    print(",".join([*rows[0], "optuna"]))
    for stream in dict.fromkeys(row["stream"] for row in rows):
        results = [row for row in rows if row["stream"] == stream]
        study = optuna.create_study(direction="maximize", pruner=pruner(results[0]))
        left = {trial: sum(row["trial"] == trial for row in results) for trial in {row["trial"] for row in results}}
        trials = {}
        for row in results:
            trial = trials.setdefault(row["trial"], None) or study.ask()
            trials[row["trial"]] = trial
            trial.report(float(row["value"]), int(row["time"]))
            print(",".join([*row.values(), "stop" if trial.should_prune() else "keep"]))
            left[row["trial"]] -= 1
            if left[row["trial"]] == 0:
                study.tell(trial, float(row["value"]))


if __name__ == "__main__":
    main()
