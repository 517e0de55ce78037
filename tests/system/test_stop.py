"""SIGTERM: what is in flight is finished and answered, what waits is kept, all within 5 s."""

import threading

from actors import Reply
from actors.endpoint import unavailable

UPDATE = {"description": "just in time"}


def test_an_idle_bridge_stops_at_once(new_broker, new_bridge):
    bridge = new_bridge(new_broker().start()).start()

    assert bridge.stop() < 2


def test_a_bridge_without_broker_stops(new_broker, new_bridge):
    bridge = new_bridge(new_broker()).start(is_ready=False)
    bridge.wait_alive()

    assert bridge.stop() < 5


def test_calls_in_flight_are_finished_and_answered(scripted, new_broker, new_device, endpoint):
    broker = new_broker().start()
    bridge = scripted(broker=broker).start()
    endpoint.otherwise(Reply(delay=1))
    device = new_device("pump-1", broker)
    sent = [device.send(f"job-{number}", UPDATE) for number in range(4)]
    endpoint.wait_for(4)

    seconds = bridge.stop()

    assert seconds < 5
    for topic, token in sent:
        assert device.answer(topic, token).is_accepted
    device.expect("jobs-bridge/status", lambda m: m.json["status"] == "offline")


def test_a_call_that_never_ends_does_not_keep_the_bridge(scripted, new_broker, new_device,
                                                         endpoint):
    broker, gate = new_broker().start(), threading.Event()
    bridge = scripted(broker=broker).start()
    endpoint.script(Reply(gate=gate))
    device = new_device("pump-1", broker)
    topic, token = device.send("j", UPDATE)
    endpoint.wait_for(1)

    assert bridge.stop() < 5.5
    gate.set()

    bridge.start()
    assert device.answer(topic, token).is_accepted


def test_what_still_waits_is_answered_by_the_next_start(scripted, new_broker, new_device,
                                                        endpoint):
    broker = new_broker().start()
    bridge = scripted({"jobs": {"coalesce": False}}, broker).start()
    endpoint.otherwise(unavailable())
    device = new_device("pump-1", broker)
    sent = [device.send("j", {"description": str(number)}) for number in range(3)]
    endpoint.wait_for(2)

    assert bridge.stop() < 5
    assert not [m for m in device.messages if m.topic.endswith(("/accepted", "/rejected"))]

    tried = len(endpoint.requests)
    endpoint.otherwise(Reply())
    bridge.start()
    for topic, token in sent:
        assert device.answer(topic, token).is_accepted
    applied = [request.json["description"] for request in endpoint.requests[tried:]]
    assert applied == ["0", "1", "2"]


def test_a_second_bridge_takes_over_where_the_first_stopped(scripted, new_broker, new_device):
    broker = new_broker().start()
    bridge = scripted(broker=broker).start()
    device = new_device("pump-1", broker)
    assert device.update("before", UPDATE).is_accepted

    bridge.stop()
    bridge.start()

    assert device.update("after", UPDATE).is_accepted


def test_a_state_folder_serves_one_process(new_broker, new_bridge):
    broker = new_broker().start()
    first = new_bridge(broker).start()
    second = new_bridge(broker)
    second.configure({**second.settings, "state": str(first.state)})

    done = second.run("run")

    assert done.returncode == 1 and str(first.state) in done.stderr
    assert first.is_ready
