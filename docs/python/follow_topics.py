#!/usr/bin/env python3
"""Follows the training steps and the ends of runs in Kafka: fastavro and any Kafka client (confluent-kafka or kafka-python).

    python3 follow_topics.py                                        the `couplet run` going on in ./couplet-data
    python3 follow_topics.py --bootstrap-servers host:9092 --runs 16

Reads the topics from their beginnings, prints each run's end with the steps that are in the topic beside the steps its trainer counted, and ends after so many runs
(default: goes on). A value is two marker bytes, the fingerprint of its schema, then Avro; from a cluster with a schema registry it is the byte 0, the schema's id, then Avro. The schemas
are the files of schemas/src/main/avro.
"""

import argparse
import io
import json
import pathlib
import sys

import fastavro

SCHEMAS = pathlib.Path(__file__).resolve().parents[2] / "schemas/src/main/avro"
MARKER = b"\xc3\x01"
TOPICS = {"couplet.step-metrics.v1": "StepMetrics", "couplet.run-events.v1": "RunEvent"}
ENDED = ("COMPLETED", "STOPPED", "DIVERGED", "FAILED")


def bootstrap_servers(data_dir):
    try:
        with open(f"{data_dir}/running.properties") as file:
            properties = dict(line.rstrip("\n").split("=", 1) for line in file if not line.startswith("#"))
    except OSError:
        sys.exit(f"No couplet runs in {data_dir}: start one with `couplet run`, or give --bootstrap-servers.")
    return properties["bootstrap.servers"].replace("\\:", ":")


def avro(value):
    """What follows the header of either encoding, since a topic may hold both; None for anything else."""
    if value[:2] == MARKER:
        return value[10:]
    return value[5:] if value[:1] == b"\0" else None


def messages(servers):
    """(topic, value) of all records, from the first on, with whichever client is installed."""
    try:
        from confluent_kafka import Consumer

        consumer = Consumer(
            {"bootstrap.servers": servers, "group.id": "follow-topics", "auto.offset.reset": "earliest", "enable.auto.commit": False}
        )
        consumer.subscribe(list(TOPICS))
        while True:
            message = consumer.poll(1.0)
            if message is not None and message.error() is None:
                yield message.topic(), message.value()
    except ImportError:
        from kafka import KafkaConsumer

        for message in KafkaConsumer(*TOPICS, bootstrap_servers=servers, auto_offset_reset="earliest"):
            yield message.topic, message.value


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bootstrap-servers")
    parser.add_argument("--data-dir", default="couplet-data")
    parser.add_argument("--runs", type=int)
    arguments = parser.parse_args()
    schemas = {topic: fastavro.parse_schema(json.loads((SCHEMAS / f"{name}.avsc").read_text())) for topic, name in TOPICS.items()}
    steps, endings = {}, {}
    told = set()
    for topic, value in messages(arguments.bootstrap_servers or bootstrap_servers(arguments.data_dir)):
        encoded = avro(value)
        if encoded is None:
            print("a record of another encoding is passed over", file=sys.stderr)
            continue
        record = fastavro.schemaless_reader(io.BytesIO(encoded), schemas[topic])
        run = record["runId"]
        if topic == "couplet.step-metrics.v1":
            steps.setdefault(run, {})[record["step"]] = record["loss"]
        elif record["kind"] in ENDED:
            endings[run] = record
        # The two topics come in no order of each other: a run is told once all its steps are here.
        if run in endings and run not in told and len(steps.get(run, {})) >= endings[run]["stepsTrained"]:
            told.add(run)
            last = max(steps[run]) if steps.get(run) else 0
            loss = steps[run][last] if last else float("nan")
            print(f"{run} {endings[run]['kind']}: {len(steps.get(run, {}))} steps of {endings[run]['stepsTrained']}, loss {loss:.4f}", flush=True)
            if len(told) == arguments.runs:
                return


if __name__ == "__main__":
    main()
