"""A disk that is really full: the bridge takes nothing in, says so, ends what it has begun, and
goes on by itself once there is room."""

import threading
import time

import pytest

from actors import Reply, until
from actors.metrics import Scrape, Watcher
from disk import MIB, Disk, can_mount
from rig import Rig


@pytest.fixture
def disk_rig(tmp_path):
    if not can_mount(tmp_path / "probe"):
        pytest.skip("mounting a file system needs privileges; see the test of journal.max_size")
    made = []

    def make(settings=None):
        disk = Disk(tmp_path / "disk", "16m")
        state = {"state": str(disk.folder / "state")}
        rig = Rig(tmp_path / "rig", {**state, **(settings or {})})
        rig.bridge.state = disk.folder / "state"
        made.append((disk, rig))
        return disk, rig

    yield make
    for disk, rig in made:
        rig.close()
        disk.unmount()



def send_many(rig, numbers):
    for number in numbers:
        rig.send(number, f"job-{number % 5}", things=[f"thing-{number}-{i:090}" for i in range(50)])


@pytest.mark.parametrize("leave", [0, 4096, 65536])
def test_a_full_disk_stops_the_taking_in_and_nothing_else(disk_rig, leave):
    disk, rig = disk_rig()
    rig.bridge.start()
    send_many(rig, range(10))
    assert rig.wait_quiet()
    disk.fill(leave)

    send_many(rig, range(10, 300))

    until(lambda: rig.bridge.log_lines(event="journal", level="error")
          or rig.bridge.log_lines(event="full"), "a word about the disk")
    time.sleep(3)
    assert not rig.broker.is_done and not rig.bridge.ended

    disk.relieve()

    assert rig.wait_quiet(30)
    rig.history.note("fault", what="disk full")
    rig.finish()
    rig.judge()


def test_what_was_begun_is_ended_on_a_full_disk(disk_rig):
    """The reserve file is given up for it."""
    disk, rig = disk_rig()
    gate = threading.Event()
    rig.endpoint.script(*[Reply(gate=gate)] * 5)
    rig.bridge.start()
    send_many(rig, range(40))
    until(lambda: rig.broker.is_done, "the commands to be taken in")
    disk.fill()

    gate.set()

    assert rig.wait_quiet(30)
    rig.history.note("fault", what="disk full")
    disk.relieve()
    rig.finish()
    rig.judge()


def test_it_may_be_killed_and_started_on_a_full_disk(disk_rig):
    disk, rig = disk_rig()
    gate = threading.Event()
    rig.endpoint.script(*[Reply(gate=gate)] * 5)
    rig.bridge.start()
    send_many(rig, range(40))
    until(lambda: rig.broker.is_done, "the commands to be taken in")
    disk.fill()
    rig.bridge.kill()
    rig.history.note("fault", what="bridge killed on a full disk")
    gate.set()

    rig.bridge.start(is_ready=False)

    assert rig.wait_quiet(30)
    disk.relieve()
    rig.finish()
    rig.judge()


def test_the_journal_pushes_back_at_its_maximum_size(new_rig):
    rig = new_rig({"journal": {"max_size": "1MiB", "dedupe_window": "1s"}})
    gate = threading.Event()
    rig.endpoint.otherwise(Reply(gate=gate))
    rig.bridge.start()

    send_many(rig, range(400))
    until(lambda: rig.bridge.log_lines(event="full"), "a word about the journal")
    time.sleep(1)
    assert not rig.broker.is_done

    rig.endpoint.otherwise(Reply())
    gate.set()

    assert rig.wait_quiet(60)
    assert rig.bridge.journal_file.stat().st_size <= MIB
    rig.finish()
    rig.judge()


def test_the_metrics_tell_of_it_and_never_go_back(disk_rig):
    """The core is built anew in the same run, again and again: counters go on, and books balance."""
    disk, rig = disk_rig()
    rig.bridge.start()
    with Watcher(rig.bridge) as watcher:
        send_many(rig, range(10))
        assert rig.wait_quiet()
        disk.fill(0)
        send_many(rig, range(10, 300))
        until(lambda: watcher.last["ready"] == 0, "the bridge not to be ready")
        assert watcher.last["journal_up"] == 0 or watcher.last["full"] == 1
        status, reasons = rig.bridge.admin("/readyz")
        assert status == 503 and ("journal" in reasons or "no room" in reasons)
        disk.relieve()
        assert rig.wait_quiet(30)
    rig.history.note("fault", what="disk full")
    scrape = Scrape(rig.bridge)
    assert scrape["commands_received_total"] == scrape["commands_accepted_total"] == 300
    assert scrape["journal_up"] == scrape["ready"] == 1
    rig.finish()
    rig.judge()
