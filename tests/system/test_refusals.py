"""What is refused, with which code, and that nothing of it ever reaches the endpoint."""

import json
import time

import pytest

from actors.device import command_topic
from actors.endpoint import not_found

TOPIC = command_topic("j", "pump-1")
DESCRIPTION = {"description": "fine"}


@pytest.fixture
def refusing(scripted, new_broker, new_device):
    """Sends a raw payload, expects a refusal without a call, returns the answer's body."""
    broker = new_broker().start()
    bridge = scripted(broker=broker).start()
    device = new_device("pump-1", broker)

    def refuse(payload, topic=TOPIC, **publish):
        device.publish(topic, payload, **publish)
        return device.expect(topic + "/rejected").json

    refuse.device, refuse.bridge = device, bridge
    return refuse


@pytest.fixture(autouse=True)
def no_call_was_made(endpoint):
    yield
    assert endpoint.requests == []


INVALID_JSON = {
    "empty": b"",
    "text": b"update please",
    "cut": b'{"description": "x"',
    "trailing": b'{"description": "x"} {}',
    "duplicate key": b'{"description": "x", "description": "y"}',
    "duplicate key inside": b'{"timeoutConfig": {"inProgressTimeoutInMinutes": 1, '
                            b'"inProgressTimeoutInMinutes": 2}}',
    "not UTF-8": b'{"description": "\xff\xfe"}',
    "too deep": b'{"description": ' + b"[" * 1000 + b"]" * 1000 + b"}",
}


def test_invalid_json_is_refused_as_such(refusing, endpoint):
    for name, payload in INVALID_JSON.items():
        topic = command_topic("json-" + name.replace(" ", "-"), "pump-1")
        body = refusing(payload, topic)
        assert body["code"] == "InvalidJson", name
        assert body["message"], name
        assert abs(body["timestamp"] - time.time()) < 60, name


def criteria(**changes):
    complete = {"failureType": "FAILED", "action": "CANCEL", "thresholdPercentage": 10,
                "minNumberOfExecutedThings": 1}
    return {"abortConfig": {"criteriaList": [{**complete, **changes}]}}


def rollout(**rate):
    complete = {"baseRatePerMinute": 10, "incrementFactor": 2,
                "rateIncreaseCriteria": {"numberOfNotifiedThings": 10}}
    return {"jobExecutionsRolloutConfig": {"exponentialRate": {**complete, **rate}}}


def retries(count, failure_type="FAILED"):
    return {"jobExecutionsRetryConfig": {
        "criteriaList": [{"failureType": failure_type, "numberOfRetries": count}]}}


INVALID_FIELDS = [
    ("description", {"description": ""}),
    ("description", {"description": "x" * 2029}),
    ("description", {"description": "line\nbreak"}),
    ("description", {"description": 7}),
    ("description", {"description": None}),
    ("presignedUrlConfig.expiresInSec", {"presignedUrlConfig": {"expiresInSec": 59}}),
    ("presignedUrlConfig.expiresInSec", {"presignedUrlConfig": {"expiresInSec": 3601}}),
    ("presignedUrlConfig.roleArn", {"presignedUrlConfig": {"roleArn": "short"}}),
    ("presignedUrlConfig.nonsense", {"presignedUrlConfig": {"nonsense": 1}}),
    ("abortConfig.criteriaList", {"abortConfig": {}}),
    ("abortConfig.criteriaList", {"abortConfig": {"criteriaList": []}}),
    ("abortConfig.criteriaList[0].failureType", criteria(failureType="SOME")),
    ("abortConfig.criteriaList[0].action", criteria(action="STOP")),
    ("abortConfig.criteriaList[0].thresholdPercentage", criteria(thresholdPercentage=100.5)),
    ("abortConfig.criteriaList[0].minNumberOfExecutedThings",
     criteria(minNumberOfExecutedThings=0)),
    ("jobExecutionsRolloutConfig.maximumPerMinute",
     {"jobExecutionsRolloutConfig": {"maximumPerMinute": 0}}),
    ("jobExecutionsRolloutConfig.exponentialRate.incrementFactor", rollout(incrementFactor=1.05)),
    ("jobExecutionsRolloutConfig.exponentialRate.maximumPerMinute", rollout(maximumPerMinute=5)),
    ("jobExecutionsRetryConfig.criteriaList[0].numberOfRetries", retries(11)),
    ("jobExecutionsRetryConfig.criteriaList[0].failureType", retries(0, "REJECTED")),
    ("timeoutConfig.inProgressTimeoutInMinutes",
     {"timeoutConfig": {"inProgressTimeoutInMinutes": 0}}),
    ("timeoutConfig.inProgressTimeoutInMinutes",
     {"timeoutConfig": {"inProgressTimeoutInMinutes": 10081}}),
    ("timeoutConfig.inProgressTimeoutInMinutes",
     {"timeoutConfig": {"inProgressTimeoutInMinutes": 1.5}}),
    ("status", {"status": "CANCELED"}),
    ("targets", {**DESCRIPTION, "targets": []}),
    ("namespaceId", {**DESCRIPTION, "namespaceId": "with space"}),
    ("namespaceId", {**DESCRIPTION, "namespaceId": "n" * 65}),
    ("namespaceId", {**DESCRIPTION, "namespaceId": ""}),
    ("expiresAt", {**DESCRIPTION, "expiresAt": "tomorrow"}),
    ("dryRun", {**DESCRIPTION, "dryRun": "yes"}),
    ("things", {**DESCRIPTION, "things": "pump-2"}),
    ("things", {**DESCRIPTION, "things": [f"t{i}" for i in range(101)]}),
    ("things[1]", {**DESCRIPTION, "things": ["pump-2", "a/b"]}),
]


def test_an_invalid_field_is_named_and_the_token_echoed(refusing):
    for number, (field, payload) in enumerate(INVALID_FIELDS):
        topic = command_topic(f"field-{number}", "pump-1")
        body = refusing({**payload, "clientToken": "tok_1"}, topic)
        assert body["code"] == "InvalidRequest", (payload, body)
        assert body["field"] == field, (payload, body)
        assert body["clientToken"] == "tok_1" and body["message"], (payload, body)


def test_an_invalid_client_token_is_named_but_not_echoed(refusing):
    for number, token in enumerate(["", "with space", "x" * 65, 7]):
        body = refusing({**DESCRIPTION, "clientToken": token}, command_topic(f"t{number}", "p"))
        assert (body["code"], body["field"]) == ("InvalidRequest", "clientToken")
        assert "clientToken" not in body


@pytest.mark.parametrize("payload", [{}, {"clientToken": "t", "namespaceId": "ns"}, [], 7, None])
def test_a_command_that_changes_nothing_is_refused(refusing, payload):
    assert refusing(json.dumps(payload))["code"] in ("InvalidRequest", "InvalidJson")


def test_a_command_over_128_kib_is_refused(refusing):
    body = refusing(json.dumps({"description": "x" * (128 * 1024)}))
    assert body["code"] in ("InvalidRequest", "InvalidJson")


BAD_TOPICS = [
    "jobs-bridge/things/pump-1/jobs/bad.job/update",
    "jobs-bridge/things/pump-1/jobs/" + "j" * 65 + "/update",
    "jobs-bridge/things/bad thing/jobs/j/update",
    "jobs-bridge/things/" + "t" * 129 + "/jobs/j/update",
    "jobs-bridge/things//jobs/j/update",
    "jobs-bridge/things/pump-1/jobs//update",
    "jobs-bridge/things/pump-1/jobs/j/namespace-/update",
    "jobs-bridge/things/pump-1/jobs/j/namespace-a.b/update",
    "jobs-bridge/things/pump-1/jobs/j/shadow-ns/update",
    "jobs-bridge/jobs/bad%2fjob/update",
    "jobs-bridge/jobs/j/namespace-ü/update",
]


def test_a_topic_that_names_nothing_possible_is_refused_on_that_topic(refusing):
    for topic in BAD_TOPICS:
        body = refusing({**DESCRIPTION, "clientToken": "t"}, topic)
        assert body["code"] == "InvalidTopic", topic
        assert body["message"], topic


def test_a_notify_topic_that_gets_too_long_is_refused(refusing):
    body = refusing({**DESCRIPTION, "namespaceId": "n" * 64},
                    command_topic("j" * 64, "t" * 128))
    assert body["code"] in ("InvalidRequest", "InvalidTopic")
    assert "256" in body["message"]


def test_a_command_published_as_retained_is_refused(refusing):
    """It would be repeated to every new subscription."""
    body = refusing(DESCRIPTION, retain=True)
    assert body["code"] == "InvalidRequest" and "retain" in body["message"]


@pytest.mark.parametrize("version", [5, 3])
def test_a_command_that_was_retained_before_is_not_applied(version, scripted, new_broker,
                                                           new_device):
    broker = new_broker().start()
    device = new_device("pump-1", broker)
    device.publish(TOPIC, DESCRIPTION, retain=True)

    scripted({"mqtt": {"version": version}}, broker).start()

    topic = command_topic("other", "pump-1")
    device.publish(topic, {})
    device.expect(topic + "/rejected")
    assert not device.seen(TOPIC + "/accepted")


def test_an_expired_command_is_refused(refusing):
    body = refusing({**DESCRIPTION, "expiresAt": int(time.time()) - 5, "clientToken": "t"})
    assert body["code"] == "Expired" and body["clientToken"] == "t"


def test_a_dry_run_answers_with_the_plan_and_calls_nothing(refusing):
    device = refusing.device
    update = {"description": "ü", "timeoutConfig": {"inProgressTimeoutInMinutes": 5}}

    body = device.update("j", {**update, "dryRun": True}, namespace="my-ns").json

    assert body["dryRun"] is True
    assert body["request"]["method"] == "PATCH"
    assert body["request"]["target"] == "/jobs/j?namespaceId=my-ns"
    sent = body["request"]["body"]
    assert (json.loads(sent) if isinstance(sent, str) else sent) == update
    assert body["notify"] == ["$aws/things/pump-1/jobs/j/notify-namespace-my-ns/"]
    assert not [m for m in device.messages if m.topic.startswith("$aws/")]


class TestRefusedByTheEndpoint:
    @pytest.fixture(autouse=True)
    def no_call_was_made(self):
        """Here there was one."""

    def test_an_unknown_job_is_refused_with_the_words_of_the_endpoint(self, device, bridge):
        body = device.update("no-such-job", DESCRIPTION).json
        assert body["code"] == "ResourceNotFound" and body["message"]

    def test_a_job_of_another_namespace_is_unknown(self, device, new_job):
        body = device.update(new_job(namespace="my-ns"), DESCRIPTION, namespace="another").json
        assert body["code"] == "ResourceNotFound"

    def test_a_cancelled_job_cannot_be_changed(self, device, new_job, iot):
        job = new_job()
        iot.cancel_job(jobId=job)
        assert device.update(job, DESCRIPTION).json["code"] == "InvalidRequest"

    def test_a_permanent_refusal_is_not_tried_again(self, refusing, endpoint):
        endpoint.script(not_found())
        body = refusing({**DESCRIPTION, "clientToken": "t"})
        assert body["code"] == "ResourceNotFound" and body["clientToken"] == "t"
        assert len(endpoint.requests) == 1
