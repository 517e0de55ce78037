"""The system calls of a short, fixed run, and the same run with one of them made to fail.

The run: six commands on two jobs and one that is refused; then one of them once more, and two new
ones. A step is the N-th call of one kind that the daemon's main thread makes.
"""

import re
from dataclasses import dataclass

from actors import until

from rig import Rig, has_unfinished

# What leaves a trace outside the process. Between two of these nothing can be told apart.
EFFECTS = ("write", "pwrite64", "fdatasync", "fsync", "ftruncate", "fallocate", "rename", "unlink",
           "openat", "mkdir", "sendto", "writev", "sendmsg")
LINE = re.compile(r"^(\d+) +(\w+)\((.*)$")


@dataclass(frozen=True)
class Step:
    call: str
    number: int
    about: str = ""

    def __str__(self):
        return f"{self.call} {self.number} ({self.about})" if self.about else \
            f"{self.call} {self.number}"


def first_wave(rig):
    for number, job in enumerate(("job-a", "job-a", "job-b", "job-a", "job-b", "job-a")):
        rig.send(number, job)
    rig.send(6, "job-b", timeoutConfig=7)


def second_wave(rig):
    rig.send_again(1, "job-a")
    rig.send(7, "job-a")
    rig.send(8, "job-b")


WAVES = (first_wave, second_wave)


def drive(rig):
    """The whole run. A bridge that ends is started again, in peace. Returns how often it ended."""
    ends = 0

    def start_again():
        nonlocal ends
        ends += 1
        assert ends < 5, "the bridge keeps ending:\n" + rig.bridge.process.output
        rig.history.note("fault", what="bridge killed")
        rig.bridge.start(is_ready=False)

    for wave in WAVES:
        wave(rig)
        while not rig.wait_quiet():
            start_again()
    rig.bridge.process.child.terminate()
    rig.bridge.process.child.wait(10)
    if rig.bridge.process.exit_code != 0:
        start_again()
        until(lambda: rig.bridge.is_ready, "the bridge to be ready")
        until(lambda: rig.is_quiet, "the answers")
        rig.bridge.stop()
    elif has_unfinished(rig.bridge.journal_file):
        rig.bridge.start()  # the journal failed at the very end
        rig.bridge.stop()
    rig.bridge.assert_clean()
    return ends


def list_steps(folder, settings=None):
    """Every step of the run, from one that is only watched."""
    rig = Rig(folder, settings)
    try:
        rig.bridge.start_under("-e", "trace=" + ",".join(EFFECTS))
        assert drive(rig) == 0, rig.bridge.process.output
        rig.note_journal()
        rig.judge()
        return read_steps(rig.folder / "strace.log", rig.bridge.state)
    finally:
        rig.close()


def read_steps(log, state):
    main, counts, steps = None, {}, []
    for line in log.read_text(errors="replace").splitlines():
        found = LINE.match(line)
        if found is None:
            continue
        thread, call, arguments = found.groups()
        main = main or thread
        if thread != main:
            continue
        counts[call] = counts.get(call, 0) + 1
        if call != "openat" or str(state) in arguments:
            steps.append(Step(call, counts[call], arguments[:40]))
    return steps


def run_with(folder, inject, settings=None):
    """The run under an injection; judged. Returns the rig, closed, and how often the bridge ended.
    """
    rig = Rig(folder, settings)
    try:
        calls = ",".join(EFFECTS)
        rig.history.note("fault", what=f"inject {inject}")
        rig.bridge.start_under("-e", f"trace={calls}", "-e", f"inject={inject}")
        ends = drive(rig)
        rig.note_journal()
        rig.judge()
        return rig, ends
    finally:
        rig.close()


def kill_at(folder, step, settings=None):
    """kill -9 just before the step is done."""
    return run_with(folder, f"{step.call}:signal=KILL:when={step.number}", settings)


def fail_at(folder, step, error, times=1, settings=None):
    """The step and the next of its kind fail with an error, so many times altogether."""
    last = step.number + times - 1
    rig, ends = run_with(folder, f"{step.call}:error={error}:when={step.number}..{last}", settings)
    assert ends == 0, f"{error} at {step} ended the bridge:\n{rig.bridge.process.output}"
    return rig
