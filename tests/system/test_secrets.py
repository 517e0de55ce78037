"""Secrets stay where they are: whatever goes well or wrong, none is in the log, an answer, an event,
a file, the admin server's pages or a command line, and none that is no longer needed in memory."""

import base64
import os
import re
import subprocess

import pytest

from actors import Broker, Device, Reply, free_port, until
from actors.endpoint import not_found, unavailable
from actors.token_service import SECRET, TokenService
from actors.wait import is_listening

PASSWORD = "pAssw0rd-of-the-broker"
# Long, so that a part is left where memory has been used again.
OLD_PASSWORD = "".join(f"old{number:05}" for number in range(20))
ADMIN_TOKEN = "tOken-of-the-admin-address"
WRONG_TOKEN = "tOken-that-somebody-tried"
LONG_LIVED = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
SESSION = "IQoJb3JpZ2luX2VjEXAMPLESESSIONTOKEN0123456789"
CONTAINER_TOKEN = "container-authorization-0123456789"
SECRETS = [PASSWORD, OLD_PASSWORD, ADMIN_TOKEN, WRONG_TOKEN, LONG_LIVED, SESSION, CONTAINER_TOKEN,
           SECRET]
UPDATE = {"description": "nothing to hide"}
NOTHING = {"AWS_SHARED_CREDENTIALS_FILE": os.devnull, "AWS_CONFIG_FILE": os.devnull,
           "AWS_EC2_METADATA_DISABLED": "true"}
# What the bridge may publish: no events, so that each command leaves a dead letter.
ACL = """user bridge
topic read jobs-bridge/+/+/update
topic read jobs-bridge/+/+/+/update
topic read jobs-bridge/things/#
topic readwrite jobs-bridge/things/+/jobs/+/update/accepted
topic readwrite jobs-bridge/things/+/jobs/+/update/rejected
topic readwrite jobs-bridge/jobs/#
topic readwrite jobs-bridge/status
"""


class StrictBroker(Broker):
    """One listener for the tests' own devices, one that asks the bridge for a password."""

    def __init__(self, folder):
        super().__init__(folder)
        self.strict_port = free_port()
        self.passwords = folder / "passwords"
        self.acl = folder / "acl"
        subprocess.run(["mosquitto_passwd", "-b", "-c", self.passwords, "bridge", PASSWORD],
                       check=True, capture_output=True)
        self.acl.write_text(ACL)

    def configuration(self):
        return "\n".join([
            "per_listener_settings true", super().configuration(),
            f"listener {self.strict_port} 127.0.0.1", "allow_anonymous false",
            f"password_file {self.passwords}", f"acl_file {self.acl}", ""])


@pytest.fixture
def strict(tmp_path):
    broker = StrictBroker(tmp_path / "strict").start()
    until(lambda: is_listening(broker.strict_port), "the listener with passwords")
    yield broker
    broker.stop()


@pytest.fixture
def service():
    service = TokenService().start()
    yield service
    service.stop()


def environment(_service, _folder):
    return {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": LONG_LIVED,
            "AWS_SESSION_TOKEN": SESSION}


def profile(service, folder):
    """A role, assumed with the keys of a file."""
    file = folder / "config"
    file.write_text("[default]\nrole_arn = arn:aws:iam::123456789012:role/jobs\n"
                    "source_profile = base\n[profile base]\naws_access_key_id = AKIDBASE\n"
                    f"aws_secret_access_key = {LONG_LIVED}\naws_session_token = {SESSION}\n")
    return {"AWS_CONFIG_FILE": str(file), "AWS_ENDPOINT_URL_STS": service.url}


def container(service, _folder):
    return {"AWS_CONTAINER_CREDENTIALS_FULL_URI": service.url + "/credentials",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN": CONTAINER_TOKEN}


def wrong_signature(request):
    """As AWS says it: with the whole request, the session token included."""
    headers = "\n".join(f"{name}:{value}" for name, value in request.headers.items())
    return Reply(403, "InvalidSignatureException",
                 "The request signature we calculated does not match the signature you provided.\n\n"
                 f"The Canonical String for this request should have been\n'PATCH\n{headers}'")


def expired_token(_request):
    return Reply(403, "ExpiredTokenException", "The security token included in the request is expired")


def start(strict, new_bridge, endpoint, folder, source, env):
    password_file, token_file = folder / "password", folder / "token"
    password_file.write_text(OLD_PASSWORD)
    token_file.write_text(ADMIN_TOKEN)
    token_file.chmod(0o600)
    bridge = new_bridge(strict, {
        "mqtt": {"url": f"mqtt://127.0.0.1:{strict.strict_port}", "username": "bridge",
                 "password_file": str(password_file)},
        "jobs": {"endpoint": endpoint.url, "deadline": "5s", "coalesce": False},
        "credentials": {"source": source},
        "admin": {"token_file": str(token_file)}}, env={**NOTHING, **env})
    bridge.token = ADMIN_TOKEN
    bridge.words = ["--log-level", "debug"]
    bridge.start(is_ready=False)
    until(lambda: bridge.log_lines(event="mqtt_refused") or bridge.log_lines(level="warn"),
          "the broker's refusal of a wrong password")
    password_file.write_text(PASSWORD)
    until(lambda: bridge.log_lines(event="ready"), "the bridge to be ready")
    return bridge


def drive(bridge, device, endpoint, service):
    """Successes and failures of every kind; returns what other verbs of the program printed."""
    service.failure = (200, '{"AccessKeyId": "ASIA0", "SecretAccessKey": "%s", "Token"' % SECRET)
    endpoint.script(wrong_signature, expired_token, unavailable(), Reply())
    sent = [device.send("first", UPDATE)]
    endpoint.wait_for(1)
    service.failure = None
    device.answer(*sent[0])
    endpoint.script(not_found())
    device.update("second", UPDATE)
    endpoint.otherwise(wrong_signature)
    assert not device.update("third", UPDATE).is_accepted, "its deadline passed"
    endpoint.otherwise(Reply())
    assert bridge.admin("/healthz", {"Authorization": "Bearer " + WRONG_TOKEN})[0] == 401
    until(lambda: bridge.log_lines(event="undelivered"), "a dead letter")
    return [bridge.run(*words) for words in (
        ["dead", "list"], ["dead", "list", "--json"], ["dead", "show", "1"], ["check"],
        ["jobs", "describe", "--job", "first"], ["send", "--job", "fourth", '{"description":"x"}'])]


def everything_said(bridge, device, printed):
    """Name and bytes of all that somebody could see."""
    yield "the log", bridge.process.output.encode()
    for message in device.messages:
        yield message.topic, message.payload
    for done in printed:
        yield f"the output of {done.args[1]}", (done.stdout + done.stderr).encode()
    for path in "/healthz", "/readyz", "/metrics", "/":
        yield path, bridge.admin(path)[1].encode()
    for path in bridge.state.rglob("*"):
        if path.is_file():
            yield str(path), path.read_bytes()
    with open(f"/proc/{bridge.process.child.pid}/cmdline", "rb") as cmdline:
        yield "the command line", cmdline.read()


def forms_of(secret):
    """As it is, and in base64 behind a user name of any length."""
    yield secret.encode()
    for shift in range(3):
        coded = base64.b64encode(b"\0" * shift + secret.encode())
        yield coded[4:-4]


@pytest.mark.parametrize("source, make_env", [
    ("environment", environment), ("profile", profile), ("container", container)])
def test_nothing_that_is_said_holds_a_secret(strict, new_bridge, endpoint, service, tmp_path, source,
                                             make_env):
    bridge = start(strict, new_bridge, endpoint, tmp_path, source, make_env(service, tmp_path))
    device = Device(strict, "pump-1")
    printed = drive(bridge, device, endpoint, service)

    said = list(everything_said(bridge, device, printed))
    device.close()

    assert len(said) > 15 and any(name.endswith("journal.db") for name, _ in said)
    for name, content in said:
        for secret in SECRETS:
            for form in forms_of(secret):
                assert form not in content, f"{name} holds {secret}"


def memory_of(process):
    """The private writable memory of a process, region by region; without the stack, where the
    compiler and the linker save registers, whatever they hold."""
    pid = process.child.pid
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as memory:
        for line in maps:
            low, high, access = re.match(r"(\w+)-(\w+) (....)", line).groups()
            if access != "rw-p" or "[stack]" in line or int(high, 16) - int(low, 16) > 1 << 30:
                continue
            try:
                memory.seek(int(low, 16))
                yield memory.read(int(high, 16) - int(low, 16))
            except OSError:
                continue  # a guard page, or gone meanwhile


def count_in_memory(process, secret):
    """How often it is there, or the part of it that is there most often: what is freed is not left
    whole."""
    part_n = min(16, len(secret))
    parts = [secret[at:at + part_n].encode() for at in range(0, len(secret) - part_n + 1, 8)]
    regions = list(memory_of(process))
    return max(sum(region.count(part) for region in regions) for part in parts)


@pytest.mark.skipif(os.geteuid() != 0, reason="nobody but root may read the bridge's memory")
def test_a_password_that_is_no_longer_needed_is_nowhere_in_memory(strict, new_bridge, endpoint,
                                                                  service, tmp_path):
    bridge = start(strict, new_bridge, endpoint, tmp_path, "environment",
                   environment(service, tmp_path))

    assert count_in_memory(bridge.process, "jobs-bridge/status") > 0, "the memory is really read"
    assert count_in_memory(bridge.process, OLD_PASSWORD) == 0
    assert count_in_memory(bridge.process, ADMIN_TOKEN) == 0
    assert count_in_memory(bridge.process, PASSWORD) <= 1, "the copy that Paho keeps"


@pytest.mark.skipif(os.geteuid() != 0, reason="nobody but root may read the bridge's memory")
def test_the_keys_that_a_role_was_assumed_with_are_not_kept(strict, new_bridge, endpoint, service,
                                                            tmp_path):
    bridge = start(strict, new_bridge, endpoint, tmp_path, "profile", profile(service, tmp_path))
    device = Device(strict, "pump-1")
    assert device.update("j", UPDATE).is_accepted
    device.close()

    assert count_in_memory(bridge.process, SECRET) > 0, "the role's own are in use"
    assert count_in_memory(bridge.process, LONG_LIVED) == 0


def test_no_core_is_written(bridge):
    limits = open(f"/proc/{bridge.process.child.pid}/limits").read()
    assert re.search(r"^Max core file size +0 +0 ", limits, re.MULTILINE)
