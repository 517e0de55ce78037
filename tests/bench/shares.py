#!/usr/bin/python3
"""Whose time it is: sums the samples of `perf script` (standard input) by stage of a command's walk.

    perf record --call-graph dwarf,16384 -F 999 -p PID -- sleep 3
    perf script | tests/bench/shares.py

A sample belongs to the stage of the innermost function below, kernel time included, which is shown
once more on its own.
"""
import re
import sys
from collections import Counter

STAGES = (
    ("MQTT in: Paho reads packets", r"link_pull|gate_recv|gate_hears"),
    ("MQTT out: Paho writes packets", r"link_publish|gate_takes_packet"),
    ("MQTT socket", r"gate_flush|gate_poll|write_plain|write_tls"),
    ("decode: JSON and its limits", r"command_decode|command_free|doc_\w+|shape_\w+"),
    ("intake: topics, policy, record", r"intake_\w+|bridge_on_arrival|command_topic_\w+|record_\w+"),
    ("journal: SQLite", r"ledger_\w+|journal_\w+|statement_\w+|store_\w+"),
    ("schedule", r"schedule_\w+|fair_\w+|lane_\w+|pace_\w+|bucket_\w+|batch_\w+|due_\w+"),
    ("sign: SigV4", r"sigv4_\w+|canonical_\w+"),
    ("HTTP: libcurl", r"http_start|http_turn|curl_multi_perform|curl_easy_\w+|caller_\w+|aws_\w+"),
    ("encode: answer and events", r"outcome_\w+|update_write|emit_\w+"),
    ("outbox and delivery", r"outbox_\w+|bridge_on_delivered|bridge_on_reply|bridge_turn"),
    ("log", r"log_\w+|report_\w+"),
    ("waiting: poll", r"http_wait|wait_for_work"),
    ("the loop", r"wire_turn|loop_run|mqtt_turn|serve"),
)
WORDS = [(name, re.compile(pattern)) for name, pattern in STAGES]
ELSEWHERE = "elsewhere"
FRAME = re.compile(r"\s+[0-9a-f]+ (.+?) \((.*)\)$")


def stage_of(function):
    plain = re.sub(r"\+0x[0-9a-f]+$|\.\w+\.\d+$", "", function)
    return next((name for name, pattern in WORDS if pattern.fullmatch(plain)), None)


def samples(lines):
    """The frames of each sample, innermost first."""
    frames = []
    for line in lines:
        match = FRAME.match(line)
        if match:
            frames.append((match[1], match[2]))
        elif frames:
            yield frames
            frames = []
    if frames:
        yield frames


def count(lines):
    """stage -> samples, stage -> samples inside the kernel"""
    every, kernel = Counter(), Counter()
    for frames in samples(lines):
        stage = next(filter(None, (stage_of(function) for function, _ in frames)), ELSEWHERE)
        every[stage] += 1
        kernel[stage] += "kernel" in frames[0][1] or frames[0][1] == "[guest.kernel.kallsyms]"
    return every, kernel


def rows(lines, cpu_us):
    """(stage, microseconds a command, share, share of it inside the kernel), largest first"""
    every, kernel = count(lines)
    total = sum(every.values())
    return [(stage, f"{cpu_us * n / total:.1f}", f"{100 * n / total:.1f} %",
             f"{100 * kernel[stage] / n:.0f} %") for stage, n in every.most_common()]


if __name__ == "__main__":
    for stage, _, share, inside in rows(sys.stdin, 0):
        print(f"{share:>7} {stage:34} of it in the kernel {inside}")
