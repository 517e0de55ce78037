"""The main story: a device's MQTT command changes a job, and everybody concerned hears of it."""

import time

import pytest

from actors.aws import thing_arn
from actors.device import command_topic

NS = "my-ns"
TIMEOUT = {"timeoutConfig": {"inProgressTimeoutInMinutes": 120}}


def is_now(epoch_seconds):
    return isinstance(epoch_seconds, int) and abs(epoch_seconds - time.time()) < 60


def documented(thing, job, namespace=NS):
    return f"$aws/things/{thing}/jobs/{job}/notify-namespace-{namespace}/"


def test_the_whole_story_with_the_aws_command_line(aws, device):
    aws("create-job", job_id="story", targets=[thing_arn("pump-1")], document='{"do": "it"}',
        namespace_id=NS)
    update = {"description": "from the pump, déjà vu", **TIMEOUT}

    answer = device.update("story", {**update, "namespaceId": NS})

    assert answer.is_accepted, answer
    assert answer.qos == 1 and not answer.is_retained
    body = answer.json
    assert is_now(body.pop("timestamp"))
    assert body.pop("requestId")
    assert body.pop("clientToken").startswith("token-")
    assert body == {"jobId": "story", "thingName": "pump-1", "namespaceId": NS,
                    "attempts": 1, "coalesced": 1}
    job = aws("describe-job", job_id="story")["job"]
    assert job["description"] == update["description"]
    assert job["timeoutConfig"] == update["timeoutConfig"]
    assert job["namespaceId"] == NS


def test_the_notify_event_says_what_changed_and_what_is_queued(device, new_job):
    job = new_job(namespace=NS)

    device.update(job, {**TIMEOUT, "namespaceId": NS})

    event = device.expect(documented("pump-1", job))
    body = event.json
    assert event.qos == 1 and not event.is_retained
    assert is_now(body.pop("timestamp"))
    queued = body.pop("jobs")["QUEUED"]
    assert body == {"thingName": "pump-1", "jobId": job, "namespaceId": NS, "event": "UPDATED",
                    "update": TIMEOUT}
    assert [summary["jobId"] for summary in queued] == [job]
    assert is_now(queued[0]["queuedAt"]) and is_now(queued[0]["lastUpdatedAt"])
    assert queued[0]["executionNumber"] == 1 and queued[0]["versionNumber"] == 1


def test_the_dashboard_hears_of_an_accepted_command(device, new_job):
    job = new_job(namespace=NS)

    device.update(job, {**TIMEOUT, "namespaceId": NS})

    body = device.expect(f"jobs-bridge/events/jobs/{job}").json
    assert is_now(body["timestamp"])
    assert body["jobId"] == job and body["thingName"] == "pump-1" and body["namespaceId"] == NS
    assert body["event"] == "UPDATED" and body["update"] == TIMEOUT
    assert body["outcome"] == "accepted"
    assert body["attempts"] == 1 and body["coalesced"] == 1
    assert 0 <= body["latencyMs"] < 60000
    assert "source" in body


def test_the_dashboard_hears_of_a_rejected_command(device):
    device.update("no-such-job", TIMEOUT)

    body = device.expect("jobs-bridge/events/jobs/no-such-job").json
    assert body["outcome"] == "rejected" and body["code"] == "ResourceNotFound"


def test_the_namespace_can_stand_in_the_topic(device, new_job, iot):
    job = new_job(namespace=NS)

    answer = device.update(job, TIMEOUT, namespace=NS)

    assert answer.is_accepted
    assert answer.topic == f"jobs-bridge/things/pump-1/jobs/{job}/namespace-{NS}/update/accepted"
    assert answer.json["namespaceId"] == NS
    device.expect(documented("pump-1", job))
    assert iot.describe_job(jobId=job)["job"]["timeoutConfig"] == TIMEOUT["timeoutConfig"]


def test_the_namespace_may_stand_in_both_places_if_it_is_the_same(device, new_job):
    job = new_job(namespace=NS)

    assert device.update(job, {**TIMEOUT, "namespaceId": NS}, namespace=NS).is_accepted


def test_two_different_namespaces_are_refused(device, new_job, iot):
    job = new_job(namespace=NS)

    answer = device.update(job, {**TIMEOUT, "namespaceId": "another"}, namespace=NS)

    assert not answer.is_accepted
    assert answer.json["code"] == "InvalidRequest" and answer.json["field"] == "namespaceId"
    assert "timeoutConfig" not in iot.describe_job(jobId=job)["job"]


def test_a_job_without_namespace_is_changed_without_a_notify_event(device, new_job, iot):
    job = new_job()

    answer = device.update(job, TIMEOUT)

    assert answer.is_accepted and "namespaceId" not in answer.json
    device.expect(f"jobs-bridge/events/jobs/{job}")
    assert iot.describe_job(jobId=job)["job"]["timeoutConfig"] == TIMEOUT["timeoutConfig"]
    assert not [m for m in device.messages if m.topic.startswith("$aws/")]


@pytest.mark.parametrize("in_topic", [None, NS], ids=["payload", "topic"])
def test_an_operator_needs_no_thing(new_device, new_job, iot, in_topic):
    operator, job = new_device(), new_job(namespace=NS)
    payload = {**TIMEOUT} if in_topic else {**TIMEOUT, "namespaceId": NS}

    answer = operator.update(job, payload, namespace=in_topic)

    assert answer.is_accepted and "thingName" not in answer.json
    assert answer.topic.startswith(f"jobs-bridge/jobs/{job}/")
    assert iot.describe_job(jobId=job)["job"]["timeoutConfig"] == TIMEOUT["timeoutConfig"]


def test_every_thing_named_in_things_is_notified(new_device, new_job):
    operator, job = new_device(), new_job("pump-1", namespace=NS)

    operator.update(job, {**TIMEOUT, "namespaceId": NS, "things": ["pump-1", "pump:2"]})

    for thing in ("pump-1", "pump:2"):
        assert operator.expect(documented(thing, job)).json["thingName"] == thing
    assert "jobs" in operator.expect(documented("pump-1", job)).json


def test_a_thing_named_in_things_as_well_is_notified_once(device, new_job):
    job = new_job(namespace=NS)

    device.update(job, {**TIMEOUT, "namespaceId": NS, "things": ["pump-1", "pump-2"]})
    device.expect(documented("pump-2", job))
    device.update(job, {**TIMEOUT, "namespaceId": NS, "things": ["last"]})
    device.expect(documented("last", job))

    assert len(device.seen(documented("pump-2", job))) == 1
    assert len(device.seen(documented("pump-1", job))) == 2


def test_the_presets_and_an_own_template_at_once(new_broker, new_bridge, new_device):
    broker = new_broker().start()
    own = "custom/{root}/{namespace}/{thing}/{job}"
    new_bridge(broker, {"topics": {
        "root": "plant", "notify": ["documented", "greengrass", "greengrass-next", own]}}).start()

    device = new_device("pump-1", broker, filters=["plant/#"])
    topic = command_topic("no-job", "pump-1", root="plant")
    device.publish(topic, {**TIMEOUT, "namespaceId": NS, "clientToken": "t", "dryRun": True})

    planned = device.answer(topic, "t").json["notify"]
    assert planned == [documented("pump-1", "no-job"),
                       f"$aws/things/pump-1/jobs/notify-namespace-{NS}",
                       f"$aws/things/pump-1/jobs/notify-next-namespace-{NS}",
                       f"custom/plant/{NS}/pump-1/no-job"]


def test_every_configured_topic_gets_the_event(new_device, scripted, new_broker):
    broker = new_broker().start()
    scripted({"topics": {"notify": ["greengrass", "custom/{thing}"]}}, broker).start()
    device = new_device("pump-1", broker)

    device.update("j", {**TIMEOUT, "namespaceId": NS})

    greengrass = device.expect(f"$aws/things/pump-1/jobs/notify-namespace-{NS}").json
    assert greengrass == device.expect("custom/pump-1").json
    assert greengrass["update"] == TIMEOUT and "jobs" not in greengrass
    assert not device.seen(documented("pump-1", "j"))


def test_another_reserved_prefix(new_device, scripted, new_broker):
    broker = new_broker().start()
    scripted({"topics": {"reserved_prefix": "custom"}}, broker).start()
    device = new_device("pump-1", broker)

    device.update("j", {**TIMEOUT, "namespaceId": NS})

    device.expect(f"custom/things/pump-1/jobs/j/notify-namespace-{NS}/")
