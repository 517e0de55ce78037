"""Connections go where the configuration says, and nowhere else."""

import socket
import threading

import pytest

from actors import Endpoint, Reply, until
from actors.token_service import TokenService
from actors.wait import is_listening
from test_secured_broker import PASSWORD, SecuredBroker

KEYS = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret"}
UPDATE = {"description": "straight there"}
PROXIES = ("http_proxy", "https_proxy", "all_proxy", "ftp_proxy", "socks_proxy", "mqtt_proxy")


class Tripwire:
    """A listener that only counts who comes."""

    def __init__(self):
        self.visits = 0
        self.socket = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._count, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.socket.getsockname()[1]}"

    def environment(self):
        names = [*PROXIES, *(name.upper() for name in PROXIES)]
        return {**{name: self.url for name in names}, "no_proxy": "", "NO_PROXY": ""}

    def _count(self):
        while True:
            try:
                visitor, _ = self.socket.accept()
            except OSError:
                return
            self.visits += 1
            visitor.close()


@pytest.fixture
def tripwire():
    tripwire = Tripwire()
    yield tripwire
    tripwire.socket.close()


@pytest.fixture
def service():
    service = TokenService().start()
    yield service
    service.stop()


def test_the_tripwire_notices(tripwire):
    with socket.create_connection(tripwire.socket.getsockname()) as visitor:
        visitor.settimeout(10)
        assert visitor.recv(1) == b""
    assert tripwire.visits == 1


def test_no_proxy_of_the_environment_is_used(new_broker, new_bridge, new_device, endpoint, service,
                                             tripwire):
    broker = new_broker().start()
    env = {**tripwire.environment(), "AWS_CONTAINER_CREDENTIALS_FULL_URI": service.url + "/keys"}
    bridge = new_bridge(broker, {"jobs": {"endpoint": endpoint.url},
                                 "credentials": {"source": "container"}}, env=env).start()

    assert new_device("pump-1", broker).update("j", UPDATE).is_accepted
    assert bridge.run("send", "--job", "k", '{"description": "x"}').returncode == 0
    assert tripwire.visits == 0


def test_nor_on_the_way_to_a_broker_with_tls(new_bridge, endpoint, tripwire, tmp_path):
    broker = SecuredBroker(tmp_path / "secured").start()
    password = tmp_path / "password"
    password.write_text(PASSWORD)
    mqtt = {"url": f"mqtts://127.0.0.1:{broker.tls_port}", "username": "bridge",
            "password_file": str(password), "ca_file": str(broker.certificate)}
    try:
        until(lambda: is_listening(broker.tls_port), "the listener with TLS")
        new_bridge(broker, {"mqtt": mqtt, "jobs": {"endpoint": endpoint.url}},
                   env={**KEYS, **tripwire.environment()}).start()
        assert tripwire.visits == 0
    finally:
        broker.stop()


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_no_redirect_is_followed(scripted, new_broker, new_device, endpoint, status):
    elsewhere = Endpoint().start()
    try:
        broker = new_broker().start()
        scripted(broker=broker).start()
        endpoint.script(Reply(status, headers={"Location": f"{elsewhere.url}/jobs/j"}))

        answer = new_device("pump-1", broker).update("j", UPDATE)

        assert len(endpoint.requests) == 1 and not answer.is_accepted
        assert elsewhere.requests == []
    finally:
        elsewhere.stop()


@pytest.mark.parametrize("endpoint_url, told", [
    ("http://iot.eu-central-1.amazonaws.com", "only to this machine"),
    ("http://10.0.0.1:8080", "only to this machine"),
    ("https://a1b2c3-ats.iot.eu-central-1.amazonaws.com", "endpoint for devices"),
    ("https://iot.us-east-1.amazonaws.com", "not in jobs.region"),
    ("https://example.com/iot", "nothing behind it"),
    ("https://user:hush@example.com", "user name"),
    ("iot.eu-central-1.amazonaws.com", "expected"),
])
def test_an_endpoint_of_no_use_is_refused_with_the_reason(new_broker, new_bridge, endpoint_url,
                                                          told):
    bridge = new_bridge(new_broker(), {"jobs": {"endpoint": endpoint_url,
                                                "region": "eu-central-1"}})

    for verb in "check", "run":
        done = bridge.run(verb)
        assert done.returncode == 1 and "jobs.endpoint" in done.stderr and told in done.stderr
        assert "hush" not in done.stderr


def test_endpoint_aws_is_that_of_the_region(new_broker, new_bridge):
    for region, host in [("eu-central-1", "iot.eu-central-1.amazonaws.com"),
                         ("cn-north-1", "iot.cn-north-1.amazonaws.com.cn")]:
        bridge = new_bridge(new_broker(), {"jobs": {"endpoint": "aws", "region": region}})
        assert f"https://{host}," in bridge.run("check").stdout
