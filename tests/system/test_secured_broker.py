"""A broker that asks for TLS and a password, as one outside a test bench should."""

import subprocess

import pytest

from actors import Broker, free_port, until
from actors.wait import is_listening

PASSWORD = "correct-horse-battery"


def make_certificate(folder, name):
    """A self-signed certificate for 127.0.0.1, which is its own authority."""
    key, certificate = folder / f"{name}.key", folder / f"{name}.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
                    "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1",
                    "-keyout", key, "-out", certificate], check=True, capture_output=True)
    return key, certificate


class SecuredBroker(Broker):
    """One listener for the tests' own devices, one with TLS and passwords for the bridge."""

    def __init__(self, folder):
        super().__init__(folder)
        self.tls_port = free_port()
        self.key, self.certificate = make_certificate(folder, "broker")
        self.passwords = folder / "passwords"
        subprocess.run(["mosquitto_passwd", "-b", "-c", self.passwords, "bridge", PASSWORD],
                       check=True, capture_output=True)

    def configuration(self):
        return "\n".join([
            "per_listener_settings true", super().configuration(),
            f"listener {self.tls_port} 127.0.0.1", "allow_anonymous false",
            f"certfile {self.certificate}", f"keyfile {self.key}",
            f"password_file {self.passwords}", ""])


@pytest.fixture
def secured(tmp_path):
    broker = SecuredBroker(tmp_path / "secured").start()
    until(lambda: is_listening(broker.tls_port), "the listener with TLS")
    yield broker
    broker.stop()


@pytest.fixture
def settings(secured, tmp_path):
    """What a bridge needs to get in."""
    password_file = tmp_path / "password"
    password_file.write_text(PASSWORD + "\n")
    return {"url": f"mqtts://127.0.0.1:{secured.tls_port}", "username": "bridge",
            "password_file": str(password_file), "ca_file": str(secured.certificate)}


def wait_for_refusal(bridge):
    bridge.wait_alive()
    until(lambda: bridge.log_lines(level="warn") or bridge.log_lines(level="error"),
          "the reason in the log")
    assert not bridge.is_ready
    assert PASSWORD not in bridge.process.output
    return bridge.process.output


@pytest.mark.parametrize("version", [5, 3])
def test_a_command_goes_through(secured, settings, scripted, new_device, version):
    bridge = scripted({"mqtt": {**settings, "version": version}}, secured).start()

    assert new_device("pump-1", secured).update("j", {"description": "x"}).is_accepted
    assert PASSWORD not in bridge.process.output


def test_a_wrong_password_is_said(secured, settings, scripted, tmp_path):
    (tmp_path / "password").write_text("wrong")

    output = wait_for_refusal(scripted({"mqtt": settings}, secured).start(is_ready=False))

    assert "authori" in output.lower()


def test_a_certificate_of_another_authority_is_refused(secured, settings, scripted, tmp_path):
    _, other = make_certificate(tmp_path, "other")

    output = wait_for_refusal(scripted({"mqtt": {**settings, "ca_file": str(other)}},
                                       secured).start(is_ready=False))

    assert "certificate" in output.lower()
    assert "Client jobs-bridge" not in secured.process.output


def test_a_plain_connection_to_a_listener_with_tls_is_said(secured, settings, scripted):
    plain = {**settings, "url": f"mqtt://127.0.0.1:{secured.tls_port}", "ca_file": None}

    wait_for_refusal(scripted({"mqtt": plain}, secured).start(is_ready=False))
