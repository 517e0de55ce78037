"""aws and boto3, as they are, at the embedded endpoint."""

import datetime
import json
import sys
import types

import pytest
from botocore.exceptions import ClientError

from actors import AwsError
from actors.aws import boto3_client, credentials_of, thing_arn

EVERY_FIELD = {
    "description": "all of it, déjà vu",
    "presignedUrlConfig": {"roleArn": "arn:aws:iam::123456789012:role/S3Role",
                           "expiresInSec": 300},
    "jobExecutionsRolloutConfig": {
        "maximumPerMinute": 50,
        "exponentialRate": {"baseRatePerMinute": 10, "incrementFactor": 1.5,
                            "rateIncreaseCriteria": {"numberOfNotifiedThings": 100}}},
    "abortConfig": {"criteriaList": [{"failureType": "ALL", "action": "CANCEL",
                                      "thresholdPercentage": 12.25,
                                      "minNumberOfExecutedThings": 3}]},
    "timeoutConfig": {"inProgressTimeoutInMinutes": 90},
}
OPTION = {"presignedUrlConfig": "presigned_url_config", "abortConfig": "abort_config",
          "jobExecutionsRolloutConfig": "job_executions_rollout_config",
          "timeoutConfig": "timeout_config", "description": "description"}


def test_the_command_line_walks_a_job_through_its_life(aws):
    created = aws("create-job", job_id="life", targets=[thing_arn("pump-1")],
                  document='{"a": 1}', namespace_id="my-ns", description="first")
    assert created["jobId"] == "life" and created["jobArn"].endswith(":job/life")

    aws("update-job", job_id="life", namespace_id="my-ns",
        **{OPTION[name]: value for name, value in EVERY_FIELD.items()})

    job = aws("describe-job", job_id="life")["job"]
    assert {name: job[name] for name in EVERY_FIELD} == EVERY_FIELD
    assert job["targets"] == [thing_arn("pump-1")] and job["status"] == "IN_PROGRESS"
    document = aws("get-job-document", job_id="life")["document"]
    assert json.loads(document) == {"a": 1}
    assert aws("cancel-job", job_id="life")["jobId"] == "life"
    assert aws("describe-job", job_id="life")["job"]["status"] == "CANCELED"
    assert aws("delete-job", job_id="life", namespace_id="my-ns") is None
    with pytest.raises(AwsError) as refusal:
        aws("describe-job", job_id="life")
    assert refusal.value.code == "ResourceNotFoundException"


def test_boto3_sets_every_field(iot, new_job):
    job = new_job(namespace="my-ns")

    iot.update_job(jobId=job, namespaceId="my-ns", **EVERY_FIELD)

    described = iot.describe_job(jobId=job)["job"]
    assert {name: described[name] for name in EVERY_FIELD} == EVERY_FIELD
    assert described["namespaceId"] == "my-ns"
    now = datetime.datetime.now(datetime.timezone.utc)
    for name in ("createdAt", "lastUpdatedAt"):
        assert abs(described[name] - now) < datetime.timedelta(minutes=1)


def test_an_update_leaves_the_other_fields_alone(iot, new_job):
    job = new_job()
    iot.update_job(jobId=job, **EVERY_FIELD)

    iot.update_job(jobId=job, timeoutConfig={"inProgressTimeoutInMinutes": 5})

    described = iot.describe_job(jobId=job)["job"]
    assert described["timeoutConfig"] == {"inProgressTimeoutInMinutes": 5}
    assert described["description"] == EVERY_FIELD["description"]
    assert described["abortConfig"] == EVERY_FIELD["abortConfig"]


def test_lists_come_in_pages(iot, new_job):
    created = {new_job("paged", namespace="pages") for _ in range(7)}

    pages = list(iot.get_paginator("list_jobs").paginate(
        namespaceId="pages", PaginationConfig={"PageSize": 3}))

    assert [len(page["jobs"]) for page in pages] == [3, 3, 1]
    assert {job["jobId"] for page in pages for job in page["jobs"]} == created


def test_lists_can_be_filtered_by_status(iot, new_job):
    live, cancelled = new_job("s", namespace="status"), new_job("s", namespace="status")
    iot.cancel_job(jobId=cancelled)

    def listed(status):
        answer = iot.list_jobs(namespaceId="status", status=status)
        return [job["jobId"] for job in answer["jobs"]]

    assert listed("IN_PROGRESS") == [live] and listed("CANCELED") == [cancelled]


def test_executions_are_seen_from_job_and_thing(iot):
    iot.create_job(jobId="both", targets=[thing_arn("pump-8"), thing_arn("pump:9")],
                   document="{}")

    of_job = iot.list_job_executions_for_job(jobId="both")["executionSummaries"]
    of_thing = iot.list_job_executions_for_thing(thingName="pump:9")["executionSummaries"]
    execution = iot.describe_job_execution(jobId="both", thingName="pump:9")["execution"]

    assert {row["thingArn"] for row in of_job} == {thing_arn("pump-8"), thing_arn("pump:9")}
    assert {row["jobExecutionSummary"]["status"] for row in of_job} == {"QUEUED"}
    assert [row["jobId"] for row in of_thing] == ["both"]
    assert execution["jobId"] == "both" and execution["status"] == "QUEUED"
    assert execution["executionNumber"] == 1 and execution["thingArn"] == thing_arn("pump:9")


def test_a_cancelled_job_has_cancelled_executions(iot, new_job):
    job = new_job("pump-5")

    iot.cancel_job(jobId=job, reasonCode="NOT_NEEDED", comment="changed our mind")

    described = iot.describe_job(jobId=job)["job"]
    assert (described["status"], described["reasonCode"]) == ("CANCELED", "NOT_NEEDED")
    execution = iot.describe_job_execution(jobId=job, thingName="pump-5")["execution"]
    assert execution["status"] == "CANCELED"


def test_errors_arrive_as_typed_exceptions(iot, new_job):
    job = new_job()

    with pytest.raises(iot.exceptions.ResourceNotFoundException):
        iot.update_job(jobId="nobody", description="x")
    with pytest.raises(iot.exceptions.InvalidRequestException) as refusal:
        iot.update_job(jobId=job, description="x" * 2029)
    assert "description" in refusal.value.response["Error"]["Message"]
    assert refusal.value.response["ResponseMetadata"]["RequestId"]
    with pytest.raises(iot.exceptions.ResourceAlreadyExistsException):
        iot.create_job(jobId=job, targets=[thing_arn("another")], document="{}")
    with pytest.raises(iot.exceptions.InvalidStateTransitionException):
        iot.delete_job(jobId=job)


def test_a_job_of_another_namespace_is_not_found(iot, new_job):
    job = new_job(namespace="my-ns")

    with pytest.raises(iot.exceptions.ResourceNotFoundException):
        iot.update_job(jobId=job, namespaceId="another", description="x")


@pytest.mark.parametrize("signing_name", ["iot", "execute-api"])
def test_both_signing_names_are_known(bridge, signing_name):
    assert "jobs" in boto3_client(bridge, signing_name).list_jobs(maxResults=1)


def test_another_signing_name_is_refused(bridge):
    with pytest.raises(ClientError) as refusal:
        boto3_client(bridge, "s3").list_jobs()
    assert refusal.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403


def test_an_unsigned_request_is_refused(aws):
    with pytest.raises(AwsError) as refusal:
        aws("list-jobs", "--no-sign-request")
    assert refusal.value.code == "MissingAuthenticationTokenException"


def test_a_wrong_secret_is_refused(bridge):
    access_key, _ = credentials_of(bridge.credentials_file)
    with pytest.raises(ClientError) as refusal:
        boto3_client(bridge, keys=(access_key, "wrong")).list_jobs()
    assert refusal.value.response["Error"]["Code"] == "InvalidSignatureException"


def test_an_unknown_key_is_refused(bridge):
    with pytest.raises(ClientError) as refusal:
        boto3_client(bridge, keys=("AKIDUNKNOWN", "wrong")).list_jobs()
    assert refusal.value.response["Error"]["Code"] == "UnrecognizedClientException"


@pytest.mark.parametrize("minutes", [-6, 6])
def test_a_clock_that_is_off_is_refused(bridge, monkeypatch, minutes):
    class Skewed(datetime.datetime):
        @classmethod
        def utcnow(cls):
            return super().utcnow() + datetime.timedelta(minutes=minutes)

    skewed = types.SimpleNamespace(datetime=Skewed, timezone=datetime.timezone)
    client = boto3_client(bridge)
    assert "jobs" in client.list_jobs(maxResults=1)
    for name in ("botocore.auth", "botocore.crt.auth"):  # the latter where awscrt is installed
        if name in sys.modules:
            monkeypatch.setattr(sys.modules[name], "datetime", skewed)
    with pytest.raises(ClientError) as refusal:
        client.list_jobs()
    assert refusal.value.response["Error"]["Code"] == "InvalidSignatureException"


def test_the_credentials_are_for_their_owner_only(bridge):
    assert bridge.credentials_file.stat().st_mode & 0o777 == 0o600


def test_jobs_survive_a_restart(new_broker, new_bridge):
    bridge = new_bridge(new_broker().start()).start()
    boto3_client(bridge).create_job(jobId="kept", targets=[thing_arn("t")], document="{}")
    keys = bridge.credentials_file.read_text()

    bridge.kill()
    bridge.start()

    assert bridge.credentials_file.read_text() == keys
    assert boto3_client(bridge).describe_job(jobId="kept")["job"]["jobId"] == "kept"
