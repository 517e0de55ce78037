"""Broker and endpoint come and go; commands are answered all the same."""

import threading
import time

from actors import Endpoint, Reply, free_port, until
from actors.endpoint import cut, fault_in_200, throttled, unavailable

UPDATE = {"description": "through thick and thin"}


def numbered(count):
    return [{"description": f"number {number}"} for number in range(count)]


def test_the_broker_may_come_after_the_bridge(scripted, new_broker, new_device):
    broker = new_broker()
    bridge = scripted(broker=broker).start(is_ready=False)
    status, body = bridge.wait_alive().admin("/readyz")
    assert status == 503 and "broker" in body.lower()

    broker.start()

    bridge.wait_ready()
    assert new_device("pump-1", broker).update("j", UPDATE).is_accepted


def test_a_killed_broker_is_found_again(scripted, new_broker, new_device):
    broker = new_broker().start()
    bridge = scripted(broker=broker).start()
    broker.kill()
    until(lambda: not bridge.is_ready, "the bridge to notice")

    broker.start()

    bridge.wait_ready()
    assert new_device("pump-1", broker).update("j", UPDATE).is_accepted


def test_a_command_under_way_when_the_broker_is_killed_gets_its_answer(
        scripted, new_broker, new_device, endpoint):
    broker, gate = new_broker().start(), threading.Event()
    bridge = scripted(broker=broker).start()
    endpoint.script(Reply(gate=gate))
    device = new_device("pump-1", broker)
    topic, token = device.send("j", UPDATE)
    endpoint.wait_for(1)

    broker.kill()
    until(lambda: not bridge.is_ready, "the bridge to notice")
    broker.start()
    device.wait_subscribed()
    gate.set()

    assert device.answer(topic, token).is_accepted


def test_a_command_decided_while_the_broker_is_away_gets_its_answer(
        scripted, new_broker, new_device, endpoint):
    broker, gate = new_broker().start(), threading.Event()
    bridge = scripted(broker=broker).start()
    endpoint.script(Reply(gate=gate))
    device = new_device("pump-1", broker)
    topic, token = device.send("j", UPDATE)
    endpoint.wait_for(1)

    broker.stop()
    gate.set()
    until(lambda: bridge.log_lines(event="accepted", job="j"), "the decision")
    broker.start()

    assert device.answer(topic, token).is_accepted


def test_the_endpoint_may_come_after_the_command(scripted, new_broker, new_device):
    port, broker = free_port(), new_broker().start()
    settings = {"jobs": {"endpoint": f"http://127.0.0.1:{port}"}}
    bridge = scripted(settings, broker).start()
    device = new_device("pump-1", broker)
    topic, token = device.send("j", UPDATE)
    until(lambda: bridge.log_lines(job="j"), "a failed attempt in the log")
    assert not device.seen(topic + "/rejected")

    endpoint = Endpoint(port).start()

    try:
        answer = device.answer(topic, token)
        assert answer.is_accepted and answer.json["attempts"] > 1
    finally:
        endpoint.stop()


def test_what_passes_is_tried_again(scripted, new_broker, new_device, endpoint):
    broker = new_broker().start()
    scripted(broker=broker).start()
    endpoint.script(cut(), unavailable(), Reply(500, "InternalFailureException"),
                    Reply(body=b"<html>a proxy's page</html>"))

    answer = new_device("pump-1", broker).update("j", UPDATE)

    assert answer.is_accepted
    assert answer.json["attempts"] == len(endpoint.requests) == 5


def test_a_fault_in_a_200_is_no_success(scripted, new_broker, new_device, endpoint):
    broker = new_broker().start()
    scripted(broker=broker).start()
    endpoint.script(fault_in_200())

    assert new_device("pump-1", broker).update("j", UPDATE).json["code"] == "InternalError"


def test_throttling_is_no_error_to_the_device(scripted, new_broker, new_device, endpoint):
    broker = new_broker().start()
    scripted(broker=broker).start()
    endpoint.script(throttled(), throttled())

    answer = new_device("pump-1", broker).update("j", UPDATE)

    assert answer.is_accepted and answer.json["attempts"] == 3
    first, second, third = [request.at for request in endpoint.requests]
    assert second - first > 0.02 and third - second > 0.02


def test_the_order_of_a_job_is_kept_through_failures(scripted, new_broker, new_device, endpoint):
    broker = new_broker().start()
    scripted({"jobs": {"coalesce": False}}, broker).start()
    endpoint.script(unavailable(), throttled(), Reply(), cut())
    device, updates = new_device("pump-1", broker), numbered(8)

    sent = [device.send("j", update) for update in updates]
    for topic, token in sent:
        assert device.answer(topic, token).is_accepted

    took_effect = []
    for request in endpoint.requests[2:3] + endpoint.requests[4:]:
        took_effect.append(request.json)
    assert took_effect == updates
    answers = [m for m in device.messages if m.topic.endswith("/accepted")]
    assert [m.json["clientToken"] for m in answers] == [token for _, token in sent]


def test_a_failing_job_does_not_hold_up_another(scripted, new_broker, new_device, endpoint):
    broker = new_broker().start()
    scripted(broker=broker).start()
    endpoint.script(Reply(delay=2))
    device = new_device("pump-1", broker)
    slow = device.send("slow", UPDATE)
    endpoint.wait_for(1)

    assert device.update("quick", UPDATE).is_accepted
    assert not device.seen(slow[0] + "/accepted")
    assert device.answer(*slow).is_accepted


def test_an_endpoint_that_stays_away_is_said_at_the_deadline(scripted, new_broker, new_device,
                                                            endpoint):
    broker = new_broker().start()
    scripted({"jobs": {"deadline": "2s"}}, broker).start()
    endpoint.otherwise(unavailable())

    body = new_device("pump-1", broker).update("j", UPDATE).json

    assert body["code"] == "ServiceUnavailable" and body["message"]
    assert len(endpoint.requests) > 1


def test_a_call_without_answer_ends_at_the_call_timeout(scripted, new_broker, new_device, endpoint):
    broker = new_broker().start()
    scripted({"jobs": {"call_timeout": "1s"}}, broker).start()
    endpoint.script(Reply(delay=4))

    answer = new_device("pump-1", broker).update("j", UPDATE)

    assert answer.is_accepted and answer.json["attempts"] == 2


def test_refused_credentials_are_no_fault_of_the_device(scripted, new_broker, new_device, endpoint):
    broker = new_broker().start()
    bridge = scripted({"jobs": {"deadline": "2s"}}, broker).start()
    endpoint.otherwise(Reply(403, "UnrecognizedClientException", "The security token is invalid"))

    body = new_device("pump-1", broker).update("j", UPDATE).json

    assert body["code"] == "ServiceUnavailable"
    assert "wJalr" not in bridge.process.output


def test_a_command_that_expires_while_it_waits_is_not_applied(scripted, new_broker, new_device,
                                                              endpoint):
    broker = new_broker().start()
    scripted(broker=broker).start()
    endpoint.otherwise(unavailable())
    device = new_device("pump-1", broker)

    by_payload = device.update("one", {**UPDATE, "expiresAt": int(time.time()) + 2})
    by_mqtt = device.update("two", UPDATE, expiry=1)

    assert by_payload.json["code"] == by_mqtt.json["code"] == "Expired"


def test_a_message_that_expired_at_the_broker_is_never_applied(scripted, new_broker, new_device,
                                                               endpoint):
    broker = new_broker().start()
    bridge = scripted(broker=broker).start()
    bridge.stop()
    device = new_device("pump-1", broker)
    device.send("old", UPDATE, expiry=1)
    gone_at = time.monotonic() + 2.5  # brokers count whole seconds
    until(lambda: time.monotonic() > gone_at, "the message to expire")

    bridge.start()

    assert device.update("new", UPDATE).is_accepted
    assert [request.path for request in endpoint.requests] == ["/jobs/new"]


def test_commands_sent_while_the_bridge_is_down_are_answered_later(scripted, new_broker,
                                                                   new_device):
    broker = new_broker().start()
    bridge = scripted(broker=broker).start()
    bridge.stop()
    device = new_device("pump-1", broker)
    sent = [device.send(f"job-{number}", UPDATE) for number in range(5)]

    bridge.start()

    for topic, token in sent:
        assert device.answer(topic, token).is_accepted


def test_calls_stay_within_the_rate(scripted, new_broker, new_device, endpoint):
    broker = new_broker().start()
    scripted({"jobs": {"rate_per_second": 10, "burst": 5}}, broker).start()
    device = new_device("pump-1", broker)

    for topic, token in [device.send(f"job-{number}", UPDATE) for number in range(25)]:
        assert device.answer(topic, token).is_accepted

    times = [request.at for request in endpoint.requests]
    for first, last in zip(times, times[15:]):
        assert last - first > 0.9, "more than the burst and a second's worth in a second"
