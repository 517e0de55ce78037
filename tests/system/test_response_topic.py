"""MQTT 5: the answer goes to the Response Topic and carries the Correlation Data."""

import pytest

UPDATE = {"description": "asked with a response topic"}


def test_the_answer_goes_to_the_response_topic_only(device, new_job):
    job = new_job()

    topic, token = device.send(job, UPDATE, response_topic="replies/pump-1", correlation=b"\0\xff7")

    answer = device.expect("replies/pump-1")
    assert answer.json["clientToken"] == token and answer.json["jobId"] == job
    assert answer.properties.CorrelationData == b"\0\xff7"
    device.expect(f"jobs-bridge/events/jobs/{job}")
    assert not device.seen(topic + "/accepted")


def test_a_refusal_goes_there_too(device):
    device.send("j", {"nonsense": 1}, response_topic="replies/refused", correlation=b"c")

    answer = device.expect("replies/refused")
    assert answer.json["code"] == "InvalidRequest"
    assert answer.properties.CorrelationData == b"c"


def test_correlation_data_is_echoed_on_the_default_topic(device, new_job):
    answer = device.update(new_job(), UPDATE, correlation=b"on its own")

    assert answer.is_accepted and answer.properties.CorrelationData == b"on its own"


@pytest.mark.parametrize("invalid", [
    "$aws/things/pump-1/jobs/j/notify",
    "jobs-bridge/status",
    "jobs-bridge/events/jobs/j",
    "jobs-bridge/things/pump-2/jobs/j/update",
    "jobs-bridge/jobs/j/update",
    "replies/" + "x" * 256,
    "replies/1/2/3/4/5/6/7/8",
])
def test_an_unsuitable_response_topic_falls_back_to_the_default(device, new_job, invalid):
    job = new_job()

    topic, token = device.send(job, UPDATE, response_topic=invalid, correlation=b"c")

    answer = device.answer(topic, token)
    assert answer.is_accepted and answer.properties.CorrelationData == b"c"
    device.expect(f"jobs-bridge/events/jobs/{job}")
    assert not [m for m in device.seen(invalid) if token.encode() in m.payload]


def test_two_requesters_get_their_own_answers(new_device, new_job):
    one, two, job = new_device("pump-1"), new_device("pump-2"), new_job()

    one.send(job, UPDATE, response_topic="replies/one", correlation=b"1")
    two.send(job, UPDATE, response_topic="replies/two", correlation=b"2")

    assert one.expect("replies/one").properties.CorrelationData == b"1"
    assert two.expect("replies/two").properties.CorrelationData == b"2"
