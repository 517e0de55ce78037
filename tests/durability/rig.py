"""A bridge between a broker and an endpoint that write down all they see."""

import pathlib
import sqlite3
import sys
from contextlib import closing

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "system"))

from actors import Bridge, Endpoint, until  # noqa: E402
from actors.device import command_topic  # noqa: E402
from actors.process import Process  # noqa: E402

from fake_broker import FakeBroker  # noqa: E402
from history import History, check, describe  # noqa: E402

KEYS = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"}
STRACE = "/usr/bin/strace"


class NotedEndpoint(Endpoint):
    """The scripted endpoint, whose calls go to a history."""

    def __init__(self, history):
        super().__init__()
        self.history = history

    def take(self, request):
        with self._lock:
            self.requests.append(request)
            reply = self._script.popleft() if self._script else self._otherwise
            has_effect = reply.status == 200 and reply.body is None
            self.history.note("call", job=request.path.rsplit("/", 1)[-1],
                              value=request.json.get("description"), effect=has_effect)
            return reply


class TracedBridge(Bridge):
    """The daemon under strace, which can make its system calls fail or kill it there. strace stays
    in the background (-D): the child is the daemon itself."""

    def start_under(self, *strace, follow=True):
        """With follow, all threads; else the main one alone, which has the journal."""
        self.env["ASAN_OPTIONS"] += ":detect_leaks=0"  # that needs ptrace for itself
        argv = [STRACE, "-D", *(["-f"] if follow else []), "-qq", "-o", self.folder / "strace.log", *strace,
                self.program, "run", "--config", self.file]
        self.process = Process(argv, self.folder / "bridge.log", self.env)
        return self

    @property
    def journal_file(self):
        return self.state / "journal.db"

    @property
    def ended(self):
        return not self.process.is_alive


def command(number, job, **more):
    value = f"{job} update {number}"
    return {"clientToken": f"t{number}", "description": value, **more}


class Rig:
    def __init__(self, folder, settings=None, history=None, **manners):
        self.folder = folder
        self.history = history or History()
        self.endpoint = NotedEndpoint(self.history).start()
        self.broker = FakeBroker(self.history, **manners).start()
        jobs = {"endpoint": self.endpoint.url, "rate_per_second": 0}
        settings = settings or {}
        settings = {**settings, "jobs": {**jobs, **settings.get("jobs", {})}}
        self.bridge = TracedBridge(folder, self.broker, settings, env=KEYS)

    def send(self, number, job, **more):
        payload = command(number, job, **more)
        self.broker.deliver(command_topic(job, "pump-1"), payload, job=job,
                            value=payload["description"])

    def send_again(self, number, job, **more):
        """The same command once more, as a publisher that got no acknowledgement does."""
        self.send(number, job, **more)

    @property
    def is_quiet(self):
        """Everything sent is acknowledged and answered."""
        done = set(self.history.commands("answered")) | set(self.history.commands("refused"))
        return self.broker.is_done and set(self.history.commands("sent")) <= done

    def wait_quiet(self, patience=20):
        def quiet_or_dead():
            return self.is_quiet or self.bridge.ended

        until(quiet_or_dead, "every command to be acknowledged and answered", patience)
        return self.is_quiet

    def note_journal(self):
        note_journal(self.history, self.bridge.journal_file)

    def finish(self):
        """Stops the bridge cleanly and reads its journal. It has to be alive for that: a SIGTERM
        before it listens for signals just ends it."""
        self.bridge.wait_alive()
        self.bridge.stop()
        self.bridge.assert_clean()
        self.note_journal()

    def judge(self):
        """Fails with every broken promise."""
        self.history.save(self.folder / "history.jsonl")
        problems = check(self.history)
        problems += set_aside(self.bridge.state)
        assert not problems, "\n".join(
            problems + [describe(self.history), str(self.folder), self.bridge.process.output])

    def close(self):
        if self.bridge.process is not None:
            self.bridge.process.kill()
        self.broker.stop()
        self.endpoint.stop()


def read_journal(file):
    """A connection that changes nothing."""
    return closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True))


def set_aside(state):
    """Journals that were found damaged. An empty file is none: a kill in the first millisecond of
    the very first start leaves one."""
    return [f"set aside: {name}" for name in state.glob("*.damaged-*") if name.stat().st_size]


COUNTS = {
    "open": "SELECT count(*) FROM unfinished WHERE seq NOT IN (SELECT seq FROM endings)",
    "undelivered": "SELECT count(*) FROM unfinished WHERE seq IN (SELECT seq FROM endings)",
    "dead": "SELECT count(*) FROM dead",
}


def note_journal(history, file):
    with read_journal(file) as journal:
        received, yes, no = journal.execute(
            "SELECT received, accepted, rejected FROM books").fetchone()
        counts = {name: journal.execute(sql).fetchone()[0] for name, sql in COUNTS.items()}
    history.note("journal", received=received, accepted=yes, rejected=no, **counts)


def has_unfinished(file):
    with read_journal(file) as journal:
        return any(journal.execute(COUNTS[name]).fetchone()[0] for name in ("open", "undelivered"))
