"""GET /metrics: the books balance on every scrape, whatever happens; real tools can read it."""

import pathlib
import re
import subprocess
import threading
import time

import pytest

from actors import Broker, Reply, until
from actors.endpoint import not_found, throttled
from actors.metrics import OPEN_METRICS, PREFIX, Scrape, Watcher

HOUSE = pathlib.Path(__file__).parents[2]
PROMTOOL = "/usr/bin/promtool"
CODES = ("InvalidTopic InvalidJson InvalidRequest ResourceNotFound RequestThrottled InternalError "
         "Forbidden Expired ServiceUnavailable").split()
OUTCOMES = "done refused throttled failed unauthorized".split()


def send_some(device, first, count):
    """Every third is no JSON, so that it is rejected; no two are the same."""
    for number in range(first, first + count):
        if number % 3 == 2:
            device.publish(f"jobs-bridge/things/pump-1/jobs/job-{number % 7}/update",
                           f"{{ {number}", is_waiting=False)
        else:
            device.send(f"job-{number % 7}", {"description": f"number {number}"},
                        is_waiting=False)


def decided(scrape):
    return scrape["commands_accepted_total"] + scrape["commands_rejected_total"]


def wait_for_decided(bridge, count):
    until(lambda: decided(Scrape(bridge)) == count, f"{count} commands to be decided")


def test_the_books_balance_while_commands_flow(scripted, new_broker, new_device, endpoint):
    broker = new_broker().start()
    bridge = scripted(broker=broker).start()
    device = new_device("pump-1", broker)
    endpoint.otherwise(Reply(delay=0.005))

    with Watcher(bridge) as watcher:
        send_some(device, 0, 300)
        wait_for_decided(bridge, 300)

    assert len(watcher.scrapes) > 2
    scrape = Scrape(bridge)
    assert scrape["commands_received_total"] == 300
    assert scrape["commands_accepted_total"] == 200
    assert scrape["rejections_total", "InvalidJson"] == 100
    assert scrape["commands_waiting"] == scrape["commands_in_flight"] == scrape["calls_open"] == 0
    assert scrape["command_latency_seconds_count", "accepted"] == 200
    assert scrape["command_latency_seconds_count", "rejected"] == 100


def test_the_books_balance_over_a_restart_and_kills(scripted, new_broker, new_device, endpoint):
    broker = new_broker().start()
    bridge = scripted(broker=broker).start()
    device = new_device("pump-1", broker)
    endpoint.otherwise(Reply(delay=0.005))

    with Watcher(bridge) as watcher:
        for round_number, end in enumerate((bridge.kill, bridge.stop, bridge.kill)):
            send_some(device, 120 * round_number, 120)
            until(lambda: watcher.scrapes and decided(watcher.last) > 120 * round_number + 5,
                  "some to be decided")
            end()
            bridge.start()
            wait_for_decided(bridge, 120 * (round_number + 1))

    scrape = Scrape(bridge)
    assert scrape["commands_received_total"] == 360
    assert scrape["commands_accepted_total"] == 240
    assert scrape["commands_rejected_total"] == 120


def test_what_waits_and_what_is_in_a_call(scripted, new_broker, new_device, endpoint):
    broker, gate = new_broker().start(), threading.Event()
    bridge = scripted(broker=broker).start()
    endpoint.script(Reply(gate=gate))
    device = new_device("pump-1", broker)
    device.send("j", {"description": "first"})
    endpoint.wait_for(1)
    for number in range(4):
        device.send("j", {"description": f"{number}"})

    until(lambda: Scrape(bridge)["commands_waiting"] == 4, "four to wait")
    scrape = Scrape(bridge)
    scrape.check_books()
    assert scrape["commands_in_flight"] == scrape["calls_open"] == 1
    assert scrape["journal_unfinished_commands"] == 5
    gate.set()

    wait_for_decided(bridge, 5)
    scrape = Scrape(bridge)
    assert scrape["calls_started_total"] == scrape["calls_ended_total", "done"] == 2
    assert scrape["commands_coalesced_total"] == 3
    assert scrape["call_latency_seconds_count"] == 2


def test_how_calls_end_and_how_fast_they_may_leave(scripted, new_broker, new_device, endpoint):
    broker = new_broker().start()
    bridge = scripted({"jobs": {"rate_per_second": 50, "burst": 20}}, broker).start()
    device = new_device("pump-1", broker)
    assert Scrape(bridge)["rate_calls_per_second"] == 50
    assert Scrape(bridge)["rate_tokens"] == 20
    endpoint.script(throttled(), Reply(503, "ServiceUnavailableException"), not_found())

    assert device.update("gone", {"description": "x"}).json["code"] == "ResourceNotFound"

    wait_for_decided(bridge, 1)
    scrape = Scrape(bridge)
    assert [scrape["calls_ended_total", outcome] for outcome in OUTCOMES] == [0, 1, 1, 1, 0]
    assert scrape["calls_retried_total"] == 2
    assert scrape["rejections_total", "ResourceNotFound"] == 1
    assert 25 <= scrape["rate_calls_per_second"] < 50
    assert scrape["rate_limit_calls_per_second"] == 50
    assert scrape["breaker_state", "closed"] == 1


def test_repeats_and_best_effort(scripted, new_broker, new_device):
    broker = new_broker().start()
    bridge = scripted(broker=broker).start()
    device = new_device("pump-1", broker)
    update = {"clientToken": "once", "description": "x"}
    device.update("j", update)
    device.send("j", update)
    until(lambda: Scrape(bridge)["commands_repeated_total"] == 1, "the repeat to be seen")
    device.send("j", {"description": "best effort"}, qos=0)
    until(lambda: Scrape(bridge)["commands_best_effort_total"] == 1, "QoS 0 to be seen")
    Scrape(bridge).check_books()
    assert Scrape(bridge)["commands_received_total"] == 2


class StrictBroker(Broker):
    """One that lets nobody publish the answers to the thing `denied`."""

    def configuration(self):
        rules = self.folder / "acl"
        rules.write_text("topic readwrite #\ntopic readwrite $aws/#\n"
                         "topic deny jobs-bridge/things/denied/jobs/j/update/accepted\n")
        rules.chmod(0o600)
        return super().configuration() + f"acl_file {rules}\n"


def test_dead_letters(scripted, new_device, tmp_path):
    broker = StrictBroker(tmp_path / "strict").start()
    try:
        bridge = scripted(broker=broker).start()
        new_device("denied", broker).send("j", {"description": "x"})
        until(lambda: Scrape(bridge)["dead_letters"] == 1, "the dead letter to be counted")
        scrape = Scrape(bridge)
        assert scrape["dead_letters_buried_total"] == scrape["mqtt_publishes_refused_total"] == 1
        assert scrape["commands_accepted_total"] == 1
        assert bridge.run("dead", "drop", "--all").returncode == 0
        until(lambda: Scrape(bridge)["dead_letters"] == 0, "the count to follow")
        assert Scrape(bridge)["dead_letters_buried_total"] == 1
        bridge.stop()
    finally:
        broker.stop()


def test_everything_is_there_from_the_start(bridge):
    scrape = Scrape(bridge)
    for code in CODES:
        assert ("rejections_total", code) in scrape.samples
    for outcome in OUTCOMES:
        assert ("calls_ended_total", outcome) in scrape.samples
    said = subprocess.run([bridge.program, "version"], capture_output=True, text=True, check=True)
    assert scrape["build_info", said.stdout.split()[-1]] == 1
    assert scrape["mqtt_connected", "local"] == scrape["journal_up"] == scrape["ready"] == 1
    assert scrape["credentials_usable"] == 1
    assert scrape["credentials_expiry_timestamp_seconds"] == float("inf")
    assert abs(scrape["start_time_seconds"] + scrape["uptime_seconds"] - time.time()) < 60


def test_every_metric_is_documented(bridge):
    documented = dict(re.findall(r"^\| `([a-z_]+)(?:\{[a-z]+\})?` \| (counter|gauge|histogram) \|",
                                 (HOUSE / "docs/OPERATIONS.md").read_text(), re.MULTILINE))
    there = {}
    for family in Scrape(bridge).families:
        suffix = "_total" if family.type == "counter" else ""
        there[family.name.removeprefix(PREFIX) + suffix] = family.type
    assert documented == there


def test_no_thing_and_no_job_is_a_label(bridge, device):
    device.update("a-job-of-its-own", {"description": "x"})
    text = Scrape(bridge).text
    assert "pump-1" not in text and "a-job-of-its-own" not in text


def test_promtool_has_nothing_to_say(bridge, device):
    device.update("j", {"description": "x"})
    checked = subprocess.run([PROMTOOL, "check", "metrics"], input=Scrape(bridge).text, text=True,
                             capture_output=True, timeout=60)
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")


def test_both_formats_say_the_same(bridge):
    plain, strict = Scrape(bridge), Scrape(bridge, OPEN_METRICS)
    assert plain.media_type == "text/plain; version=0.0.4; charset=utf-8"
    assert strict.media_type == "application/openmetrics-text; version=1.0.0; charset=utf-8"
    assert strict.text.endswith("# EOF\n") and "# EOF" not in plain.text
    assert list(plain.samples) == list(strict.samples)
    for family in strict.families:
        assert family.documentation, family.name
        assert family.type in ("counter", "gauge", "histogram"), family.name


@pytest.mark.parametrize("accept", [
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"])
def test_prometheus_gets_open_metrics(bridge, accept):
    assert Scrape(bridge, accept).media_type.startswith("application/openmetrics-text")


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def test_a_scrape_costs_next_to_nothing(bridge, record_property):
    pid, count = bridge.process.child.pid, 500
    before = cpu_seconds(pid)
    for _ in range(count):
        bridge.admin("/metrics")
    cost_ms = (cpu_seconds(pid) - before) * 1000 / count
    record_property("cpu_ms_a_scrape", cost_ms)
    print(f"{cost_ms:.2f} ms of CPU a scrape, {len(Scrape(bridge).text)} bytes")
    assert cost_ms < 10
