"""Two real brokers: what the upstream one says of jobs reaches the local one, whatever is down."""

import json
import socket
import time

import pytest
from actors import Broker, Device, free_port, until
from actors.authority import Authority

THING = "$aws/things/pump-1/jobs"
NOTIFY = f"{THING}/notify-namespace-ns"
NEXT = f"{THING}/notify-next-namespace-ns"
SUMMARY = {"queuedAt": 1789000000, "lastUpdatedAt": 1789000001, "executionNumber": 1,
           "versionNumber": 2}


def documented(job, thing="pump-1", namespace="ns"):
    return f"$aws/things/{thing}/jobs/{job}/notify-namespace-{namespace}/"


def pending(number, *jobs):
    return {"timestamp": number, "jobs": {"QUEUED": [{"jobId": job, **SUMMARY} for job in jobs]}}


class MutualBroker(Broker):
    """One listener for the tests' own devices, one for whoever shows a certificate."""

    def __init__(self, folder, authority):
        self.tls_port = free_port()
        shown = authority.broker()
        super().__init__(folder, more=[
            f"listener {self.tls_port} 127.0.0.1", "allow_anonymous true",
            "require_certificate true", f"cafile {shown.authority}",
            f"certfile {shown.certificate}", f"keyfile {shown.key}"])


class Site:
    """A gateway's broker, an upstream one, and a bridge between them."""

    def __init__(self, new_broker, new_bridge, new_device, joined=False, **upstream):
        self.local = new_broker().start()
        self.cloud = new_broker(more=self.joint() if joined else ()).start()
        self.new_device = new_device
        self.settings = {"url": self.cloud.url, "client_id": "edge", "things": ["pump-1"],
                         "namespaces": ["ns"], **upstream}
        self.bridge = new_bridge(self.local, {"upstream": self.settings})

    def joint(self):
        """What makes Mosquitto fetch all that the local broker has on the topics of jobs."""
        return ["connection joint", f"address 127.0.0.1:{self.local.port}", "notifications false",
                "topic $aws/things/# in 1"]

    def start(self):
        self.bridge.start()
        self.watcher = self.new_device(broker=self.local)
        self.aws = self.new_device(broker=self.cloud)
        return self

    def events(self, job, **place):
        return [m.json for m in self.watcher.seen(documented(job, **place))]

    def wait_for(self, job, number):
        """The event of that job's notice, by its time."""
        return self.watcher.expect(documented(job), lambda m: m.json["timestamp"] == number)


@pytest.fixture
def new_site(new_broker, new_bridge, new_device):
    return lambda **upstream: Site(new_broker, new_bridge, new_device, **upstream)


def metric(bridge, name):
    lines = bridge.admin("/metrics")[1].splitlines()
    return float(next(line.split()[-1] for line in lines
                      if line.startswith(f"jobs_bridge_{name}")))


def test_all_three_forms_are_seen_in_the_documented_one(new_site):
    site = new_site().start()

    site.aws.publish(NOTIFY, pending(1, "a", "b"))
    site.aws.publish(NEXT, {"timestamp": 2, "execution": {"jobId": "a", "status": "QUEUED",
                                                          "jobDocument": {"do": [1, 2]},
                                                          **SUMMARY}})
    other = {"timestamp": 3, "thingName": "pump-1", "jobId": "a", "namespaceId": "ns",
             "event": "UPDATED", "update": {"description": "x"}}
    site.aws.publish(documented("a"), other)
    site.wait_for("a", 3)

    head = {"thingName": "pump-1", "namespaceId": "ns"}
    assert site.events("b") == [{"timestamp": 1, "jobId": "b", **head, "event": "NOTIFIED",
                                 "jobs": {"QUEUED": [{"jobId": "b", **SUMMARY}]}}]
    first, second, third = site.events("a")
    assert first["jobs"] == {"QUEUED": [{"jobId": "a", **SUMMARY}]}
    assert second == {"timestamp": 2, "jobId": "a", **head, "event": "NOTIFIED",
                      "execution": {"jobId": "a", "status": "QUEUED",
                                    "jobDocument": {"do": [1, 2]}, **SUMMARY}}
    assert third == other
    assert metric(site.bridge, "notices_received_total") == 3
    assert metric(site.bridge, 'mqtt_connected{link="upstream"}') == 1


def test_over_tls_each_side_knows_the_other_by_its_certificate(tmp_path, new_broker, new_bridge,
                                                              new_device):
    authority = Authority(tmp_path / "authority")
    cloud = MutualBroker(tmp_path / "cloud", authority).start()
    try:
        upstream = {"url": f"mqtts://localhost:{cloud.tls_port}", "things": ["pump-1"],
                    "namespaces": ["ns"], **authority.client("edge").settings()}
        local = new_broker().start()
        bridge = new_bridge(local, {"upstream": upstream}).start()
        watcher = new_device(broker=local)

        new_device(broker=cloud).publish(NOTIFY, pending(1, "a"))

        assert watcher.expect(documented("a")).json["timestamp"] == 1
        del upstream["cert_file"], upstream["key_file"]
        bridge.configure({**bridge.settings, "upstream": upstream})
        bridge.reload()
        until(lambda: bridge.admin("/readyz")[0] == 503, "the bridge to be shut out")
        assert "no link to the upstream MQTT broker" in bridge.admin("/readyz")[1]
    finally:
        cloud.stop()


def test_only_what_is_followed_is_heard(new_site):
    site = new_site().start()

    site.aws.publish("$aws/things/pump-2/jobs/notify-namespace-ns", pending(1, "a"))
    site.aws.publish(f"{THING}/notify-namespace-other", pending(2, "a"))
    site.aws.publish("jobs-bridge/things/pump-1/jobs/a/update", {"description": "x"})
    site.aws.publish(NOTIFY, pending(3, "a"))
    site.wait_for("a", 3)

    topics = [m.topic for m in site.watcher.messages]
    assert topics == ["jobs-bridge/status", documented("a")]
    assert not site.aws.seen("jobs-bridge/status")


def test_all_things_may_be_followed(new_site):
    site = new_site(things=["+"]).start()

    site.aws.publish("$aws/things/pump-7/jobs/notify-namespace-ns", pending(1, "a"))

    assert site.watcher.expect(documented("a", thing="pump-7")).json["thingName"] == "pump-7"


def test_one_of_no_known_form_is_a_dead_letter(new_site):
    site = new_site().start()

    site.aws.publish(NOTIFY, {"timestamp": 1, "jobs": "none"})
    site.aws.publish(NOTIFY, b"\xff\x00 no JSON")
    site.aws.publish(NOTIFY, pending(2, "a"))
    site.wait_for("a", 2)

    until(lambda: metric(site.bridge, "notices_unread_total") == 2, "both to be counted")
    letters = [json.loads(line) for line in site.bridge.run("dead", "list", "--json")
               .stdout.splitlines()]
    assert [letter["outcome"] for letter in letters] == ["InvalidRequest", "InvalidJson"]
    assert all(letter["notice"] and letter["topic"] == NOTIFY for letter in letters)
    assert "'jobs' must be an object" in letters[0]["message"]
    replayed = site.bridge.run("dead", "replay", str(letters[0]["id"]))
    assert replayed.returncode == 1 and "no command" in replayed.stderr
    assert site.bridge.run("dead", "drop", "--all").returncode == 0


def test_what_comes_twice_is_told_once(new_site):
    site = new_site().start()

    for number in (1, 1, 2, 1, 2):
        site.aws.publish(NOTIFY, pending(number, "a"))
    site.aws.publish(NOTIFY, pending(3, "a"))
    site.wait_for("a", 3)

    assert [event["timestamp"] for event in site.events("a")] == [1, 2, 3]
    assert metric(site.bridge, "notices_repeated_total") == 3


def test_brokers_that_are_joined_make_no_loop(new_site, new_device):
    site = new_site(joined=True).start()
    site.aws.publish(NOTIFY, pending(1, "a"))
    sender = new_device("pump-1", site.local)
    site.bridge.run("jobs", "create", "--job", "a", "--thing", "pump-1", "--namespace", "ns")
    assert sender.update("a", {"description": "x"}, namespace="ns").is_accepted

    until(lambda: metric(site.bridge, "notices_own_total") == 2, "both to come back")
    time.sleep(0.3)
    assert len(site.events("a")) == 2
    assert metric(site.bridge, "notices_received_total") == 1


def test_commands_are_taken_upstream_and_answered_there(new_site, new_device):
    site = new_site(commands=True).start()
    site.bridge.run("jobs", "create", "--job", "a", "--thing", "pump-1", "--namespace", "ns")
    operator = new_device("pump-1", site.cloud)

    answer = operator.update("a", {"description": "from above"}, namespace="ns")
    refused = operator.update("a", {"description": 7}, namespace="ns")

    assert answer.is_accepted and not refused.is_accepted
    assert operator.seen("jobs-bridge/status")[0].json["status"] == "online"
    assert site.watcher.expect(documented("a")).json["update"] == {"description": "from above"}
    assert not any(m.is_accepted or m.topic.endswith("/rejected") for m in site.watcher.messages)
    assert not site.aws.seen(documented("a"))
    assert metric(site.bridge, "commands_received_total") == 2


def test_the_upstream_broker_is_away(new_site, new_device):
    site = new_site(commands=True)
    site.cloud.stop()
    site.bridge.start(is_ready=False).wait_alive()
    device = new_device("pump-1", site.local)
    site.bridge.run("jobs", "create", "--job", "a", "--thing", "pump-1")

    assert device.update("a", {"description": "x"}).is_accepted
    status, body = site.bridge.admin("/readyz")
    assert status == 503 and "no link to the upstream MQTT broker" in body
    assert "no link to the MQTT broker" not in body

    site.cloud.start()
    site.bridge.wait_ready()
    site.watcher = device
    Device(site.cloud).publish(NOTIFY, pending(1, "a"))
    site.wait_for("a", 1)


def test_the_upstream_broker_is_mute(new_site, new_device):
    with socket.create_server(("127.0.0.1", 0)) as mute:
        site = new_site(url=f"mqtt://127.0.0.1:{mute.getsockname()[1]}")
        site.bridge.start(is_ready=False).wait_alive()
        until(lambda: metric(site.bridge, 'mqtt_connected{link="local"}'), "the local link")
        device = new_device("pump-1", site.local)
        site.bridge.run("jobs", "create", "--job", "a", "--thing", "pump-1")

        held_up = 0
        began = time.monotonic()
        while time.monotonic() < began + 8:
            sent = time.monotonic()
            assert device.update("a", {"description": "x"}).is_accepted
            took = time.monotonic() - sent
            held_up += took if took > 0.3 else 0

        assert held_up < 3
        refused, = site.bridge.log_lines(event="mqtt_refused")
        assert "no answer in time" in refused["reason"]
        assert 39000 < int(refused["retry_ms"]) < 60000


def test_the_local_broker_is_away(new_site):
    site = new_site().start()
    site.local.stop()
    for number in range(100):
        site.aws.publish(NOTIFY, pending(number, "a"))
    until(lambda: metric(site.bridge, "notices_waiting") == 100, "all to be taken in")
    status, body = site.bridge.admin("/readyz")
    assert status == 503 and "no link to the MQTT broker" in body and "upstream" not in body

    site.local.start()

    site.wait_for("a", 99)
    assert [event["timestamp"] for event in site.events("a")] == list(range(100))


def times(site, job):
    """Of the events of a job, each once: one may be repeated by a crash or a lost link."""
    return list(dict.fromkeys(event["timestamp"] for event in site.events(job)))


@pytest.mark.parametrize("who", ["bridge", "local", "cloud"])
def test_nothing_is_lost_by_kills(new_site, who):
    site = new_site().start()
    for number in range(300):
        site.aws.publish(NOTIFY, pending(number, f"job-{number % 3}"), is_waiting=who != "cloud")
        if number % 100 == 50:
            victim = getattr(site, who)
            if who == "cloud":
                time.sleep(1.2)  # it saves every second
            victim.kill()
            victim.start()
            if who == "cloud":
                site.aws.wait_subscribed()

    for number in range(297, 300):
        site.wait_for(f"job-{number % 3}", number)
    for job in range(3):
        assert times(site, f"job-{job}") == list(range(job, 300, 3))


def test_a_reload_follows_other_things(new_site):
    site = new_site().start()
    assert "upstream.things" in site.bridge.reload({"upstream": {"things": ["pump-2"]}})["msg"]
    until(lambda: site.bridge.is_ready, "both links")

    site.aws.publish(NOTIFY, pending(1, "a"))
    site.aws.publish("$aws/things/pump-2/jobs/notify-namespace-ns", pending(2, "a"))

    site.watcher.expect(documented("a", thing="pump-2"))
    assert not site.events("a")


def test_a_reload_ends_and_begins_it(new_site):
    site = new_site().start()
    without = {k: v for k, v in site.bridge.settings.items() if k != "upstream"}
    site.bridge.configure(without)
    assert "upstream.url" in site.bridge.reload()["msg"]
    until(lambda: site.bridge.is_ready, "the local link")
    assert 'link="upstream"' not in site.bridge.admin("/metrics")[1]
    site.aws.publish(NOTIFY, pending(1, "a"))

    site.bridge.reload({"upstream": site.settings})

    site.wait_for("a", 1)  # the session upstream has kept it
