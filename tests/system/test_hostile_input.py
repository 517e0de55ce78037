"""Whatever is published: it is refused, nothing of it reaches the endpoint, the daemon lives."""

import json
import random
import socket

import pytest

from actors.device import command_topic

UPDATE = {"description": "x"}


@pytest.fixture
def target(scripted, new_broker, new_device, endpoint):
    """A device at a bridge; afterwards the bridge works and the only call was this proof of it."""
    broker = new_broker().start()
    bridge = scripted(broker=broker).start()
    device = new_device("pump-1", broker)
    device.bridge, device.broker = bridge, broker
    yield device
    assert device.update("alive", UPDATE).is_accepted
    assert [request.target for request in endpoint.requests] == ["/jobs/alive"]
    bridge.stop()


# Without what the broker itself refuses in a topic: wildcards and control characters.
IDENTIFIERS = ["..", ".", "%2f", "..%2f..", "a%0d%0aX-Evil:1", "a b", "a?b=c", "a%23b",
               "a&namespaceId=x", "a;b", "a'b", 'a"b', "a\\b", "ä", "\u202e", "a" * 65, "{job}",
               "$next", "<script>"]
REFUSED_BY_BROKERS = ["+", "#", "a/b", "../../x", "a\rb", "a\nb", "a\r\nX-Evil: 1", "\x85"]


@pytest.mark.parametrize("place", ["job", "thing", "namespace"])
def test_identifiers_cannot_reach_a_url_or_a_topic(target, place):
    for identifier in IDENTIFIERS:
        if place == "thing":
            topic = command_topic("j", identifier * 3)
        elif place == "job":
            topic = command_topic(identifier, "pump-1")
        else:
            topic = command_topic("j", "pump-1", identifier)
        target.publish(topic, UPDATE)
        assert target.expect(topic + "/rejected").json["code"] == "InvalidTopic", topic
    ours = ("jobs-bridge/things/", "jobs-bridge/status")
    assert all(m.topic.startswith(ours) for m in target.messages)


def test_namespaces_of_the_payload_cannot_either(target):
    for number, identifier in enumerate(IDENTIFIERS + REFUSED_BY_BROKERS):
        answer = target.update(f"j{number}", {**UPDATE, "namespaceId": identifier})
        assert (answer.json["code"], answer.json["field"]) == ("InvalidRequest", "namespaceId")


def test_a_nul_is_no_text(target):
    for number, text in enumerate(('"namespaceId":"a\\u0000b"', '"things":["a\\u0000b"]',
                                   '"description":"a\\u0000b"', '"clientToken":"a\\u0000b"')):
        topic = command_topic(f"nul-{number}", "pump-1")
        target.publish(topic, "{%s}" % text)
        assert target.expect(topic + "/rejected").json["code"] in ("InvalidJson", "InvalidRequest")


def test_things_of_the_payload_cannot_either(target):
    for number, thing in enumerate(["", "t" * 129] + REFUSED_BY_BROKERS):
        body = target.update(f"j{number}", {**UPDATE, "namespaceId": "ns", "things": [thing]}).json
        assert (body["code"], body["field"]) == ("InvalidRequest", "things[0]")


def test_control_characters_never_reach_the_log_raw(target):
    target.update("j", {**UPDATE, "nonsense\x1b[0m\nlevel=error event=forged": 1})

    output = target.bridge.process.output
    assert "\x1b" not in output
    assert not target.bridge.log_lines(event="forged")
    assert not [line for line in output.splitlines() if line.startswith("level=error")]


def test_garbage_is_answered_and_survived(target):
    chance = random.Random(20150528)
    seeds = [json.dumps(UPDATE).encode(), b'{"abortConfig":{"criteriaList":[{}]}}',
             b'{"description":"\\u0000"}', b'{"description":"\\ud800"}', b'{"a":1e999}',
             b'{"timeoutConfig":{"inProgressTimeoutInMinutes":1e30}}', b"\xef\xbb\xbf{}",
             b"[" * 20000, b'{"a":' * 20000, b"\0" * 1000, b'{"things":[' + b"1," * 9999 + b"1]}"]
    for number in range(300):
        payload = bytearray(chance.choice(seeds))
        for _ in range(chance.randrange(1, 8)):
            payload[chance.randrange(len(payload))] = chance.randrange(256)
        # A clientToken that is no string makes sure that no mutant is a valid command.
        garbage = b'{"clientToken":0,' + bytes(payload[1:])
        target.publish(command_topic(f"garbage-{number}", "pump-1"), garbage, qos=0)
    for number in range(300):
        target.expect(command_topic(f"garbage-{number}", "pump-1") + "/rejected")


HUGE = b'{"description":"' + b"x" * 8_000_000 + b'"}'


def test_a_huge_message_does_not_even_arrive(target):
    """The bridge tells an MQTT 5 broker the largest packet it takes."""
    target.publish(command_topic("huge", "pump-1"), HUGE)


def test_a_huge_message_of_mqtt_3_is_refused(scripted, new_broker, new_device, endpoint):
    broker = new_broker().start()
    scripted({"mqtt": {"version": 3}}, broker).start()
    device, topic = new_device("pump-1", broker), command_topic("huge", "pump-1")

    device.publish(topic, HUGE)

    answer = device.expect(topic + "/rejected")
    assert len(answer.payload) < 4096
    assert device.update("alive", UPDATE).is_accepted and len(endpoint.requests) == 1


def test_an_answer_is_no_command(target):
    """Answers published by others on answer topics start nothing and no loop."""
    for suffix in ("accepted", "rejected"):
        target.publish(command_topic("j", "pump-1") + "/" + suffix, UPDATE)
    target.publish("jobs-bridge/events/jobs/update", UPDATE)


def test_garbage_at_the_http_ports_is_survived(new_broker, new_bridge, new_device):
    broker = new_broker().start()
    bridge = new_bridge(broker).start()
    for port in (bridge.port, bridge.admin_port):
        for garbage in (b"\0" * 64, b"GET " + b"/" * 100000 + b" HTTP/1.1\r\n\r\n",
                        b"PATCH /jobs/../../x HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\nx",
                        b"PUT /jobs/x HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n",
                        b"GET /%00%0d%0a HTTP/1.1\r\nHost: x\r\n\r\n"):
            with socket.create_connection(("127.0.0.1", port), 0.5) as sock:
                try:
                    sock.sendall(garbage)
                    sock.recv(4096)
                except OSError:
                    pass  # hung up on, or waited for the rest: as good an answer as any

    assert bridge.is_ready
    assert new_device("p", broker).update("none", UPDATE).json["code"] == "ResourceNotFound"
    bridge.stop()
