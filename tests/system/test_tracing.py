"""W3C trace context: from a command's user properties to the call, the log, the answer, the events."""

import os
import subprocess
import threading

import pytest
from test_sigv4_against_botocore import SCOPE, botocore_signature

from actors import Bridge
from actors.device import command_topic
from actors.endpoint import Reply

TRACE_ID = "0af7651916cd43dd8448eb211c80319c"
SPAN_ID = "b7ad6b7169203331"
PARENT = f"00-{TRACE_ID}-{SPAN_ID}-01"
OTHER = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"
STATE = "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE"
UPDATE = {"description": "traced"}


def traced(parent=PARENT, state=None):
    return [("traceparent", parent)] + ([("tracestate", state)] if state else [])


def trace_of(message):
    return dict(getattr(message.properties, "UserProperty", []))


def gate_at(endpoint):
    """Holds the next reply back until it is set."""
    gate = threading.Event()
    endpoint.script(Reply(gate=gate))
    return gate


@pytest.fixture
def world(scripted, new_broker, new_device):
    """A bridge at the scripted endpoint, and a thing."""
    broker = new_broker().start()
    bridge = scripted({"jobs": {"max_in_flight": 1}}, broker=broker).start()
    return bridge, new_device("pump-1", broker)


def test_it_goes_wherever_its_command_goes(world, endpoint):
    bridge, device = world

    answer = device.update("j", UPDATE, namespace="n", user=traced(state=STATE))

    notify = device.expect("$aws/things/pump-1/jobs/j/notify-namespace-n/")
    event = device.expect("jobs-bridge/events/jobs/j")
    for message in (answer, notify, event):
        assert trace_of(message) == {"traceparent": PARENT, "tracestate": STATE}
    assert event.json["traceparent"] == PARENT
    assert "traceparent" not in answer.json
    assert endpoint.requests[0].headers["traceparent"] == PARENT
    assert endpoint.requests[0].headers["tracestate"] == STATE
    assert bridge.log_lines(event="accepted", trace_id=TRACE_ID, parent_span_id=SPAN_ID)


def test_the_signature_does_not_cover_it_and_is_right(world, endpoint):
    _, device = world

    device.update("j", UPDATE, user=traced(state=STATE))

    request = endpoint.requests[0]
    scope = SCOPE.match(request.headers["authorization"]).groupdict()
    assert not {"traceparent", "tracestate"} & set(scope["signed"].split(";"))
    assert scope["signature"] == botocore_signature(request, request.headers["host"], scope, None)


def test_the_embedded_endpoint_finds_the_signature_right(bridge, device, new_job):
    assert device.update(new_job(), UPDATE, user=traced(state=STATE)).is_accepted


@pytest.mark.parametrize("user", [
    [], traced(""), traced("00"), traced(PARENT.upper()), traced("01" + PARENT[2:]),
    traced(f"00-{'0' * 32}-{SPAN_ID}-01"), traced(f"00-{TRACE_ID}-{'0' * 16}-01"),
    traced(PARENT + " x"), traced(PARENT) + traced(OTHER), [("tracestate", STATE)],
    [("Traceparent", PARENT)]])
def test_anything_else_is_ignored(world, endpoint, user):
    bridge, device = world

    answer = device.update("j", UPDATE, namespace="n", user=user)

    assert answer.is_accepted
    event = device.expect("jobs-bridge/events/jobs/j")
    assert trace_of(answer) == {} and trace_of(event) == {} and "traceparent" not in event.json
    assert not {"traceparent", "tracestate"} & set(endpoint.requests[0].headers)
    assert not any("trace_id" in line for line in bridge.log_lines())


def test_a_state_that_is_wrong_goes_alone(world, endpoint):
    _, device = world

    answer = device.update("j", UPDATE, user=traced(state="no list"))

    assert trace_of(answer) == {"traceparent": PARENT}
    assert "tracestate" not in endpoint.requests[0].headers


def test_a_shared_call_carries_the_newest(world, endpoint):
    _, device = world
    first_call = gate_at(endpoint)
    device.send("held", UPDATE)
    endpoint.wait_for(1)
    first = device.send("j", UPDATE, user=traced(PARENT))
    second = device.send("j", UPDATE, user=traced(OTHER))
    third = device.send("j", UPDATE)
    device.update("rejected", {"description": ""})  # the bridge has taken in all before it

    first_call.set()

    answers = [device.answer(*sent) for sent in (first, second, third)]
    assert [answer.json["coalesced"] for answer in answers] == [3, 3, 3]
    assert [trace_of(answer).get("traceparent") for answer in answers] == [PARENT, OTHER, None]
    assert endpoint.requests[1].headers["traceparent"] == OTHER


def test_it_outlives_a_kill(world, endpoint):
    bridge, device = world
    gate_at(endpoint)
    sent = device.send("j", UPDATE, user=traced(state=STATE))
    endpoint.wait_for(1)

    bridge.kill()
    bridge.start()

    assert trace_of(device.answer(*sent)) == {"traceparent": PARENT, "tracestate": STATE}
    assert endpoint.wait_for(2)[1].headers["traceparent"] == PARENT


def test_send_takes_it_from_the_environment(world, endpoint):
    bridge, device = world

    def send(**env):
        argv = [str(Bridge.program), "send", "--config", str(bridge.file), "--job", "j",
                '{"description": "d"}']
        return subprocess.run(argv, env={**os.environ, **bridge.env, **env}, capture_output=True,
                              text=True, timeout=60)

    assert send(TRACEPARENT=PARENT, TRACESTATE=STATE).stderr == ""
    assert endpoint.requests[0].headers["traceparent"] == PARENT
    assert endpoint.requests[0].headers["tracestate"] == STATE
    answer = device.expect(command_topic("j") + "/accepted")
    assert trace_of(answer) == {"traceparent": PARENT, "tracestate": STATE}
    done = send(TRACEPARENT="yes")
    assert done.returncode == 0 and "TRACEPARENT" in done.stderr
    assert "traceparent" not in endpoint.requests[1].headers


def test_mqtt_3_1_1_has_none(scripted, new_broker, new_device, endpoint):
    broker = new_broker().start()
    scripted({"mqtt": {"version": "3.1.1"}}, broker=broker).start()
    device = new_device("pump-1", broker)

    answer = device.update("j", UPDATE, user=traced())

    assert answer.is_accepted and trace_of(answer) == {}
    assert "traceparent" not in endpoint.requests[0].headers
