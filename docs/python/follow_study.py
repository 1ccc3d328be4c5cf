#!/usr/bin/env python3
"""Follows a study over the page's event stream, with nothing but the standard library.

    python3 follow_study.py                          the `couplet run` going on in ./couplet-data
    python3 follow_study.py --page http://host:8080  any other page; with --token-file FILE or COUPLET_TOKEN where it asks for a token
    python3 follow_study.py --study birds-1a2b3c     one of several studies (default: the newest)

Prints a line whenever a run ends, and ends itself with the grid once all have. The stream begins with a snapshot; then come deltas, which hold the cells that changed. When
the connection is lost it begins anew with a snapshot, so nothing is missed.
"""

import argparse
import json
import os
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

RETRIES = 20
ENDED = ("completed", "stopped", "diverged", "failed")


def page_of(data_dir):
    """The address that a running `couplet run` wrote into its data directory."""
    try:
        with open(f"{data_dir}/running.properties") as file:
            properties = dict(line.rstrip("\n").split("=", 1) for line in file if not line.startswith("#"))
    except OSError:
        sys.exit(f"No couplet runs in {data_dir}: start one with `couplet run`, or name a page with --page.")
    return properties["dashboard"].replace("\\:", ":").rstrip("/")


def token_of(file):
    if file is None:
        return os.environ.get("COUPLET_TOKEN", "").strip()
    try:
        with open(file) as opened:
            return opened.read().strip()
    except OSError as problem:
        sys.exit(f"--token-file {file} cannot be read: {problem.strerror}.")


def request(url, token):
    """The answer; a page that refuses, and will go on refusing, ends the program with its reason."""
    try:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=30)
    except urllib.error.HTTPError as refusal:
        if refusal.code == 401:
            sys.exit(f"The page at {url} does not let us in: give its token with --token-file FILE or in COUPLET_TOKEN.")
        if refusal.code < 500:
            sys.exit(f"{url} is answered with {refusal.code}: check --page and --study.")
        raise
    except ValueError as problem:
        sys.exit(f"{url} is no address ({problem}): write e.g. --page http://host:8080.")


def get(url, token):
    with request(url, token) as response:
        return json.load(response)


def events(url, token):
    """(name, data) of each server-sent event; ends when the connection does. The server is never silent for more than ten seconds."""
    with request(url, token) as response:
        name, data = "message", []
        for line in response:
            field, _, value = line.decode().rstrip("\r\n").partition(":")
            value = value.removeprefix(" ")
            if field == "event":
                name = value
            elif field == "data":
                data.append(value)
            elif not field and data:
                yield name, json.loads("\n".join(data))
                name, data = "message", []


def newest_study(page, token):
    while True:
        try:
            studies = get(f"{page}/api/studies", token)
        except (OSError, ValueError) as problem:
            sys.exit(f"The page at {page} cannot be read ({problem}): check --page, and that it runs.")
        if studies:
            return studies[0]["id"]
        time.sleep(0.5)


def follow(page, study, token):
    cells, told = {}, set()
    for _ in range(RETRIES):
        try:
            for _name, update in events(f"{page}/api/events?study={urllib.parse.quote(study)}", token):
                shown = update["study"]
                if shown is None:
                    continue
                for cell in shown["cells"]:
                    cells[cell["optimizer"], cell["backbone"]] = cell
                    for run in cell["runs"]:
                        if run["status"] in ENDED and run["runId"] not in told:
                            told.add(run["runId"])
                            print(f"{run['runId']} {run['status']} at step {run['step']} of {run['budgetSteps']}", flush=True)
                summary = shown["summary"]
                if sum(summary[status] for status in ENDED) >= summary["runsExpected"] > 0:
                    return cells
        except (OSError, urllib.error.URLError) as problem:
            print(f"{problem}; trying again", file=sys.stderr)
        time.sleep(1)
    sys.exit(f"The page at {page} has gone {RETRIES} times before all runs had ended.")


def accuracy(cell):
    """Top-1 of the cell at its highest rung, in percent."""
    values = [rung["accuracy"] for rung in cell["rungs"] if rung["accuracy"] is not None]
    return f"{100 * values[-1]:.1f}" if values else "–"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--page")
    parser.add_argument("--data-dir", default="couplet-data")
    parser.add_argument("--study")
    parser.add_argument("--token-file")
    arguments = parser.parse_args()
    page = (arguments.page or page_of(arguments.data_dir)).rstrip("/")
    token = token_of(arguments.token_file)
    cells = follow(page, arguments.study or newest_study(page, token), token)
    backbones = list(dict.fromkeys(backbone for _, backbone in cells))
    print("\t".join(["", *backbones]))
    for optimizer in dict.fromkeys(optimizer for optimizer, _ in cells):
        print("\t".join([optimizer, *(accuracy(cells[optimizer, backbone]) for backbone in backbones)]))


if __name__ == "__main__":
    main()
