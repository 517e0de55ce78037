"""The systemd unit: how much it leaves open, and that the service works inside of it."""

import json
import os
import re
import shutil
import subprocess
import sys

import pytest
from actors import Device, free_port, until
from actors.process import Process
from actors.wait import is_listening
from machine import HOUSE, UID, UNIT, run
from sandbox import allowed_calls, read_unit
from test_secured_broker import PASSWORD, SecuredBroker, make_certificate

SOURCE = HOUSE / "packaging/jobs-bridge.service"
AS_THE_SERVICE = [] if os.geteuid() != 0 else [
    "setpriv", "--reuid", str(UID), "--regid", str(UID), "--clear-groups"]
KEYS = {"Version": 1, "AccessKeyId": "AKIDEXAMPLE", "SecretAccessKey": "secret"}


@pytest.fixture
def ready(machine, deb, broker, endpoint):
    """Installed and configured, with keys from a program that the service has to start."""
    machine.dpkg("--install", deb)
    (machine.root / "etc/keys.json").write_text(json.dumps(KEYS))
    (machine.root / "etc/aws").write_text(
        f"[default]\ncredential_process = /bin/cat {machine.root}/etc/keys.json\n")
    (machine.root / "etc/default").mkdir()
    (machine.root / "etc/default/jobs-bridge").write_text(
        f"AWS_CONFIG_FILE={machine.root}/etc/aws\nAWS_EC2_METADATA_DISABLED=true\n")
    machine.configure({"mqtt": {"url": broker.url}, "credentials": {"source": "profile"},
                       "admin": {"listen": f"127.0.0.1:{free_port()}"},
                       "jobs": {"endpoint": endpoint.url.replace("127.0.0.1", "localhost")}})
    return machine


def test_its_exposure_is_low():
    told = run("systemd-analyze", "security", "--offline=true", "--threshold=15", "--no-pager",
               SOURCE)
    assert "Overall exposure level" in told


def test_systemd_understands_all_of_it(tmp_path):
    """But for pages and a program that are not installed here."""
    text = re.sub(r"^Documentation=.*\n", "", SOURCE.read_text(), flags=re.MULTILINE)
    unit = tmp_path / SOURCE.name
    unit.write_text(text.replace("/usr/bin/jobs-bridge", "/bin/true"))

    done = subprocess.run(["systemd-analyze", "verify", "--recursive-errors=no", unit],
                          capture_output=True, text=True)

    assert done.returncode == 0 and "jobs-bridge.service" not in done.stderr, done.stderr


def test_it_holds_no_secret_and_says_how_to_hand_one_over():
    assert "LoadCredential" not in read_unit(SOURCE), "only as an example"
    assert "#LoadCredential=" in SOURCE.read_text()


def test_the_service_works_within_its_limits(ready, device, endpoint):
    ready.start()

    assert device.update("j", {"description": "inside"}).is_accepted
    status = open(f"/proc/{ready.process.child.pid}/status").read()
    limits = open(f"/proc/{ready.process.child.pid}/limits").read()
    ready.stop()

    assert re.search(r"^NoNewPrivs:\t1$", status, re.MULTILINE)
    assert re.search(r"^Seccomp:\t2$", status, re.MULTILINE)
    assert re.search(r"^Cap(Eff|Prm|Bnd|Amb):\t0+$", status, re.MULTILINE)
    assert re.search(r"^Max core file size +0 +0 ", limits, re.MULTILINE)
    assert "Credential=AKIDEXAMPLE/" in endpoint.requests[0].headers["authorization"]


def test_it_speaks_tls_within_its_limits(ready, tmp_path):
    """With a password and a certificate of its own, in files that only the service may read."""
    broker = SecuredBroker(tmp_path / "secured").start()
    until(lambda: is_listening(broker.tls_port), "the listener with TLS")
    key, certificate = make_certificate(tmp_path, "jobs-bridge")
    mqtt = {"url": f"mqtts://127.0.0.1:{broker.tls_port}", "username": "bridge"}
    (tmp_path / "password").write_text(PASSWORD)
    for name, source in {"password_file": tmp_path / "password", "ca_file": broker.certificate,
                         "cert_file": certificate, "key_file": key}.items():
        mqtt[name] = str(shutil.copy(source, ready.root / "etc" / name))
        os.chmod(mqtt[name], 0o400)
        os.chown(mqtt[name], UID, -1)
    ready.configure({"mqtt": mqtt})
    device = Device(broker, "pump-1")
    try:
        ready.start()
        assert device.update("j", {"description": "inside"}).is_accepted
        ready.stop()
    finally:
        device.close()
        broker.stop()


def test_a_user_like_the_service_cannot_look_into_it(ready):
    ready.start()
    pid = ready.process.child.pid
    looks = "open('/proc/%d/environ').read()" % pid

    done = subprocess.run([*AS_THE_SERVICE, sys.executable, "-c", looks],
                          capture_output=True, text=True)

    assert "PermissionError" in done.stderr, done.stdout


def test_no_system_call_is_one_that_the_filter_refuses(ready, device, tmp_path):
    """Seen by strace outside of the filter: whatever it tries, also where refusal would go unseen."""
    trace = ready.root / "trace"
    trace.touch()
    trace.chmod(0o666)
    environment = [f"{name}={value}" for name, value in ready.environment().items()]
    ready.listen_for_notice()
    program = ready.root / "usr/bin/jobs-bridge"
    ready.process = Process(["env", "-i", *environment, *AS_THE_SERVICE, "strace", "--daemonize",
                             "--follow-forks", "--quiet=attach", "--output", trace, program, "run"],
                            tmp_path / "log")
    ready.wait_ready()
    assert device.update("j", {"description": "seen"}).is_accepted
    ready.stop()
    until(lambda: "+++ exited with 0 +++" in trace.read_text(), "the end of the trace")

    called = set(re.findall(r"^\d+ +(\w+)\(", trace.read_text(), re.MULTILINE))
    assert {"futex", "openat", "fdatasync", "sendto"} <= called, "the trace is whole"
    refused = called - allowed_calls(read_unit(ready.root / UNIT)) - {"clone3"}
    assert refused == set()
