"""What systemd would hear of the daemon, and what it would not hear of one that hangs."""

import os
import signal
import socket
import time

import pytest

from actors import Reply, until
from actors.endpoint import cut
from conftest import KEYS


class Supervisor:
    """The socket of NOTIFY_SOCKET. messages: what came, each a list of lines, with its time."""

    def __init__(self, folder):
        self.path = str(folder / "notify")
        self.messages = []
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        self.socket.setblocking(False)

    def env(self, watchdog_us=None):
        watchdog = {} if watchdog_us is None else {"WATCHDOG_USEC": str(watchdog_us)}
        return {"NOTIFY_SOCKET": self.path, **watchdog}

    def listen(self):
        while True:
            try:
                text = self.socket.recv(4096).decode()
            except BlockingIOError:
                return self.messages
            self.messages.append((time.monotonic(), text.splitlines()))

    def count(self, line):
        return sum(line in lines for _, lines in self.listen())

    @property
    def statuses(self):
        return [(at, line.removeprefix("STATUS=")) for at, lines in self.listen()
                for line in lines if line.startswith("STATUS=")]

    def wait_for(self, line):
        until(lambda: self.count(line), f"{line}; came: {self.messages}")

    def wait_for_status(self, start):
        until(lambda: self.statuses and self.statuses[-1][1].startswith(start),
              f"the status {start}; came: {self.statuses}")

    def close(self):
        self.socket.close()


@pytest.fixture
def supervisor(tmp_path):
    supervisor = Supervisor(tmp_path)
    yield supervisor
    supervisor.close()


@pytest.fixture
def supervised(supervisor, new_bridge, endpoint):
    def make(broker, watchdog_us=None):
        settings = {"jobs": {"endpoint": endpoint.url, "rate_per_second": 0}}
        return new_bridge(broker, settings, env={**KEYS, **supervisor.env(watchdog_us)})

    return make


def is_stopped(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
        return stat.read().rpartition(")")[2].split()[0] == "T"


def test_readiness_waits_for_the_broker(supervisor, supervised, new_broker):
    broker = new_broker()
    bridge = supervised(broker).start(is_ready=False)
    supervisor.wait_for_status("Waiting for the MQTT broker: ")
    assert supervisor.count("READY=1") == 0
    assert supervisor.count("EXTEND_TIMEOUT_USEC=30000000") >= 1

    broker.start()

    supervisor.wait_for("READY=1")
    supervisor.wait_for_status("Taking commands: 0 waiting, 0.0 calls/s")
    bridge.stop()
    assert supervisor.count("READY=1") == supervisor.count("STOPPING=1") == 1
    assert supervisor.count("WATCHDOG=1") == 0


def test_the_status_tells_what_is_going_on(supervisor, supervised, new_broker, new_device,
                                           endpoint):
    broker = new_broker().start()
    supervised(broker).start()
    endpoint.otherwise(cut())
    device = new_device("pump-1", broker)
    for number in range(20):
        device.send(f"job-{number}", {"description": "x"})
    supervisor.wait_for_status("The Jobs endpoint does not work, ")

    endpoint.otherwise(Reply())
    supervisor.wait_for_status("Taking commands: 0 waiting")
    broker.kill()
    supervisor.wait_for_status("Waiting for the MQTT broker: ")
    broker.start()
    supervisor.wait_for_status("Taking commands: 0 waiting, 0.0 calls/s")

    texts = [text for _, text in supervisor.statuses]
    assert all(before != after for before, after in zip(texts, texts[1:]))


def test_a_loop_that_turns_feeds_the_watchdog(supervisor, supervised, new_broker):
    supervised(new_broker().start(), watchdog_us=500_000).start()
    until(lambda: supervisor.count("WATCHDOG=1") >= 5, "five pings")


def test_a_loop_that_hangs_does_not(supervisor, supervised, new_broker):
    bridge = supervised(new_broker().start(), watchdog_us=500_000).start()
    supervisor.wait_for("WATCHDOG=1")
    pid = bridge.process.child.pid
    os.kill(pid, signal.SIGSTOP)
    until(lambda: is_stopped(pid), "the process to be stopped")
    before = len(supervisor.listen())

    time.sleep(1.5)  # three times the patience of the watchdog

    assert len(supervisor.listen()) == before
    os.kill(pid, signal.SIGCONT)
    until(lambda: len(supervisor.listen()) > before, "a ping")


def test_one_that_is_told_of_another_process_keeps_silent(supervisor, new_bridge, new_broker):
    env = {**supervisor.env(500_000), "WATCHDOG_PID": "1"}
    new_bridge(new_broker().start(), env=env).start()
    supervisor.wait_for("READY=1")
    time.sleep(1)
    assert supervisor.count("WATCHDOG=1") == 0
