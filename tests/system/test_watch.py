"""jobs-bridge watch: events live in the terminal."""

import json
import os
import pty
import signal
import subprocess
import time

import pytest

from actors import Bridge, until

UPDATE = {"description": "slower please"}


class Watch:
    """The verb while it runs, with its output in files."""

    def __init__(self, bridge, folder, *words, env=None):
        self.out = folder / "out"
        self.err = folder / "err"
        argv = [str(Bridge.program), "watch", "--config", str(bridge.file), *words]
        with open(self.out, "wb") as out, open(self.err, "wb") as err:
            self.child = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                                          env={**os.environ, **bridge.env, **(env or {})})

    def said(self, words):
        until(lambda: words in self.err.read_text(), f"'{words}' on standard error")
        return self

    @property
    def lines(self):
        return self.out.read_text().splitlines()

    def wait_lines(self, count):
        until(lambda: len(self.lines) >= count, f"{count} lines")
        return self.lines

    def end(self, number=signal.SIGTERM):
        self.child.send_signal(number)
        return self.child.wait(15)


@pytest.fixture
def watch(bridge, tmp_path):
    watches = []

    def make(*words, bridge=bridge, env=None):
        folder = tmp_path / f"watch-{len(watches)}"
        folder.mkdir()
        watches.append(Watch(bridge, folder, *words, env=env))
        return watches[-1]

    yield make
    for one in watches:
        if one.child.poll() is None:
            one.child.kill()
            one.child.wait()


def test_each_command_is_a_line(watch, device, new_job):
    job = new_job(namespace="my-ns")
    watching = watch().said("watching jobs-bridge/events/jobs/+")

    device.update(job, UPDATE, namespace="my-ns")
    device.update(job, {"jobExecutionsRolloutConfig": {"maximumPerMinute": 0}})

    accepted, rejected = watching.wait_lines(2)
    assert f'accepted  {job} by pump-1 in my-ns: description="slower please" (' in accepted
    assert f"rejected  {job} by pump-1: InvalidRequest" in rejected
    assert watching.end() == 0


def test_ctrl_c_ends_it_with_success(watch):
    assert watch().said("watching").end(signal.SIGINT) == 0


def test_json_is_the_event_as_it_came(watch, device, new_job):
    job = new_job()
    watching = watch("--json", "--job", job, "--count", "1").said("watching")

    device.update(job, UPDATE)

    event = device.expect(f"jobs-bridge/events/jobs/{job}")
    assert watching.child.wait(15) == 0
    assert [json.loads(line) for line in watching.lines] == [event.json]


def test_only_what_was_asked_for_is_shown(watch, device, new_device, new_job):
    job, other_job = new_job(), new_job()
    by_thing = watch("--thing", "pump-2", "--count", "1").said("watching")
    by_job = watch("--job", job, "--count", "1").said(f"watching jobs-bridge/events/jobs/{job}")
    by_namespace = watch("--namespace", "none-such", "--timeout", "5s").said("watching")

    new_device("pump-2").update(other_job, UPDATE)
    device.update(job, UPDATE)

    assert by_thing.child.wait(15) == 0 and by_job.child.wait(15) == 0
    assert f"{other_job} by pump-2" in by_thing.lines[0] and len(by_thing.lines) == 1
    assert f"{job} by pump-1" in by_job.lines[0] and len(by_job.lines) == 1
    assert by_namespace.child.wait(15) == 0 and by_namespace.lines == []


def test_notify_events_are_shown_on_demand(watch, device, new_job):
    job = new_job(namespace="my-ns")
    watching = watch("--notify", "--job", job).said("watching")

    device.update(job, UPDATE, namespace="my-ns")
    device.publish(f"$aws/things/pump-1/jobs/{job}/notify-namespace-other/",
                   {"timestamp": 1, "thingName": "pump-1", "jobId": job, "namespaceId": "my-ns"})
    device.update(job, {**UPDATE, "dryRun": True}, namespace="my-ns")

    lines = watching.wait_lines(3)
    assert sorted(line.split("  ")[1] for line in lines) == ["accepted", "notified", "planned"]
    assert any(f'pump-1 of {job} in my-ns: description="slower please"' in line for line in lines)


def test_the_service_going_and_coming_is_shown(new_broker, new_bridge, watch):
    broker = new_broker().start()
    bridge = new_bridge(broker).start()
    watching = watch(bridge=bridge).said("online    jobs-bridge")
    assert watching.lines == []

    bridge.stop()
    assert "offline   jobs-bridge" in watching.wait_lines(1)[0]
    bridge.start()
    assert "online    jobs-bridge" in watching.wait_lines(2)[1]


def test_a_lost_link_is_told_and_taken_up_again(new_broker, new_bridge, new_device, watch):
    broker = new_broker().start()
    bridge = new_bridge(broker).start()
    watching = watch(bridge=bridge).said("watching")

    broker.stop()
    watching.said("the link is lost")
    broker.start()
    until(lambda: watching.err.read_text().count("watching") == 2, "the link to be back")

    bridge.wait_ready()
    device = new_device("pump-1", broker=broker)
    device.update("no-such-job", UPDATE)
    until(lambda: "no-such-job by pump-1: ResourceNotFound" in watching.out.read_text(),
          "the event of after the loss")


def test_without_a_broker_it_says_so_and_waits(new_broker, new_bridge, watch):
    bridge = new_bridge(new_broker())  # never started
    assert watch("--timeout", "1s", bridge=bridge).said("no link to").child.wait(15) == 2


def test_too_few_events_in_time_end_it_with_2(watch):
    watching = watch("--count", "1", "--timeout", "500ms")
    assert watching.child.wait(15) == 2 and "0 events" in watching.err.read_text()


def test_nothing_of_strangers_reaches_the_terminal_as_a_control_code(watch, device):
    watching = watch("--json").said("watching")
    readable = watch().said("watching")
    evil = {"timestamp": 1, "jobId": "j", "outcome": "accepted",
            "update": {"description": "\x1b[2J\x9b\u202e\x07"}}

    device.publish("jobs-bridge/events/jobs/j", json.dumps(evil, ensure_ascii=False))
    device.publish("jobs-bridge/events/jobs/j", "\x1b[2J no JSON")
    device.publish("jobs-bridge/events/jobs/j", "[]")
    device.publish("jobs-bridge/events/jobs/other", json.dumps(evil))
    device.publish("jobs-bridge/events/jobs/j", json.dumps({**evil, "update": {}}))

    assert [json.loads(line)["update"] for line in watching.wait_lines(2)] == [evil["update"], {}]
    readable.wait_lines(2)
    for file in (watching.out, watching.err, readable.out, readable.err):
        text = file.read_text()
        assert not [c for c in text if c != "\n" and (ord(c) < 32 or 127 <= ord(c) < 160)], text
        assert "\u202e" not in text


@pytest.mark.parametrize("env, has_colours", [({"TERM": "xterm"}, True), ({"TERM": "dumb"}, False),
                                              ({"TERM": "xterm", "NO_COLOR": "1"}, False)])
def test_colours_are_for_terminals_that_want_them(bridge, device, new_job, env, has_colours):
    job = new_job()
    controller, terminal = pty.openpty()
    plain = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    argv = [str(Bridge.program), "watch", "--config", str(bridge.file), "--job", job,
            "--count", "1"]
    with subprocess.Popen(argv, stdin=terminal, stdout=terminal, stderr=subprocess.PIPE,
                          env={**plain, **bridge.env, **env}) as child:
        os.close(terminal)
        while b"watching" not in child.stderr.readline():
            pass
        device.update(job, UPDATE)
        assert child.wait(15) == 0
        line = os.read(controller, 4096).decode()
    os.close(controller)
    assert ("\x1b[32maccepted\x1b[0m" in line) == has_colours
    assert job in line


def test_a_full_disk_is_an_error(bridge, device, new_job):
    job = new_job()
    argv = [str(Bridge.program), "watch", "--config", str(bridge.file), "--job", job]
    with open("/dev/full", "w") as full, \
            subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=full, stderr=subprocess.PIPE,
                             env={**os.environ, **bridge.env}) as child:
        while b"watching" not in child.stderr.readline():
            pass
        device.update(job, UPDATE)
        assert child.wait(15) == 1 and b"standard output" in child.stderr.read()


def test_a_reader_that_goes_away_ends_it(bridge, device, new_job):
    job = new_job()
    argv = [str(Bridge.program), "watch", "--config", str(bridge.file)]
    with subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, env={**os.environ, **bridge.env}) as child:
        while b"watching" not in child.stderr.readline():
            pass
        child.stdout.close()
        deadline = time.monotonic() + 15
        while child.poll() is None and time.monotonic() < deadline:
            device.update(job, UPDATE)
        assert child.wait(1) == 0
