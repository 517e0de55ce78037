"""The program's other verbs: send, jobs, version, help."""

import json
import os
import subprocess

import pytest

from actors import Bridge
from actors.endpoint import not_found

UPDATE = '{"description": "by hand"}'


def plain(*words, env=None):
    """The program without any configuration, in an empty environment but for env."""
    return subprocess.run([str(Bridge.program), *words], env={"PATH": os.environ["PATH"],
                                                              **(env or {})},
                          capture_output=True, text=True, timeout=30)


def send(bridge, job, *words, stdin=None):
    return bridge.run("send", "--thing", "pump-1", "--job", job, *words, stdin=stdin)


def test_send_prints_the_accepted_answer(bridge, new_job):
    job = new_job(namespace="my-ns")

    done = send(bridge, job, "--namespace", "my-ns", UPDATE)

    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert answer["jobId"] == job and answer["namespaceId"] == "my-ns"


def test_send_takes_the_command_from_standard_input(bridge, new_job):
    assert send(bridge, new_job(), "-", stdin=UPDATE).returncode == 0


def test_send_ends_with_1_when_it_is_refused(bridge):
    done = send(bridge, "no-such-job", UPDATE)

    assert done.returncode == 1
    assert json.loads(done.stdout)["code"] == "ResourceNotFound"


def test_send_ends_with_2_without_an_answer(new_broker, new_bridge):
    bridge = new_bridge(new_broker().start())

    done = send(bridge, "j", "--timeout", "1s", UPDATE)

    assert done.returncode == 2 and done.stdout == "" and done.stderr


def test_send_dry_run_shows_the_call(scripted, endpoint):
    bridge = scripted().start()

    done = send(bridge, "j", "--namespace", "n", "--dry-run", UPDATE)

    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert answer["dryRun"] is True
    assert answer["request"] == {"method": "PATCH", "target": "/jobs/j?namespaceId=n",
                                 "body": json.loads(UPDATE)}
    assert answer["notify"] == ["$aws/things/pump-1/jobs/j/notify-namespace-n/"]
    assert endpoint.requests == []


def test_send_uses_the_configured_endpoint_too(scripted, endpoint):
    endpoint.script(not_found())
    assert send(scripted().start(), "j", UPDATE).returncode == 1


def test_jobs_creates_describes_and_lists(bridge, iot):
    created = bridge.run("jobs", "create", "--job", "by-hand", "--thing", "pump-1",
                         "--namespace", "my-ns")
    assert created.returncode == 0, created.stderr
    assert iot.describe_job(jobId="by-hand")["job"]["namespaceId"] == "my-ns"

    described = bridge.run("jobs", "describe", "--job", "by-hand")
    assert described.returncode == 0 and "by-hand" in described.stdout
    listed = bridge.run("jobs", "list")
    assert listed.returncode == 0 and "by-hand" in listed.stdout


def test_jobs_says_no_with_the_words_of_the_endpoint(bridge):
    done = bridge.run("jobs", "describe", "--job", "no-such-job")

    assert done.returncode == 1 and "ResourceNotFoundException" in done.stderr


def test_version_and_help_need_no_configuration():
    version = plain("version")
    assert version.returncode == 0 and version.stdout.startswith("jobs-bridge ")
    assert plain("--version").stdout == version.stdout
    helped = plain("help")
    assert helped.returncode == 0
    for verb in ("run", "check", "send", "jobs", "version"):
        assert verb in helped.stdout
    assert plain("--help").stdout == helped.stdout


@pytest.mark.parametrize("words", [[], ["dance"], ["run", "--colour"], ["send", UPDATE],
                                   ["send", "--thing", "a b", "--job", "j", UPDATE],
                                   ["send", "--job", "a/b", UPDATE], ["jobs", "dance"]])
def test_a_wrong_command_line_is_explained(words):
    done = plain(*words)

    assert done.returncode == 64 and done.stderr and not done.stdout


def test_the_environment_names_the_configuration(bridge):
    done = plain("check", env={"JOBS_BRIDGE_CONFIG": str(bridge.file)})
    assert done.returncode == 0, done.stderr
    missing = plain("check", env={"JOBS_BRIDGE_CONFIG": "/nowhere.yaml"})
    assert missing.returncode == 1 and "/nowhere.yaml" in missing.stdout + missing.stderr


def test_without_a_file_the_defaults_are_used(tmp_path):
    done = plain("check", env={"STATE_DIRECTORY": str(tmp_path)})
    assert done.returncode == 0, done.stderr
