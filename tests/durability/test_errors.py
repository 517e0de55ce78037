"""System calls that fail: what is not durable is not acknowledged, the log says why, and the bridge
goes on by itself once they work again."""

import pathlib
import subprocess

import pytest

import steps
from rig import Rig

ONCE, REPEATED = 6, 2  # steps of each error; tests/durability/run takes them all
FILE_CALLS = ("pwrite64", "fdatasync", "ftruncate", "fallocate")


def file_steps(every):
    """The steps that touch the journal once it is open: an error before that ends the start."""
    sends = [number for number, step in enumerate(every) if step.call == "sendto"]
    files = [(number, step) for number, step in enumerate(every) if step.call in FILE_CALLS]
    running = [step for number, step in files if sends[0] < number < sends[-1]]
    closing = [step for number, step in files if number > sends[-1]]
    return running, closing


@pytest.fixture(scope="module")
def journal_steps(tmp_path_factory):
    return file_steps(steps.list_steps(tmp_path_factory.mktemp("watched")))


def assert_said(rig, error, step):
    """An error before the DISCONNECT, that is, before the journal is closed, is in the log."""
    calls = rig.folder.joinpath("strace.log").read_text()
    was_hit = "(INJECTED)" in calls[:calls.rfind("sendto(")]
    said = rig.bridge.log_lines(event="journal", level="error")
    assert said or not was_hit, f"{error} at {step} was never said:\n{rig.bridge.process.output}"


@pytest.mark.parametrize("error", ["ENOSPC", "EIO", "EDQUOT"])
def test_an_operation_on_the_journal_may_fail(tmp_path, chance, journal_steps, error):
    for step in chance.sample(journal_steps[0], ONCE):
        rig = steps.fail_at(tmp_path / f"{step.call}-{step.number}", step, error)
        assert_said(rig, error, step)


@pytest.mark.parametrize("error", ["ENOSPC", "EIO"])
def test_it_may_fail_several_times(tmp_path, chance, journal_steps, error):
    for step in chance.sample(journal_steps[0], REPEATED):
        rig = steps.fail_at(tmp_path / f"{step.call}-{step.number}", step, error, times=3)
        assert_said(rig, error, step)


@pytest.mark.parametrize("error", ["ENOSPC", "EIO"])
def test_closing_it_may_fail(tmp_path, chance, journal_steps, error):
    """Then the log keeps what the database did not get."""
    for step in chance.sample(journal_steps[1], REPEATED):
        steps.fail_at(tmp_path / f"{step.call}-{step.number}", step, error)


def test_an_operation_may_be_interrupted(tmp_path, chance, journal_steps):
    for step in chance.sample(journal_steps[0] + journal_steps[1], ONCE):
        steps.fail_at(tmp_path / f"{step.call}-{step.number}", step, "EINTR")


@pytest.fixture(scope="module")
def short_writes(tmp_path_factory):
    """A library to preload, with which no write and no send takes all that it is given."""
    source = pathlib.Path(__file__).parent / "short_writes.c"
    library = tmp_path_factory.mktemp("shim") / "short_writes.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", library, source, "-ldl"], check=True)
    return library


def test_every_write_may_be_short(tmp_path, short_writes):
    rig = Rig(tmp_path / "rig")
    try:
        rig.bridge.env["LD_PRELOAD"] = str(short_writes)
        rig.bridge.env["ASAN_OPTIONS"] += ":verify_asan_link_order=0"
        rig.bridge.start(is_ready=False)
        assert steps.drive(rig) == 0
        rig.note_journal()
        rig.judge()
        assert "short writes" in rig.bridge.process.output, "the library was not in effect"
    finally:
        rig.close()
