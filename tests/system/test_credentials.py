"""Credentials that come from services and programs, and are replaced while commands flow."""

import json
import os
import subprocess
import sys
import time

import pytest

from actors import Reply, until
from actors.metrics import Scrape
from actors.token_service import SECRET, TokenService

UPDATE = {"description": "signed with fresh keys"}
SVCUID = "SVCUID0123456789"
NOTHING = {"AWS_SHARED_CREDENTIALS_FILE": os.devnull, "AWS_CONFIG_FILE": os.devnull,
           "AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_SESSION_TOKEN": "",
           "AWS_EC2_METADATA_DISABLED": "true"}


@pytest.fixture
def new_service():
    services = []

    def make(*words, **options):
        services.append(TokenService(*words, **options).start())
        return services[-1]

    yield make
    for service in services:
        service.stop()


@pytest.fixture
def start(new_broker, new_bridge, new_device, endpoint):
    """A bridge with these credentials, which calls an endpoint that knows the service's keys, and
    a device."""
    started = []

    def make(service, credentials, env, is_ready=True):
        endpoint.judge_with(service.judge)
        settings = {"jobs": {"endpoint": endpoint.url, "rate_per_second": 0},
                    "credentials": credentials}
        broker = new_broker().start()
        bridge = new_bridge(broker, settings, env={**NOTHING, **env}).start(is_ready)
        started.append(bridge)
        return bridge, new_device("pump-1", broker)

    yield make
    for bridge in started:
        assert SECRET not in bridge.process.output


def container(service):
    return {"AWS_CONTAINER_CREDENTIALS_FULL_URI":
            service.url + "/2016-11-01/credentialprovider/",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN": SVCUID}


def make_certificate(folder, name, *more):
    key, certificate = folder / f"{name}.key", folder / f"{name}.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
                    "-subj", f"/CN={name}", *more, "-keyout", key, "-out", certificate],
                   check=True, capture_output=True)
    return str(key), str(certificate)


@pytest.mark.parametrize("source", ["auto", "container"])
def test_greengrass_token_exchange(start, new_service, source):
    service = new_service()
    bridge, device = start(service, {"source": source}, container(service))

    assert device.update("j", UPDATE).json["attempts"] == 1

    request, = service.requests
    assert (request.method, request.target) == ("GET", "/2016-11-01/credentialprovider/")
    assert request.headers == {"host": f"127.0.0.1:{service.port}", "accept": "application/json",
                               "authorization": SVCUID}
    assert bridge.log_lines(event="credentials", level="info")
    assert 3000 < Scrape(bridge)["credentials_expiry_timestamp_seconds"] - time.time() <= 3600


def test_ec2_instance(start, new_service):
    service = new_service()
    env = {"AWS_EC2_METADATA_DISABLED": "", "AWS_EC2_METADATA_SERVICE_ENDPOINT": service.url}
    _, device = start(service, {"source": "auto"}, env)

    assert device.update("j", UPDATE).is_accepted

    folder = "/latest/meta-data/iam/security-credentials/"
    assert [(r.method, r.target) for r in service.requests] == [
        ("PUT", "/latest/api/token"), ("GET", folder), ("GET", folder + "a-role")]
    assert service.requests[0].headers["x-aws-ec2-metadata-token-ttl-seconds"] == "21600"
    assert all(r.headers["x-aws-ec2-metadata-token"] == "metadata-token"
               for r in service.requests[1:])


def test_role_alias_over_mutual_tls(start, new_service, tmp_path):
    key, certificate = make_certificate(tmp_path, "server", "-addext",
                                        "subjectAltName=IP:127.0.0.1")
    thing_key, thing_certificate = make_certificate(tmp_path, "pump-1")
    service = new_service(certificate=certificate, key=key, client_ca=thing_certificate)
    credentials = {"source": "iot", "endpoint": service.url, "role_alias": "jobs",
                   "thing_name": "pump-1", "cert_file": thing_certificate, "key_file": thing_key,
                   "ca_file": certificate}
    _, device = start(service, credentials, {})

    assert device.update("j", UPDATE).is_accepted

    request, = service.requests
    assert (request.method, request.target) == ("GET", "/role-aliases/jobs/credentials")
    assert request.headers == {"host": f"127.0.0.1:{service.port}", "accept": "*/*",
                               "x-amzn-iot-thingname": "pump-1"}
    assert request.certificate["subject"] == ((("commonName", "pump-1"),),)


def test_a_provider_of_another_authority_gets_no_request(start, new_service, tmp_path):
    key, certificate = make_certificate(tmp_path, "server", "-addext",
                                        "subjectAltName=IP:127.0.0.1")
    thing_key, thing_certificate = make_certificate(tmp_path, "pump-1")
    service = new_service(certificate=certificate, key=key, client_ca=thing_certificate)
    credentials = {"source": "iot", "endpoint": service.url, "role_alias": "jobs",
                   "thing_name": "pump-1", "cert_file": thing_certificate, "key_file": thing_key}
    bridge, _ = start(service, credentials, {}, is_ready=False)

    until(lambda: bridge.log_lines(event="credentials", level="warn"), "the refusal")
    assert service.requests == []


def test_assumed_role(start, new_service, tmp_path):
    service = new_service()
    config = tmp_path / "config"
    config.write_text("[profile p]\nrole_arn = arn:aws:iam::123456789012:role/jobs\n"
                      "source_profile = base\nexternal_id = ext/1\nduration_seconds = 900\n"
                      "[profile base]\naws_access_key_id = AKIDBASE\n"
                      f"aws_secret_access_key = {SECRET}\n")
    env = {"AWS_CONFIG_FILE": str(config), "AWS_PROFILE": "p", "AWS_ENDPOINT_URL_STS": service.url}
    _, device = start(service, {"source": "profile"}, env)

    assert device.update("j", UPDATE).is_accepted

    request, = service.requests
    assert (request.method, request.target) == ("POST", "/")
    assert request.headers["content-type"] == "application/x-www-form-urlencoded; charset=utf-8"
    assert "Credential=AKIDBASE/" in request.headers["authorization"]
    assert "/us-east-1/sts/aws4_request" in request.headers["authorization"]
    assert request.body.decode() == (
        "Action=AssumeRole&Version=2011-06-15"
        "&RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fjobs"
        "&RoleSessionName=jobs-bridge&DurationSeconds=900&ExternalId=ext%2F1")


def test_credential_process(start, new_service, tmp_path):
    service = new_service()
    keys = {"Version": 1, **service.next_keys()}
    keys["SessionToken"] = keys.pop("Token")
    output = tmp_path / "keys.json"
    output.write_text(json.dumps(keys))
    config = tmp_path / "config"
    config.write_text(f"[default]\ncredential_process = {sys.executable} -c "
                      f"\"import time; time.sleep(0.5); print(open('{output}').read())\"\n")
    _, device = start(service, {"source": "auto"}, {"AWS_CONFIG_FILE": str(config)})

    assert device.update("j", UPDATE).json["attempts"] == 1


def test_keys_are_replaced_in_the_middle_of_load(start, new_service, endpoint):
    service = new_service(lifetime=3)
    began = time.monotonic()
    _, device = start(service, {"source": "container"}, container(service))
    sent, number, end = [], 0, time.monotonic() + 9
    while time.monotonic() < end:
        sent.append(device.send(f"job-{number % 20}", {"description": f"number {number}"}))
        number += 1

    answers = [device.answer(topic, token) for topic, token in sent]

    assert number > 100 and all(answer.is_accepted for answer in answers)
    at_most = 2 + (time.monotonic() - began)  # each is replaced at two thirds of its 3 s
    assert 4 <= len(service.issued) <= at_most
    assert endpoint.refused == 0, "keys were used beyond their end"


def test_revoked_keys_are_replaced_at_once(start, new_service, endpoint):
    service = new_service()
    _, device = start(service, {"source": "container"}, container(service))
    assert device.update("first", UPDATE).is_accepted
    sent = []
    for number in range(300):
        if number == 100:
            service.revoke()
        sent.append(device.send(f"job-{number % 20}", {"description": f"number {number}"}))

    assert all(device.answer(topic, token).is_accepted for topic, token in sent)
    assert len(service.issued) == 2, "fetched once for all the calls that were refused"
    assert endpoint.refused >= 1


def test_keys_stay_in_use_while_their_service_is_down(start, new_service):
    service = new_service(lifetime=6)
    bridge, device = start(service, {"source": "container"}, container(service))
    assert device.update("first", UPDATE).is_accepted
    service.failure = (400, '{"message": "gone"}')
    until(lambda: bridge.log_lines(event="credentials", level="warn"), "the failed refresh")

    assert device.update("second", UPDATE).json["attempts"] == 1

    line, = bridge.log_lines(event="credentials", level="warn")
    assert line["msg"] == "container: HTTP 400 (gone)"


def test_commands_wait_for_a_service_that_comes_late(start, new_service):
    service = new_service()
    service.failure = (503, "")
    bridge, device = start(service, {"source": "imds"},
                           {"AWS_EC2_METADATA_DISABLED": "",
                            "AWS_EC2_METADATA_SERVICE_ENDPOINT": service.url}, is_ready=False)
    until(lambda: bridge.log_lines(event="ready"), "the link to the broker")
    until(lambda: bridge.log_lines(event="credentials", level="warn"), "the failure")
    topic, token = device.send("j", UPDATE)
    service.failure = None

    assert device.answer(topic, token).is_accepted


def test_the_command_line_fetches_as_well(new_broker, new_bridge, new_service, endpoint):
    service = new_service()
    endpoint.otherwise(Reply(body=b'{"jobs": []}'))
    settings = {"jobs": {"endpoint": endpoint.url}, "credentials": {"source": "container"}}
    bridge = new_bridge(new_broker(), settings, env={**NOTHING, **container(service)})

    done = bridge.run("jobs", "list")

    assert done.returncode == 0, done.stderr
    assert "Credential=ASIA1/" in endpoint.requests[0].headers["authorization"]


def test_without_keys_it_is_not_ready_and_says_why(new_broker, new_bridge, endpoint):
    settings = {"jobs": {"endpoint": endpoint.url}, "credentials": {"source": "profile"}}
    bridge = new_bridge(new_broker().start(), settings, env=NOTHING).start(is_ready=False)

    until(lambda: "calls cannot be signed: " in bridge.admin("/readyz")[1], "the reason")

    status, body = bridge.admin("/readyz")
    assert status == 503 and os.devnull in body
    assert bridge.admin("/healthz")[0] == 200
    scrape = Scrape(bridge)
    assert scrape["credentials_usable"] == scrape["ready"] == 0
    assert scrape["credentials_expiry_timestamp_seconds"] == 0
