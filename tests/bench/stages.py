#!/usr/bin/python3
"""Guards the cost of a command: instructions of the pure stages against recorded figures.

    stages.py PROGRAM RECORD            exit 1 if a stage costs over 5 % more than recorded
    stages.py PROGRAM RECORD --record   writes what is measured; say in the commit why it changed

Instructions are counted by callgrind, not timed, so the load of the machine does not matter. The
figures are those of Debian 12's gcc, libraries and -O2. Exit 77: valgrind is not installed.
"""
import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

MARGIN = 0.05
SLACK = 100 # instructions: what a stage of a few hundred may change by without a word
# What is reported, each with everything it calls.
STAGES = {
    "whole walk": "main",
    "intake": "intake_read",
    "topic in": "command_topic_parse",
    "decode": "command_decode",
    "turn": "bridge_turn",
    "schedule in": "schedule_add",
    "schedule out": "schedule_start",
    "request body": "update_write",
    "answer and events": "outcome_write",
}


def inclusive_costs(profile):
    """function -> instructions, with all it calls, over the whole run."""
    text = subprocess.run(["callgrind_annotate", "--inclusive=yes", "--auto=no",
                           "--threshold=100", profile],
                          check=True, capture_output=True, text=True).stdout
    costs = {}
    for line in text.splitlines():
        match = re.match(r"\s*([\d,]+) \([ \d.]+%\)\s+\S+?:([\w.]+)(?: |$)", line)
        if match:
            name = match[2].partition(".")[0]
            costs.setdefault(name, int(match[1].replace(",", "")))
    return costs


def measure(program):
    with tempfile.TemporaryDirectory() as folder:
        profile = Path(folder) / "profile"
        done = subprocess.run(["valgrind", "--tool=callgrind", f"--callgrind-out-file={profile}",
                               program], check=True, capture_output=True, text=True)
        costs = inclusive_costs(profile)
    commands = int(done.stdout.split()[0])
    missing = [name for name in STAGES.values() if name not in costs]
    if missing:
        sys.exit(f"not in the profile, perhaps renamed: {', '.join(missing)}")
    return {stage: round(costs[name] / commands) for stage, name in STAGES.items()}


def compare(measured, recorded):
    """Prints a line for each stage; returns how many cost too much."""
    worse = 0
    for stage, cost in measured.items():
        was = recorded[stage]
        margin = max(was * MARGIN, SLACK)
        is_worse = cost > was + margin
        worse += is_worse
        remark = "TOO MUCH" if is_worse else ""
        if cost < was - margin:
            remark = "better: record it"
        print(f"{stage:20} {cost:8} instructions a command, recorded {was:8} "
              f"{100 * (cost / was - 1):+6.1f} % {remark}")
    return worse


def main():
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    if shutil.which("valgrind") is None or shutil.which("callgrind_annotate") is None:
        print("skipped: valgrind is not installed")
        sys.exit(77)
    measured = measure(sys.argv[1])
    record = Path(sys.argv[2])
    if "--record" in sys.argv:
        record.write_text(json.dumps(measured, indent=4) + "\n")
        return
    sys.exit(1 if compare(measured, json.loads(record.read_text())) else 0)


if __name__ == "__main__":
    main()
