"""Several bridges at one broker: each job is one bridge's, whatever happens to the others."""

import itertools
import re
import threading
import zlib
from collections import defaultdict

import paho.mqtt.client as paho
import pytest

from actors import Endpoint, Reply, until
from actors.metrics import Scrape
from actors.process import Process
from conftest import HOUSE, KEYS

COUNT = 3
ROOT = "jobs-bridge"
GROUPS = pytest.mark.parametrize("group", [None, "plant"], ids=["own subscriptions", "shared"])
UPDATE = {"description": "x"}


def owner(job, count=COUNT):
    """As docs/INTERFACES.md has it."""
    return zlib.crc32(job.encode()) % count


def jobs_of(index, number, count=COUNT):
    names = (f"job-{n}" for n in itertools.count(1))
    return list(itertools.islice((job for job in names if owner(job, count) == index), number))


@pytest.fixture
def broker(new_broker):
    return new_broker().start()


@pytest.fixture
def new_part(new_bridge, broker):
    """One of several bridges, with an endpoint of its own; not started."""
    endpoints = []

    def make(index, count=COUNT, group=None, client_id=None, **jobs):
        endpoints.append(Endpoint().start())
        bridge = new_bridge(broker, {
            "mqtt": {"client_id": client_id or f"bridge-{index}", "shared_group": group},
            "jobs": {"endpoint": endpoints[-1].url, "coalesce": False, **jobs},
            "partition": {"index": index, "count": count},
        }, env=KEYS)
        bridge.endpoint = endpoints[-1]
        return bridge

    yield make
    for endpoint in endpoints:
        endpoint.stop()


@pytest.fixture
def bridges(new_part, group):
    return [new_part(index, group=group).start() for index in range(COUNT)]


@pytest.fixture
def devices(new_device, broker):
    return [new_device(f"pump-{number}", broker) for number in range(4)]


class Load:
    """Numbered commands of all devices to all jobs by turns, one behind the other."""

    def __init__(self, devices):
        self.devices = itertools.cycle(devices)
        self.jobs = itertools.cycle(f"job-{number}" for number in range(25))
        self.sent = []
        self.values = defaultdict(list)  # by job, in the order sent

    def send(self, count):
        for _ in range(count):
            device, job = next(self.devices), next(self.jobs)
            value = f"number {len(self.sent)}"
            self.values[job].append(value)
            self.sent.append((device, job, device.send(job, {"description": value})))

    def wait_answered(self):
        for device, _, command in self.sent:
            assert device.answer(*command).is_accepted


def answers(device):
    """What was heard in answer to each command, as often as it was: by job and clientToken."""
    heard = defaultdict(list)
    for message in list(device.messages):
        if message.topic.endswith(("/accepted", "/rejected")):
            job = message.topic.split("/jobs/")[1].split("/")[0]
            heard[job, message.json["clientToken"]].append((message.topic, message.payload))
    return heard


def calls(bridge):
    """The values that each job was called with, without a call that was just repeated."""
    values = defaultdict(list)
    for request in bridge.endpoint.requests:
        job, value = request.path.removeprefix("/jobs/"), request.json["description"]
        if values[job][-1:] != [value]:
            values[job].append(value)
    return values


@GROUPS
def test_each_job_stays_with_one_bridge_though_one_is_killed(bridges, devices):
    load, victim, gate = Load(devices), bridges[1], threading.Event()
    victim.endpoint.script(*[Reply()] * 15)
    victim.endpoint.otherwise(Reply(gate=gate))
    load.send(150)
    victim.endpoint.wait_for(16)
    victim.kill()
    gate.set()
    load.send(150)
    victim.start()
    load.send(150)
    load.wait_answered()

    until(lambda: len(answers(devices[0])) == 450, "one device to hear all answers")
    heard = answers(devices[0])
    for (job, _), of_one in heard.items():
        assert len(set(of_one)) == 1
        assert len(of_one) == 1 or owner(job) == 1, "only what was killed may answer again"
    for index, bridge in enumerate(bridges):
        assert calls(bridge) == {job: values for job, values in load.values.items()
                                 if owner(job) == index}
    own = [sum(owner(job) == index for _, job, _ in load.sent) for index in range(COUNT)]
    for index in (0, 2):
        scrape = Scrape(bridges[index])
        scrape.check_books()
        assert scrape["commands_received_total"] == scrape["commands_accepted_total"] == own[index]
        assert scrape["commands_elsewhere_total"] == 450 - own[index]
        assert (scrape["partition_index"], scrape["partitions"]) == (index, COUNT)
    assert Scrape(victim)["commands_received_total"] == own[1]


def test_the_rule_is_that_of_the_contract():
    rows = re.findall(r"^\| `([\w-]+)` \| (\d+) \| (\d+) \| (\d+) \| (\d+) \|$",
                      (HOUSE / "docs/INTERFACES.md").read_text(), re.MULTILINE)
    assert len(rows) == 3
    for job, *numbers in rows:
        expected = [zlib.crc32(job.encode()), *(owner(job, count) for count in (2, 3, 256))]
        assert [int(number) for number in numbers] == expected


@GROUPS
def test_nonsense_is_refused_once(bridges, devices):
    topics = [f"{ROOT}/jobs/a job {number}/update" for number in range(20)]
    topics += [f"{ROOT}/things/a pump/jobs/job-{number}/update" for number in range(20)]
    for topic in topics:
        devices[0].publish(topic, UPDATE)
    for topic in topics:
        devices[0].expect(topic + "/rejected")

    refused = [Scrape(bridge)["rejections_total", "InvalidTopic"] for bridge in bridges]
    assert sum(refused) == len(topics) and all(refused)
    assert all(len(devices[0].seen(topic + "/rejected")) == 1 for topic in topics)


@pytest.mark.parametrize("group", [None])
def test_each_has_a_status_of_its_own(bridges, devices, tmp_path):
    def status(index, word):
        return devices[0].expect(f"{ROOT}/status/{index}", lambda m: m.json["status"] == word)

    for index in range(COUNT):
        assert status(index, "online").json["partition"] == {"index": index, "count": COUNT}
    said = [line["msg"] for line in bridges[2].log_lines(event="partition")]
    assert said == ["index 2 of 3; this bridge may make calls without a limit"]
    watching = Process([bridges[0].program, "watch", "--config", bridges[0].file],
                       tmp_path / "watch.log", {"TZ": "UTC"})
    until(lambda: watching.output.count("online ") == COUNT, "the watcher to say who is there")

    bridges[1].kill()

    assert status(1, "offline").json["partition"]["index"] == 1
    until(lambda: ", partition 1 of 3, had run" in watching.output, "the watcher to tell of it")
    watching.stop()
    assert not devices[0].seen(f"{ROOT}/status")


@pytest.mark.parametrize("rate, said", [
    (10, "index 1 of 3; this bridge may make 10 calls a second, all 3 together 30"),
    (0, "index 1 of 3; this bridge may make calls without a limit")])
def test_check_says_what_all_of_them_may_do(new_part, rate, said):
    done = new_part(1, group="plant", rate_per_second=rate).run("check")
    assert done.returncode == 0 and f"  partition {said}\n" in done.stdout
    assert "group plant" in done.stdout


def test_a_replacement_of_the_same_name_takes_over_what_waits(new_part, devices):
    first = new_part(0).start()
    first.stop()
    sent = [devices[0].send(job, UPDATE) for job in jobs_of(0, 10)]

    new_part(0).start()

    assert all(devices[0].answer(*one).is_accepted for one in sent)


# What follows is Mosquitto's way with shared subscriptions, which docs/OPERATIONS.md warns of.


def end_session(broker, client_id):
    client = paho.Client(client_id, protocol=paho.MQTTv5)
    client.connect("127.0.0.1", broker.port, clean_start=True)
    client.loop_start()
    until(client.is_connected, "the session to be taken over")
    client.disconnect()
    client.loop_stop()


def test_a_replacement_of_another_name_shares_with_the_session_that_is_kept(new_part, devices):
    first = new_part(0, group="plant").start()
    first.stop()
    waiting = devices[0].send(jobs_of(0, 1)[0], UPDATE)

    new_part(0, group="plant", client_id="spare").start()
    sent = [devices[0].send(job, UPDATE) for job in jobs_of(0, 10)]
    until(lambda: len(answers(devices[0])) == 5, "every other answer")
    first.start()

    assert all(devices[0].answer(*one).is_accepted for one in [waiting, *sent])


def test_without_that_session_it_takes_the_place_but_not_what_waited(new_part, broker, devices):
    new_part(0, group="plant").start().stop()
    waiting = devices[0].send(jobs_of(0, 1)[0], UPDATE)
    end_session(broker, "bridge-0")

    new_part(0, group="plant", client_id="spare").start()

    assert all(devices[0].update(job, UPDATE).is_accepted for job in jobs_of(0, 10)[1:])
    assert not devices[0].seen(waiting[0] + "/accepted")


@GROUPS
def test_a_broker_that_restarts_forgets_shared_subscriptions(new_part, broker, devices, group):
    bridge = new_part(0, group=group).start()
    bridge.stop()
    broker.stop()
    broker.start()
    job, last = jobs_of(0, 2)
    devices[0].wait_subscribed()
    sent = devices[0].send(job, UPDATE)

    bridge.start()

    assert devices[0].update(last, UPDATE).is_accepted
    assert len(devices[0].seen(sent[0] + "/accepted")) == (1 if group is None else 0)


# Another partition, by a reload.


def test_a_reload_moves_on_to_other_jobs_and_finishes_what_it_has(new_part, devices):
    bridge = new_part(0, count=2, rate_per_second=1, burst=1).start()
    old = [devices[0].send(job, UPDATE) for job in jobs_of(0, 8, count=2)]
    bridge.endpoint.wait_for(1)

    end = bridge.reload({"partition": {"index": 1}, "jobs": {"rate_per_second": 0}})

    assert "partition.index" in end["msg"]
    assert all(devices[0].answer(*one).is_accepted for one in old)
    assert devices[0].update(jobs_of(1, 1, count=2)[0], UPDATE).is_accepted
    gone = devices[0].send(jobs_of(0, 9, count=2)[-1], UPDATE)
    assert devices[0].update(jobs_of(1, 2, count=2)[-1], UPDATE).is_accepted
    assert not devices[0].seen(gone[0] + "/accepted")
    devices[0].expect(f"{ROOT}/status/0", lambda m: m.json["status"] == "offline")
    devices[0].expect(f"{ROOT}/status/1", lambda m: m.json["status"] == "online")


class Member:
    """A client in a group, and what it gets."""

    def __init__(self, broker, group):
        self.messages = []
        self.is_subscribed = False
        self.client = paho.Client("member", protocol=paho.MQTTv5)
        self.client.on_message = lambda _client, _data, message: self.messages.append(message)
        self.client.on_subscribe = lambda *_: setattr(self, "is_subscribed", True)
        self.client.connect("127.0.0.1", broker.port)
        self.client.subscribe(f"$share/{group}/{ROOT}/jobs/+/update", 1)
        self.client.loop_start()
        until(lambda: self.is_subscribed, "the subscription of a group's member")

    def close(self):
        self.client.disconnect()
        self.client.loop_stop()


@pytest.mark.parametrize("change, left", [
    ({"partition": {"index": 1}}, "plant-0-of-2"),
    ({"mqtt": {"shared_group": "other"}}, "plant-0-of-2"),
    ({"mqtt": {"shared_group": None}}, "plant-0-of-2")], ids=["index", "group", "no group"])
def test_a_reload_leaves_the_group(new_part, new_device, broker, change, left):
    bridge = new_part(0, count=2, group="plant").start()
    bridge.reload(change)
    until(lambda: bridge.is_ready, "the link to be back")
    member = Member(broker, left)
    operator = new_device(broker=broker)

    sent = [operator.send(f"job-{number}", UPDATE) for number in range(20)]
    index = change.get("partition", {"index": 0})["index"]
    own = [one for number, one in enumerate(sent) if owner(f"job-{number}", 2) == index]
    assert all(operator.answer(*one).is_accepted for one in own)

    until(lambda: len(member.messages) == 20, "all of them to come to who is left in the group")
    scrape = Scrape(bridge)
    assert scrape["commands_received_total"] == len(own)
    assert scrape["commands_elsewhere_total"] == 20 - len(own)
    assert scrape["commands_repeated_total"] == 0
    member.close()


def test_a_reload_to_several_and_back_changes_the_status(new_part, devices):
    bridge = new_part(0, count=1).start()
    devices[0].expect(f"{ROOT}/status", lambda m: "partition" not in m.json)
    assert bridge.log_lines(event="partition") == []

    bridge.reload({"partition": {"count": 2}})
    devices[0].expect(f"{ROOT}/status/0", lambda m: m.json["status"] == "online")
    devices[0].expect(f"{ROOT}/status", lambda m: m.json["status"] == "offline")
    bridge.reload({"partition": {"count": 1}})

    devices[0].expect(f"{ROOT}/status/0", lambda m: m.json["status"] == "offline")
    until(lambda: devices[0].seen(f"{ROOT}/status")[-1].json["status"] == "online", "it to be back")
    assert devices[0].update(jobs_of(1, 1, count=2)[0], UPDATE).is_accepted
