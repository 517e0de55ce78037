"""Loss of power at every moment of a run with `sync: full`: whatever was acknowledged before it is
in the journal, and whatever was answered is in there with that answer."""

import copy
import json
import os
import shutil
import sqlite3
from contextlib import closing

import pytest

import power
import steps
from fake_broker import token_of
from rig import Rig

# The recording shows what was written, and a bridge keeps its memory from its own user.
pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root's strace reads its memory")
DAEMON_SAMPLE = 12  # moments after which the daemon itself goes on


class Recording:
    """One run, as its system calls tell it."""

    def __init__(self, folder, settings=None):
        rig = Rig(folder, settings)
        try:
            calls = ",".join(power.CALLS)
            rig.bridge.state.mkdir()
            rig.bridge.start_under("-xx", "-s", "1000000", "-e", f"trace={calls}",
                                   "-e", "signal=none", follow=False)
            assert steps.drive(rig) == 0
            self.deliveries = rig.broker.deliveries
            self.sent = rig.history.of("sent")
            self.events = power.Reader(rig.bridge.state).read(rig.folder / "strace.log")
        finally:
            rig.close()

    def moments(self):
        """Numbers of events after which something on the disk or on the wire is different."""
        return range(1, len(self.events) + 1)

    def taken_before(self, moment):
        return [self.deliveries[e.at - 1] for e in self.events[:moment] if e.kind == "ack"]

    def answers_before(self, moment):
        return [json.loads(e.data) for e in self.events[:moment] if e.kind == "answer"]


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    return Recording(tmp_path_factory.mktemp("recording"))


@pytest.fixture(scope="module")
def lax_recording(tmp_path_factory):
    return Recording(tmp_path_factory.mktemp("recording"), {"journal": {"sync": "normal"}})


def read_journal(file):
    """Commands and their endings after SQLite's own recovery; none when there is no journal yet."""
    with closing(sqlite3.connect(file)) as journal:
        assert journal.execute("PRAGMA quick_check").fetchone()[0] == "ok"
        if not journal.execute("SELECT 1 FROM sqlite_master WHERE name = 'books'").fetchone():
            return {}
        rows = journal.execute(
            "SELECT payload, request_id, decided_at_s FROM commands LEFT JOIN endings USING (seq)")
        return {token_of(payload): (request, at) for payload, request, at in rows}


def assert_kept(recording, moment, folder):
    known = read_journal(folder / "journal.db")
    for delivery in recording.taken_before(moment):
        assert delivery.command in known, f"{delivery.command} was acknowledged and is lost"
    for answer in recording.answers_before(moment):
        ending = known[answer["clientToken"]]
        assert ending == (answer.get("requestId"), answer["timestamp"]), "answered otherwise"


def test_the_recording_has_what_matters(recording):
    kinds = [event.kind for event in recording.events]
    assert kinds.count("ack") >= 9 and kinds.count("answer") >= 9 and kinds.count("sync") > 5
    assert kinds.index("sync") < kinds.index("ack")


@pytest.mark.parametrize("variant", power.VARIANTS)
def test_nothing_is_lost_with_the_power(tmp_path, recording, variant, chance):
    seeds = 1 if variant in ("kept only", "everything") else 3
    for moment in recording.moments():
        for _ in range(seeds):
            folder = tmp_path / "state"
            seed = chance.random()
            power.rebuild(recording.events[:moment], variant, seed, folder)
            try:
                assert_kept(recording, moment, folder)
            except (AssertionError, sqlite3.Error) as error:
                raise AssertionError(f"after event {moment}, {variant}, seed {seed}: {error}") \
                    from error
            shutil.rmtree(folder)


@pytest.mark.parametrize("variant", power.VARIANTS)
def test_without_syncs_the_journal_stays_whole(tmp_path, lax_recording, variant, chance):
    """`sync: normal`: what was acknowledged last may be gone, but what is there is readable."""
    for moment in lax_recording.moments():
        folder = tmp_path / str(moment)
        power.rebuild(lax_recording.events[:moment], variant, chance.random(), folder)
        if (folder / "journal.db").exists():
            read_journal(folder / "journal.db")
        shutil.rmtree(folder)


def test_an_acknowledgement_without_a_sync_would_be_noticed(tmp_path, recording):
    """The same check on a disk that never synced finds losses: it can fail."""
    events = [event for event in recording.events if event.kind != "sync"]
    power.rebuild(events, "kept only", 1, tmp_path / "state")
    with pytest.raises((AssertionError, sqlite3.Error)):
        assert_kept(recording, len(recording.events), tmp_path / "state")


def go_on(recording, moment, variant, seed, folder):
    """The daemon itself on what is left; the broker sends again what was not acknowledged."""
    rig = Rig(folder)
    try:
        power.rebuild(recording.events[:moment], variant, seed, rig.bridge.state)
        preset(rig, recording, moment)
        rig.bridge.start(is_ready=False)
        assert rig.wait_quiet(), "it ended"
        rig.finish()
        rig.judge()
    finally:
        rig.close()


def preset(rig, recording, moment):
    """Broker and history as they were at that moment."""
    note = rig.history.note
    note("fault", what="power lost")
    for fact in recording.sent:
        note(**{"kind": "sent", **{k: v for k, v in fact.items() if k != "fact"}})
    taken = {id(delivery) for delivery in recording.taken_before(moment)}
    for delivery in recording.deliveries:
        again = copy.copy(delivery)
        again.is_acknowledged = id(delivery) in taken
        rig.broker.deliveries.append(again)
        note("kept", command=again.command)
        note("delivered", command=again.command)
        if again.is_acknowledged:
            note("taken", command=again.command)
    preset_answers(rig, recording.events[:moment])


def preset_answers(rig, events):
    note = rig.history.note
    for event in events:
        if event.kind == "call":
            job = event.data.split(b" ")[1].decode().rsplit("/", 1)[-1]
            body = json.loads(event.data.split(b"\r\n\r\n", 1)[1])
            note("call", job=job, value=body["description"], effect=True)
        elif event.kind == "answer":
            note("posted", command=event.name, body=json.loads(event.data))
        elif event.kind == "answered":
            note("answered", command=event.name)


def test_the_daemon_goes_on_after_it(tmp_path, recording, chance):
    for number in range(DAEMON_SAMPLE):
        moment = chance.choice(recording.moments())
        variant = power.VARIANTS[number % len(power.VARIANTS)]
        go_on(recording, moment, variant, chance.random(), tmp_path / str(number))
