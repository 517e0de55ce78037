"""SIGHUP: another configuration, all of it or nothing of it, and no command lost over it."""

import shutil
import subprocess
import threading

import pytest
import yaml

from actors import Broker, Reply, free_port, until
from actors.device import command_topic
from actors.wait import is_listening

UPDATE = {"description": "x"}
DENY_PUMPS = {"rules": [{"things": ["pump-*"], "decision": "deny"}, {"from": "anyone"}]}


@pytest.fixture
def broker(new_broker):
    return new_broker().start()


def test_a_policy_is_in_force_from_then_on(scripted, broker, new_device, tmp_path):
    file = tmp_path / "policy.yaml"
    file.write_text("rules: [{from: anyone}]\n")
    bridge = scripted({"policy": {"file": str(file)}}, broker).start()
    device = new_device("pump-1", broker)
    before = device.update("j", UPDATE)

    file.write_text(yaml.safe_dump(DENY_PUMPS))
    end = bridge.reload()
    after = device.update("j", UPDATE)

    assert before.is_accepted and end["msg"].startswith("done")
    assert after.json["code"] == "Forbidden"


def test_what_waits_goes_on_at_the_new_rate(scripted, broker, new_device, endpoint):
    slow = {"rate_per_second": 1, "burst": 1, "deadline": "5m"}
    bridge = scripted({"jobs": slow}, broker).start()
    device = new_device("pump-1", broker)
    sent = [device.send(f"job-{number}", UPDATE) for number in range(200)]
    endpoint.wait_for(2)

    end = bridge.reload({"jobs": {"rate_per_second": 0}})

    assert "jobs.rate_per_second" in end["msg"]
    assert all(device.answer(*one).is_accepted for one in sent)
    assert sorted(r.path for r in endpoint.requests) == sorted(f"/jobs/job-{n}" for n in range(200))


def test_a_call_under_way_is_answered_once(scripted, broker, new_device, endpoint):
    gate = threading.Event()
    bridge = scripted(broker=broker).start()
    device = new_device("pump-1", broker)
    endpoint.script(Reply(gate=gate))
    sent = device.send("j", UPDATE)
    endpoint.wait_for(1)
    threading.Timer(0.5, gate.set).start()

    end = bridge.reload({"jobs": {"burst": 7}})

    assert device.answer(*sent).is_accepted and end["msg"].startswith("done")
    assert len(endpoint.requests) == 1


def test_topics_change_and_old_commands_are_answered_where_they_came(scripted, broker, new_device,
                                                                     endpoint):
    slow = {"rate_per_second": 1, "burst": 1}
    bridge = scripted({"jobs": slow}, broker).start()
    device = new_device("pump-1", broker)
    old = [device.send(f"job-{number}", UPDATE, namespace="ns") for number in range(5)]
    endpoint.wait_for(1)

    bridge.reload({"topics": {"root": "custom", "notify": ["custom/told/{job}"]},
                    "jobs": {"rate_per_second": 0}})
    assert device.expect("custom/status", lambda m: m.json["status"] == "online")
    device.publish("custom/things/pump-1/jobs/new/namespace-ns/update", UPDATE)

    assert device.expect("custom/things/pump-1/jobs/new/namespace-ns/update/accepted")
    assert device.expect("custom/told/new")
    assert all(device.answer(*one).is_accepted for one in old)
    topic = command_topic("late", "pump-1")
    device.publish(topic, UPDATE)
    device.publish("custom/things/pump-1/jobs/behind/update", UPDATE)
    assert device.expect("custom/things/pump-1/jobs/behind/update/accepted")
    assert not device.seen(topic + "/rejected")  # nobody listens there any more


def test_one_mistake_refuses_all_of_it(scripted, broker, new_device, tmp_path):
    file = tmp_path / "policy.yaml"
    file.write_text("rules: [{form: anyone}]\n")
    bridge = scripted(broker=broker).start()
    settings = bridge.settings

    end = bridge.reload({"topics": {"root": "custom"}, "policy": {"file": str(file)}})

    assert end["level"] == "error"
    assert any("policy.yaml:1" in line["msg"] for line in bridge.log_lines(event="reload"))
    assert new_device("pump-1", broker).update("j", UPDATE).is_accepted
    bridge.configure(settings)
    assert bridge.reload()["msg"] == "done; no key has changed"


def test_a_broken_file_refuses(scripted, broker, new_device):
    bridge = scripted(broker=broker).start()
    bridge.file.write_text("mqtt: [\n")

    assert bridge.reload()["msg"].startswith("refused")
    bridge.file.unlink()
    assert bridge.reload()["msg"].startswith("refused")
    assert new_device("pump-1", broker).update("j", UPDATE).is_accepted


def test_what_needs_a_restart_is_named(scripted, broker, new_device, tmp_path):
    bridge = scripted(broker=broker).start()

    end = bridge.reload({"state": str(tmp_path / "elsewhere"), "jobs": {"burst": 3}})

    said = [line["msg"] for line in bridge.log_lines(event="reload")]
    assert end["msg"].startswith("refused") and any("restart" in m and "state" in m for m in said)
    assert not any("burst" in m for m in said)
    assert not (tmp_path / "elsewhere").exists()


def test_the_embedded_endpoint_goes_on(new_bridge, broker, new_device):
    bridge = new_bridge(broker).start()
    created = bridge.run("jobs", "create", "--job", "j", "--thing", "pump-1")
    assert created.returncode == 0, created.stderr
    device = new_device("pump-1", broker)

    assert bridge.reload({"jobs": {"burst": 3}})["msg"].startswith("done")
    assert device.update("j", UPDATE).is_accepted
    assert bridge.reload({"jobs": {"region": "eu-west-1"}})["msg"].startswith("refused")
    assert device.update("j", UPDATE).is_accepted


def openssl(folder, *words):
    subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)


def make_pair(folder, name, common_name, extra=()):
    """A certificate signed by ca.pem."""
    openssl(folder, "req", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{name}.key", "-out",
            f"{name}.csr", "-subj", f"/CN={common_name}")
    openssl(folder, "x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key",
            "-CAcreateserial", "-days", "2", "-out", f"{name}.pem", *extra)


class MutualBroker(Broker):
    """A listener with TLS that takes whoever has a certificate, by its name."""

    def __init__(self, folder):
        super().__init__(folder)
        self.tls_port = free_port()
        openssl(folder, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key",
                "-out", "ca.pem", "-days", "2", "-subj", "/CN=ca")
        (folder / "san").write_text("subjectAltName=IP:127.0.0.1\n")
        make_pair(folder, "server", "127.0.0.1", ("-extfile", "san"))
        for name in ("bridge-one", "bridge-two"):
            make_pair(folder, name, name)

    def configuration(self):
        here = self.folder
        return "\n".join([
            "per_listener_settings true", super().configuration(),
            f"listener {self.tls_port} 127.0.0.1", f"cafile {here}/ca.pem",
            f"certfile {here}/server.pem", f"keyfile {here}/server.key",
            "require_certificate true", "use_identity_as_username true", ""])


@pytest.fixture
def mutual(tmp_path):
    broker = MutualBroker(tmp_path / "mutual").start()
    until(lambda: is_listening(broker.tls_port), "the listener with TLS")
    yield broker
    broker.stop()


def install(mutual, name, tmp_path):
    for end in ("pem", "key"):
        shutil.copy(mutual.folder / f"{name}.{end}", tmp_path / f"new.{end}")
        (tmp_path / f"new.{end}").rename(tmp_path / f"client.{end}")


@pytest.fixture
def with_certificate(mutual, scripted, tmp_path):
    install(mutual, "bridge-one", tmp_path)
    mqtt = {"url": f"mqtts://127.0.0.1:{mutual.tls_port}",
            "ca_file": str(mutual.folder / "ca.pem"), "cert_file": str(tmp_path / "client.pem"),
            "key_file": str(tmp_path / "client.key")}
    return scripted({"mqtt": mqtt}, mutual).start()


def logins(mutual, name):
    return mutual.process.output.count(f"u'{name}'")


def test_a_renewed_certificate_is_used_by_itself(mutual, with_certificate, new_device, tmp_path):
    device = new_device("pump-1", mutual)
    sent = [device.send("j", UPDATE) for _ in range(20)]
    assert logins(mutual, "bridge-one") == 1

    install(mutual, "bridge-two", tmp_path)
    until(lambda: logins(mutual, "bridge-two") == 1, "the bridge with its new certificate")
    sent += [device.send("j", UPDATE) for _ in range(20)]

    assert all(device.answer(*one).is_accepted for one in sent)


def test_a_bad_certificate_keeps_the_old_one(mutual, with_certificate, new_device, tmp_path):
    bridge, device = with_certificate, new_device("pump-1", mutual)
    (tmp_path / "client.key").write_text("no key\n")
    until(lambda: bridge.log_lines(event="mqtt_files", level="warn"), "a word about the file")

    mutual.stop()
    mutual.start()  # the link has to be dialled again, with what was good
    until(lambda: logins(mutual, "bridge-one") == 2, "the bridge with its old certificate")
    refused = bridge.reload({"jobs": {"burst": 3}})

    assert device.update("j", UPDATE).is_accepted
    assert refused["msg"].startswith("refused")
    assert any("key_file" in line["msg"] for line in bridge.log_lines(event="reload"))
