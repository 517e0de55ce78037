"""Whatever comes: it is refused as the tables in hostile/ say, nothing of it reaches the endpoint, the
daemon lives and is no larger for it.

Messages come through a real Mosquitto, and once more on the wire from a broker that lets everything
through.
"""

import contextlib
import json
import pathlib
import random
import re
import socket
import sys
import threading
import time
from dataclasses import replace

import pytest

from actors import Bridge, Broker, Device, Endpoint, Reply, until
from actors.device import command_topic
from actors.wait import PATIENCE
from conftest import KEYS

sys.path.append(str(pathlib.Path(__file__).parents[1] / "durability"))

import packets  # noqa: E402
from actors.raw_client import RawClient  # noqa: E402
from fake_broker import FakeBroker  # noqa: E402
from hostile import table  # noqa: E402

MESSAGES = ("payloads", "topics", "identifiers", "properties")
UPDATE = {"description": "x"}
LOGFMT = re.compile(r'time=\S+ level=(error|warn|info|debug) event=\w+'
                    r'( \w+=([!#-<>-\[\]-~]+|"([ !#-\[\]-~]|\\["\\]|\\x[0-9a-f]{2})*"))*')
GROWTH_MAX = 24 * 1024  # KiB of resident memory that a whole table may add for good
SILENCE = 0.3  # seconds after which nothing more is to be expected
CROWD_GROWTH_MAX = 16 * 1024  # that 100,000 names may


def memory_of(bridge, name="VmRSS"):
    """In KiB."""
    status = pathlib.Path(f"/proc/{bridge.process.child.pid}/status").read_text()
    return int(re.search(rf"{name}:\s+(\d+) kB", status)[1])


def has_sanitizer(bridge):
    """AddressSanitizer keeps what was freed; it is known by the addresses that it takes."""
    return memory_of(bridge, "VmSize") > 1 << 30


class Victim:
    """A bridge, and the way to it. Counts what it was given and what it refused. What ends it goes to
    the stack."""

    def __init__(self, folder, broker, endpoint, stack):
        settings = {"jobs": {"endpoint": endpoint.url}}
        self.bridge = Bridge(folder / "bridge", broker, settings, KEYS)
        stack.callback(self.bridge.end)
        self.bridge.start()
        self.broker, self.endpoint = broker, endpoint
        self.tried = self.refused = self.markers = 0
        self.silent = []

    def wait_for_answer(self, case, count):
        answers = until(lambda: self.answers(case.answer_topic)[count:],
                        f"an answer on {case.answer_topic[:300]}")
        return json.loads(answers[0])

    def look(self, case):
        """What is wrong with how the bridge took the case, or None."""
        self.tried += 1
        count = len(self.answers(case.answer_topic))
        arrived = self.send(case)
        if self.expects_nothing(case) or (not arrived and case.passes_broker == "any"):
            self.silent.append((case, count))
            return None if not arrived or self.may_arrive(case) else "it got through"
        if not arrived:
            return "the broker did not take it"
        try:
            mistake = case.mistake(self.wait_for_answer(case, count))
        except AssertionError as error:
            return str(error)
        self.refused += case.codes != ["accepted"]
        return mistake

    def say_good_word(self):
        """A dry run, after the answer to which everything before it has had its effect."""
        self.markers += 1
        topic = f"jobs-bridge/things/pump-1/jobs/marker-{self.markers}/update"
        self.publish(topic.encode(), b'{"description":"x","dryRun":true}')
        until(lambda: self.answers(topic + "/accepted"), "the answer to a good command")

    def spoke_though_silent(self):
        """The cases that should have had no answer, and had one."""
        self.say_good_word()
        return [case.name for case, count in self.silent
                if not case.may_be_silent and len(self.answers(case.answer_topic)) > count]


class BrokeredVictim(Victim):
    def __init__(self, folder, endpoint, stack):
        broker = Broker(folder / "broker", is_durable=False)
        stack.callback(broker.stop)
        broker.start()
        self.listener = Device(broker, "pump-1")
        stack.callback(self.listener.close)
        self.client = RawClient(broker)
        stack.callback(self.client.close)
        super().__init__(folder, broker, endpoint, stack)

    def publish(self, topic, payload):
        self.client.publish(topic, payload)

    def send(self, case):
        return self.client.publish(case.topic, case.payload, case.qos, case.is_retained,
                                   case.properties)

    def answers(self, topic):
        return [m.payload for m in self.listener.seen(topic)]

    def expects_nothing(self, case):
        return not case.codes or case.passes_broker is False

    def may_arrive(self, case):
        return case.passes_broker is not False


class WireVictim(Victim):
    def __init__(self, folder, endpoint, stack):
        broker = FakeBroker().start()
        stack.callback(broker.stop)
        super().__init__(folder, broker, endpoint, stack)

    def publish(self, topic, payload):
        self.broker.deliver(topic, payload)

    def look(self, case):
        is_told = isinstance(case.passes_wire, str)
        return super().look(replace(case, codes=[case.passes_wire]) if is_told else case)

    def send(self, case):
        self.broker.deliver(case.topic, case.payload, case.properties)
        return True

    def answers(self, topic):
        return [p.payload for p in list(self.broker.published) if p.topic == topic]

    def expects_nothing(self, case):
        return not case.codes or not case.is_answerable

    def may_arrive(self, _):
        return True


@pytest.fixture(scope="module", params=[BrokeredVictim, WireVictim],
                ids=["through Mosquitto", "on the wire"])
def victim(request, tmp_path_factory):
    with contextlib.ExitStack() as stack:
        endpoint = Endpoint().start()
        stack.callback(endpoint.stop)
        victim = request.param(tmp_path_factory.mktemp("victim"), endpoint, stack)
        victim.say_good_word()
        victim.rss_before = memory_of(victim.bridge)
        yield victim


@pytest.mark.parametrize("name", MESSAGES)
def test_every_message_of_the_table_is_refused_as_it_says(victim, name):
    is_on_wire = isinstance(victim, WireVictim)
    mistakes = []
    for case in table.messages(name):
        if case.passes_wire if is_on_wire else case.passes_broker != "skip":
            mistake = victim.look(case)
            mistakes += [f"{case.name}: {mistake}"] if mistake else []

    assert not mistakes, "\n".join(mistakes)
    assert not victim.spoke_though_silent()


def test_mutants_are_refused(victim):
    chance = random.Random(20150528)
    seeds = [json.dumps(UPDATE).encode(), b'{"abortConfig":{"criteriaList":[{}]}}',
             b'{"description":"\\u0000"}', b'{"description":"\\ud800"}', b'{"a":1e999}',
             b'{"timeoutConfig":{"inProgressTimeoutInMinutes":1e30}}', b"\xef\xbb\xbf{}",
             b"[" * 20000, b'{"a":' * 20000, b"\0" * 1000, b'{"things":[' + b"1," * 9999 + b"1]}"]
    topics = [command_topic(f"mutant-{number}", "pump-1") for number in range(300)]
    for topic in topics:
        payload = bytearray(chance.choice(seeds))
        for _ in range(chance.randrange(1, 8)):
            payload[chance.randrange(len(payload))] = chance.randrange(256)
        # A clientToken that is no string makes sure that no mutant is a valid command.
        victim.publish(topic.encode(), b'{"clientToken":0,' + bytes(payload[1:]))
    for topic in topics:
        until(lambda: victim.answers(topic + "/rejected"), f"a refusal on {topic}")
    victim.tried += len(topics)
    victim.refused += len(topics)


def bad_lines(bridge):
    """Log lines that are no logfmt of printable ASCII."""
    return [line for line in bridge.process.log.read_bytes().decode("latin-1").split("\n")[:-1]
            if not LOGFMT.fullmatch(line)]


def test_none_of_it_had_an_effect(victim, capsys, record_property):
    """Last in this file of those with a victim, whatever of it has run before."""
    if victim.tried == 0:
        for case in table.messages("payloads"):
            victim.look(case)
    victim.say_good_word()
    calls, rss = len(victim.endpoint.requests), memory_of(victim.bridge)

    victim.publish(command_topic("alive", "pump-1").encode(), json.dumps(UPDATE).encode())
    until(lambda: victim.answers(command_topic("alive", "pump-1") + "/accepted"), "a good command")

    summary = (f"hostile input {type(victim).__name__}: {victim.tried} tried, {victim.refused} "
               f"refused, {len(victim.silent)} not taken or not answered, {calls} calls, RSS "
               f"{victim.rss_before} KiB before, {rss} KiB after")
    record_property("summary", summary)
    with capsys.disabled():
        print("\n" + summary)
    assert calls == 0, victim.endpoint.requests[0]
    assert [request.target for request in victim.endpoint.requests] == ["/jobs/alive"]
    assert victim.bridge.process.is_alive and victim.bridge.is_ready
    assert not bad_lines(victim.bridge)
    assert not victim.bridge.log_lines(event="forged")
    assert not victim.bridge.log_lines(event="mqtt_lost")
    assert victim.bridge.run("dead", "list").stdout.strip() in ("", "[]")
    assert has_sanitizer(victim.bridge) or rss - victim.rss_before < GROWTH_MAX


HUGE = b'{"description":"' + b"x" * 8_000_000 + b'"}'


def test_a_huge_message_of_mqtt_3_is_refused(scripted, new_broker, new_device, endpoint):
    """An MQTT 5 broker is told the largest packet; one of MQTT 3.1.1 cannot be."""
    broker = new_broker().start()
    scripted({"mqtt": {"version": 3}}, broker).start()
    device, topic = new_device("pump-1", broker), command_topic("huge", "pump-1")

    device.publish(topic, HUGE)

    answer = device.expect(topic + "/rejected")
    assert len(answer.payload) < 4096
    assert device.update("alive", UPDATE).is_accepted and len(endpoint.requests) == 1


def answers_to(request, port):
    """The statuses that are answered until the other side hangs up or has nothing more to say."""
    received = b""
    with socket.create_connection(("127.0.0.1", port), PATIENCE) as sock:
        with contextlib.suppress(ConnectionError):  # it may hang up in the middle
            sock.sendall(request.data)
        sock.settimeout(SILENCE if None in request.statuses else PATIENCE)
        with contextlib.suppress(ConnectionError, TimeoutError):
            while part := sock.recv(65536):
                received += part
                sock.settimeout(SILENCE)
    return statuses_of(received)


def statuses_of(received):
    """libmicrohttpd writes the head of its own refusals (which are HTML) twice and hangs up."""
    ours, its = [], []
    for head in re.findall(rb"HTTP/1\.[01] .*?\r\n\r\n", received, re.DOTALL):
        (ours if b"json" in head else its).append(int(head.split()[1]))
    return ours + its[::2]


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """A bridge with its embedded endpoint, in which no job was made."""
    folder = tmp_path_factory.mktemp("served")
    with contextlib.ExitStack() as stack:
        broker = Broker(folder / "broker")
        stack.callback(broker.stop)
        bridge = Bridge(folder / "bridge", broker.start())
        stack.callback(bridge.end)
        bridge.broker = broker
        yield bridge.start()


@pytest.mark.parametrize("address", ["embedded", "admin"])
def test_every_request_of_the_table_is_answered_as_it_says(served, address):
    port = served.port if address == "embedded" else served.admin_port
    mistakes = []
    for request in table.requests():
        statuses = answers_to(request, port)
        if len(statuses) > 1 or (statuses or [None])[0] not in request.statuses:
            mistakes.append(f"{request.name}: {statuses}, not one of {request.statuses}")

    assert not mistakes, "\n".join(mistakes)
    assert served.is_ready and not bad_lines(served)
    listed = served.run("jobs", "list")
    assert (listed.returncode, listed.stdout) == (0, ""), "a job was made"


class SlowClients:
    """Connections that send a byte now and then, of a request without end, or ask and never read."""

    def __init__(self, port, count, is_reading):
        self.request = b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: "
        if not is_reading:
            self.request = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n" * 1000
        self.sockets = []
        for _ in range(count):
            sock = socket.socket()
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            sock.setblocking(False)
            sock.connect_ex(("127.0.0.1", port))
            self.sockets.append(sock)
        self.go_on(self.request)

    def go_on(self, data=b"a"):
        for sock in self.sockets:
            with contextlib.suppress(OSError):  # full, or hung up on
                sock.send(data)

    def close(self):
        for sock in self.sockets:
            sock.close()


@pytest.mark.parametrize("is_reading", [True, False], ids=["one byte at a time", "never reading"])
@pytest.mark.parametrize("address", ["admin", "embedded"])
def test_slow_http_clients_keep_nobody_out(served, new_device, address, is_reading):
    """More of them than there are places."""
    port = served.port if address == "embedded" else served.admin_port
    clients = SlowClients(port, 600 if address == "embedded" else 100, is_reading)
    device = new_device("pump-1", served.broker)

    for _ in range(3):
        clients.go_on()
        assert served.admin("/healthz")[0] == 200 and served.is_ready
        answer = device.update("none", {"description": f"x{time.monotonic_ns()}"})
        assert answer.json["code"] == "ResourceNotFound"
        assert served.run("jobs", "list").returncode == 0

    clients.close()


def test_slow_http_clients_end_no_stream(served):
    """Those who watch the dashboard's events never ask again, and stay."""
    watching = []
    for _ in range(16):
        sock = socket.create_connection(("127.0.0.1", served.admin_port), PATIENCE)
        sock.sendall(b"GET /api/events HTTP/1.1\r\nHost: x\r\n\r\n")
        assert b" 200 " in sock.recv(4096)
        watching.append(sock)
    clients = SlowClients(served.admin_port, 100, is_reading=True)

    for _ in range(3):
        clients.go_on()
        assert served.admin("/healthz")[0] == 200

    clients.close()
    for sock in watching:
        sock.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while sock.recv(65536):
                pass
            pytest.fail("a stream was ended")
        sock.close()


@pytest.mark.timeout(600)
def test_a_crowd_of_things_leaves_nothing_behind(scripted, new_broker, new_device, endpoint, capsys,
                                                 record_property):
    """100,000 names, each with one command: all of them wait, are done, and are forgotten."""
    broker = new_broker(is_durable=False).start()
    bridge = scripted(broker=broker).start()
    device = new_device("last", broker, filters=("jobs-bridge/things/last/#",))
    assert device.update("crowd", UPDATE).is_accepted
    count = 10_000 if has_sanitizer(bridge) else 100_000
    before, gate = memory_of(bridge), threading.Event()
    endpoint.otherwise(Reply(gate=gate))

    publish_crowd(broker, count)
    topic, token = device.send("crowd", UPDATE)
    full = memory_of(bridge)
    gate.set()
    assert device.answer(topic, token, patience=300).is_accepted
    until(lambda: bridge.process.output.count(" event=accepted ") == count + 2, "all of them", 300)
    until(lambda: has_sanitizer(bridge) or memory_of(bridge) - before < CROWD_GROWTH_MAX, "the memory")

    after = memory_of(bridge)
    summary = (f"{count} things: {len(endpoint.requests)} calls, RSS {before} KiB before, {full} KiB "
               f"while they waited, {after} KiB after")
    record_property("summary", summary)
    with capsys.disabled():
        print("\n" + summary)
    assert sum(request.json == UPDATE for request in endpoint.requests) == len(endpoint.requests)
    assert not bad_lines(bridge)


def publish_crowd(broker, count):
    client = RawClient(broker)
    for start in range(0, count, 100):
        for number in range(start, start + 100):
            topic = command_topic("crowd", f"thing-{number}")
            client.write(topic.encode(), json.dumps(UPDATE).encode())
        for _ in range(100):
            assert client.read().kind == packets.PUBACK
    client.close()


def test_a_subscriber_that_does_not_read_harms_nobody(scripted, new_broker, new_device):
    broker = new_broker(is_durable=False).start()
    bridge = scripted(broker=broker).start()
    device = new_device("pump-1", broker, filters=("jobs-bridge/things/pump-1/#",))
    slow = RawClient(broker, receive_buffer=4096)
    slow.subscribe("jobs-bridge/#")
    payload = {"description": "\U0001F600" * 2028, "dryRun": True}
    device.update("warm", payload)
    before = memory_of(bridge)

    for number in range(500):
        device.send("many", {**payload, "clientToken": f"t-{number}"}, is_waiting=False)
    assert device.answer(command_topic("many", "pump-1"), "t-499").is_accepted

    assert device.update("alive", UPDATE).is_accepted
    assert bridge.is_ready and (has_sanitizer(bridge) or memory_of(bridge) - before < GROWTH_MAX)
    slow.close()
