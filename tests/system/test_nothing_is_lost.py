"""kill -9 at any moment: every command gets its answer, the same one, and no job goes back."""

import random
import threading

import pytest

from actors import Reply
from actors.aws import boto3_client, thing_arn
from actors.endpoint import unavailable

UPDATE = {"description": "only once"}


def answers_to(device, token):
    return [m for m in device.messages if m.topic.endswith(("/accepted", "/rejected"))
            and m.json.get("clientToken") == token]


def assert_one_answer_each(device, sent):
    for topic, token in sent:
        assert device.answer(topic, token).is_accepted
    for _, token in sent:
        # At QoS 1 an answer may arrive twice, but never another one.
        assert len({m.payload for m in answers_to(device, token)}) == 1


def test_commands_that_wait_survive_a_kill(scripted, new_broker, new_device, endpoint):
    broker = new_broker().start()
    bridge = scripted(broker=broker).start()
    endpoint.otherwise(unavailable())
    device = new_device("pump-1", broker)
    sent = [device.send(f"job-{number % 5}", {"description": str(number)})
            for number in range(20)]
    endpoint.wait_for(6)

    bridge.kill()
    endpoint.otherwise(Reply())
    bridge.start()

    assert_one_answer_each(device, sent)
    last = {request.path: request.json["description"] for request in endpoint.requests}
    assert last == {f"/jobs/job-{number % 5}": str(number) for number in range(15, 20)}


def test_a_call_under_way_at_a_kill_is_made_again(scripted, new_broker, new_device, endpoint):
    broker, gate = new_broker().start(), threading.Event()
    bridge = scripted(broker=broker).start()
    endpoint.script(Reply(gate=gate))
    device = new_device("pump-1", broker)
    sent = device.send("j", UPDATE)
    endpoint.wait_for(1)

    bridge.kill()
    gate.set()
    bridge.start()

    assert_one_answer_each(device, [sent])
    assert len(endpoint.requests) == 2


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_kills_at_random_moments(seed, new_broker, new_bridge, new_device):
    """At the embedded endpoint, which is killed with it: the last word sent is the last to stay."""
    chance = random.Random(seed)
    broker = new_broker().start()
    bridge = new_bridge(broker).start()
    device = new_device("pump-1", broker)
    iot = boto3_client(bridge)
    jobs = [f"job-{number}" for number in range(4)]
    for job in jobs:
        iot.create_job(jobId=job, targets=[thing_arn("pump-1")], document="{}")

    sent = []
    for number in range(120):
        sent.append(device.send(chance.choice(jobs), {"description": str(number)}))
        if chance.random() < 0.05:
            bridge.kill()
            bridge.start(is_ready=chance.random() < 0.5)
    bridge.wait_ready()

    assert_one_answer_each(device, sent)
    for job in jobs:
        last = max(n for n, (topic, _) in enumerate(sent) if f"/{job}/" in topic)
        assert iot.describe_job(jobId=job)["job"]["description"] == str(last)


def test_a_kill_of_broker_and_bridge(scripted, new_broker, new_device, endpoint):
    broker = new_broker().start()
    bridge = scripted(broker=broker).start()
    endpoint.otherwise(unavailable())
    device = new_device("pump-1", broker)
    sent = [device.send(f"job-{number}", UPDATE) for number in range(5)]
    endpoint.wait_for(5)

    bridge.kill()
    broker.stop()
    endpoint.otherwise(Reply())
    broker.start()
    device.wait_subscribed()
    bridge.start()

    assert_one_answer_each(device, sent)


def test_a_command_sent_twice_is_applied_once(scripted, new_broker, new_device, endpoint):
    broker = new_broker().start()
    scripted(broker=broker).start()
    device = new_device("pump-1", broker)
    payload = {**UPDATE, "clientToken": "the-same"}

    first = device.update("j", payload)
    topic, _ = device.send("j", payload)

    device.find(lambda m: len(answers_to(device, "the-same")) == 2, "the second answer")
    assert [m.payload for m in answers_to(device, "the-same")] == [first.payload] * 2
    assert device.update("j", UPDATE).is_accepted
    assert len(endpoint.requests) == 2
    assert topic + "/accepted" == first.topic


def test_a_command_sent_again_after_a_kill_is_applied_once(scripted, new_broker, new_device,
                                                           endpoint):
    broker = new_broker().start()
    bridge = scripted(broker=broker).start()
    device = new_device("pump-1", broker)
    payload = {**UPDATE, "clientToken": "the-same"}
    first = device.update("j", payload)

    bridge.kill()
    bridge.start()
    device.send("j", payload)

    device.find(lambda m: len(answers_to(device, "the-same")) >= 2, "the second answer")
    assert {m.payload for m in answers_to(device, "the-same")} == {first.payload}
    assert len(endpoint.requests) == 1


def test_a_rejected_command_sent_twice_is_rejected_alike(scripted, new_broker, new_device,
                                                         endpoint):
    broker = new_broker().start()
    scripted(broker=broker).start()
    endpoint.script(Reply(404, "ResourceNotFoundException", "Job is not found"))
    device = new_device("pump-1", broker)
    payload = {**UPDATE, "clientToken": "the-same"}

    first = device.update("j", payload)
    device.send("j", payload)

    device.find(lambda m: len(answers_to(device, "the-same")) == 2, "the second answer")
    assert {m.payload for m in answers_to(device, "the-same")} == {first.payload}
    assert len(endpoint.requests) == 1
