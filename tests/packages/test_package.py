"""The Debian package: what is in it, and its life on a machine, with a queue in its journal."""

import re
import shutil
import subprocess

import pytest
from actors import free_port
from machine import CONFIGURATION, HOUSE, UNIT, build_deb, run, wait_for_answers

COMMANDS, JOBS, RATE = 60, 12, 10
KEYS = "AWS_ACCESS_KEY_ID=AKIDEXAMPLE\nAWS_SECRET_ACCESS_KEY=secret\n"
ENABLED = "etc/systemd/system/multi-user.target.wants/jobs-bridge.service"
# What only the package has, for Debian's policy.
OF_DEBIAN = {"usr/share/doc/jobs-bridge/copyright", "usr/share/doc/jobs-bridge/changelog.Debian.gz",
             "usr/share/lintian/overrides/jobs-bridge"}


def field(deb, name):
    return run("dpkg-deb", "--field", deb, name).strip()


def unpacked(deb, folder):
    run("dpkg-deb", "--extract", deb, folder)
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir()}


def test_lintian_has_nothing_to_say(deb):
    known = [] if (HOUSE / "docs/man").exists() else ["--suppress-tags", "no-manual-page"]
    done = subprocess.run(["lintian", "--allow-root", "--display-info", "--fail-on",
                           "error,warning,info", *known, deb], capture_output=True, text=True)
    assert done.returncode == 0 and done.stdout == "", done.stdout + done.stderr


def test_it_needs_the_libraries_that_the_program_uses(deb):
    needed = {word.split()[0] for word in field(deb, "Depends").split(", ")}
    assert {"libc6", "libcurl4", "libjansson4", "libmicrohttpd12", "libsqlite3-0", "libssl3",
            "libsystemd0", "libutf8proc2", "libyaml-0-2"} == needed
    assert re.fullmatch(r"paho\.mqtt\.c \(= .+\)", field(deb, "Built-Using"))
    run("apt-get", "--simulate", "install", deb)


def test_its_version_is_that_of_the_program(deb, tmp_path):
    unpacked(deb, tmp_path)
    told = run(tmp_path / "usr/bin/jobs-bridge", "version").split()[1]
    assert field(deb, "Version") == told + "-1"


def test_its_files_are_roots_and_nobody_else_may_write_them(deb):
    lines = [line.split() for line in run("dpkg-deb", "--contents", deb).splitlines()]
    assert all(owner == "root/root" for _, owner, *_ in lines)
    programs = {path for mode, _, _, _, _, path in lines if "x" in mode and mode[0] == "-"}
    assert programs == {"./usr/bin/jobs-bridge"}
    assert {mode[1:] for mode, *_ in lines} == {"rw-r--r--", "rwxr-xr-x"}


def test_the_same_tree_gives_the_same_package(deb):
    before = deb.read_bytes()
    assert build_deb() == deb and deb.read_bytes() == before


def test_cmake_installs_the_same_files(deb, tmp_path):
    installed = tmp_path / "installed"
    run("cmake", "--install", deb.parents[1] / "package", env={"DESTDIR": str(installed),
                                                               "PATH": "/usr/bin:/bin"})
    ours = {str(path.relative_to(installed)) for path in installed.rglob("*") if not path.is_dir()}
    assert ours == unpacked(deb, tmp_path / "unpacked") - OF_DEBIAN


def test_the_configuration_of_an_administrator_is_not_overwritten(deb, tmp_path):
    file = tmp_path / CONFIGURATION
    file.parent.mkdir(parents=True)
    file.write_text("# mine\n")
    run("cmake", "--install", deb.parents[1] / "package", env={"DESTDIR": str(tmp_path),
                                                               "PATH": "/usr/bin:/bin"})
    assert file.read_text() == "# mine\n"


@pytest.fixture
def installed(machine, deb, broker, endpoint):
    machine.dpkg("--install", deb)
    (machine.root / "etc/default").mkdir()
    (machine.root / "etc/default/jobs-bridge").write_text(KEYS)
    machine.configure({"mqtt": {"url": broker.url},
                       "admin": {"listen": f"127.0.0.1:{free_port()}"},
                       "jobs": {"endpoint": endpoint.url, "rate_per_second": RATE, "burst": 1,
                                "coalesce": False}})
    return machine


def send_many(device):
    sent = [device.send(f"job-{number % JOBS}", {"description": f"number {number}"})
            for number in range(COMMANDS)]
    return [token for _, token in sent]


def test_what_it_installs_is_enabled_and_its_configuration_is_good(machine, deb):
    machine.dpkg("--install", deb)

    assert machine.version() == f"installed {field(deb, 'Version')}"
    assert (machine.root / ENABLED).is_symlink()
    (machine.root / "var/lib/jobs-bridge").mkdir()
    done = machine.program("check")
    assert done.returncode == 0 and "/var/lib/jobs-bridge" in done.stdout, done.stderr


def test_an_upgrade_over_a_queue_loses_nothing(installed, newer_deb, device, endpoint):
    installed.start()
    tokens = send_many(device)
    wait_for_answers(device, tokens, 5)

    installed.stop()  # as prerm does
    before = len(wait_for_answers(device, tokens, 0))
    configured = (installed.root / CONFIGURATION).read_text()
    installed.dpkg("--install", newer_deb)
    assert installed.version().endswith("-2")
    assert (installed.root / CONFIGURATION).read_text() == configured
    installed.start()

    answers = wait_for_answers(device, tokens, COMMANDS)
    installed.stop()
    assert before < COMMANDS, "a queue was waiting"
    assert all(answer.is_accepted for answer in answers.values())
    for job in range(JOBS):
        calls = [r.json["description"] for r in endpoint.requests if r.path == f"/jobs/job-{job}"]
        assert calls == [f"number {number}" for number in range(job, COMMANDS, JOBS)]


def test_removed_it_leaves_configuration_and_state_and_purged_nothing(installed, deb, device):
    before = {"etc/default/jobs-bridge"}  # the administrator's own
    installed.start()
    assert device.update("j", {"description": "x"}).is_accepted
    installed.stop()
    for name in "notify", "journal.log":
        (installed.root / name).unlink()

    installed.dpkg("--remove", "jobs-bridge")
    left = installed.files()
    assert {CONFIGURATION, "var/lib/jobs-bridge/journal.db"} <= left
    assert not any(name.startswith("usr/") for name in left) and UNIT not in left

    installed.dpkg("--install", deb)
    installed.dpkg("--purge", "jobs-bridge")
    assert installed.files() == before
    assert not (installed.root / "var/lib/jobs-bridge").exists()
    assert not (installed.root / "etc/jobs-bridge").exists()


def test_a_unit_that_was_disabled_stays_so(installed, newer_deb):
    run("deb-systemd-helper", "disable", "jobs-bridge.service",
        env={"DPKG_ROOT": str(installed.root), "PATH": "/usr/bin:/bin",
             "_DEB_SYSTEMD_HELPER_PURGE": "0", "DPKG_MAINTSCRIPT_PACKAGE": "jobs-bridge"})
    assert not (installed.root / ENABLED).exists()

    installed.dpkg("--install", newer_deb)

    assert not (installed.root / ENABLED).exists()


@pytest.mark.parametrize("script", ["postinst", "prerm", "postrm"])
def test_the_scripts_are_plain_sh(deb, tmp_path, script):
    run("dpkg-deb", "--control", deb, tmp_path)
    text = (tmp_path / script).read_text()
    assert text.startswith("#!/bin/sh\n") and "set -e" in text
    assert shutil.which("dash") is not None
    run("dash", "-n", tmp_path / script)
