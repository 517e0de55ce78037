"""The policy: who may change what, decided before any call, and tried out on the command line."""

import json
import pathlib

import pytest
import yaml

EXAMPLES = pathlib.Path(__file__).parents[2] / "packaging/policy"
BRAKE = EXAMPLES / "brake-only.yaml"


def rate(number):
    return {"jobExecutionsRolloutConfig": {"maximumPerMinute": number}}


@pytest.fixture
def ruled(scripted, new_broker, new_device, tmp_path):
    """A bridge under a policy (a file, or rules), and devices at its broker."""

    def make(policy, settings=None):
        file = policy
        if not isinstance(policy, pathlib.Path):
            file = tmp_path / "policy.yaml"
            file.write_text(yaml.safe_dump({"rules": policy}))
        broker = new_broker().start()
        bridge = scripted({**(settings or {}), "policy": {"file": str(file)}}, broker).start()
        return bridge, lambda thing=None: new_device(thing, broker)

    return make


def test_what_is_forbidden_is_answered_so_and_never_called(ruled, endpoint):
    _, device = ruled(BRAKE)
    gateway, pump, operator = device("gateway-1"), device("pump-1"), device()

    assert pump.update("line-1", {"description": "x"}).json["code"] == "Forbidden"
    assert operator.update("frozen-1", {"description": "x"}).json["code"] == "Forbidden"
    by_field = gateway.update("line-1", {"timeoutConfig": {"inProgressTimeoutInMinutes": 5}}).json
    dry_run = gateway.update("line-1", {**rate(5), "dryRun": True}).json

    assert by_field["code"] == dry_run["code"] == "Forbidden"
    assert by_field["field"] == "timeoutConfig.inProgressTimeoutInMinutes"
    assert 'rule 3 "gateways brake"' in by_field["message"]
    assert endpoint.requests == []


def test_a_gateway_brakes_and_cannot_speed_up_again(ruled, endpoint):
    _, device = ruled(BRAKE)
    gateway, operator = device("gateway-1"), device()

    assert operator.update("line-1", rate(400)).is_accepted
    assert gateway.update("line-1", rate(100)).is_accepted
    up = gateway.update("line-1", rate(101)).json
    assert operator.update("line-1", rate(300)).is_accepted
    assert gateway.update("line-1", rate(200)).is_accepted

    assert (up["code"], up["field"]) == ("Forbidden", "jobExecutionsRolloutConfig.maximumPerMinute")
    assert [request.json for request in endpoint.requests] == [rate(n) for n in (400, 100, 300, 200)]


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_what_is_known_of_a_job_survives_a_restart(ruled, end):
    bridge, device = ruled(BRAKE)
    gateway, operator = device("gateway-1"), device()
    assert operator.update("line-1", rate(400)).is_accepted

    getattr(bridge, end)()
    bridge.start()

    assert gateway.update("line-1", rate(401)).json["code"] == "Forbidden"
    assert gateway.update("line-1", rate(399)).is_accepted


def test_the_things_to_notify_are_those_the_rule_names(ruled):
    _, device = ruled([{"from": "things", "notify": ["fan-*"]}])
    pump = device("pump-1")

    assert pump.update("j", {"description": "x", "things": ["fan-1", "pump-1"]}).is_accepted
    answer = pump.update("j", {"description": "x", "things": ["fan-1", "mast"]}).json
    assert (answer["code"], answer["field"]) == ("Forbidden", "things")


def test_an_empty_policy_denies_everything(ruled, endpoint):
    _, device = ruled([])

    assert device("pump-1").update("j", {"description": "x"}).json["code"] == "Forbidden"
    assert device().update("j", {"description": "x"}).json["code"] == "Forbidden"
    assert endpoint.requests == []


def test_an_invalid_command_is_invalid_whoever_sends_it(ruled):
    _, device = ruled([])

    assert device("pump-1").update("j", {"nonsense": 1}).json["code"] == "InvalidRequest"


def test_the_namespace_of_the_payload_is_judged_as_that_of_the_topic(ruled):
    _, device = ruled([{"namespaces": ["mine"]}])
    pump = device("pump-1")

    assert pump.update("j", {"description": "x", "namespaceId": "mine"}).is_accepted
    assert pump.update("j", {"description": "x"}, namespace="mine").is_accepted
    assert pump.update("j", {"description": "x", "namespaceId": "yours"}).json["code"] == "Forbidden"
    assert pump.update("j", {"description": "x"}).json["code"] == "Forbidden"


@pytest.fixture
def tried(new_broker, new_bridge):
    """Runs `policy test` under a policy file; nothing has to run for that."""
    broker = new_broker()

    def test(policy, *words, stdin=None):
        return new_bridge(broker, {"policy": {"file": str(policy)}}).run(
            "policy", "test", *words, stdin=stdin)

    return test


def test_a_command_is_tried_out_without_a_bridge(tried):
    to = ("--job", "line-1")
    brakes = tried(BRAKE, "--thing", "gateway-1", *to, "--known", json.dumps(rate(100)),
                   json.dumps(rate(50)))
    speeds = tried(BRAKE, "--thing", "gateway-1", *to, "--known", json.dumps(rate(100)),
                   json.dumps(rate(150)))
    operator = tried(BRAKE, *to, "-", stdin=json.dumps(rate(150)))

    assert (brakes.returncode, brakes.stdout) == (0, 'allowed by rule 3 "gateways brake" (line 13)\n')
    assert speeds.returncode == 1
    assert speeds.stdout.startswith('denied: policy rule 3 "gateways brake": ')
    assert (operator.returncode, operator.stdout) == (0, 'allowed by rule 2 "operators" (line 9)\n')


@pytest.mark.parametrize("words", [
    ("--job", "j"), ("{}",), ("--job", "j", "{}"), ("--job", "j j", '{"description":"x"}'),
    ("--job", "j", "nonsense"), ("--job", "j", '{"description":"x"}', "again"),
    ("--job", "j", "--known", "7", json.dumps(rate(1))),
])
def test_what_cannot_be_tried_is_a_mistake_of_the_caller(tried, words):
    done = tried(BRAKE, *words)

    assert done.returncode == 64 and done.stderr and not done.stdout


def test_check_reads_the_policy(tried, new_broker, new_bridge, tmp_path):
    file = tmp_path / "policy.yaml"
    file.write_text("rules:\n- jobs: [a]\n- jobs: [a]\n  decision: deny\n- job: [b]\n")
    done = new_bridge(new_broker(), {"policy": {"file": str(file)}}).run("check")

    assert done.returncode == 1
    assert f"{file}:3: rules[2]: can never decide" in done.stderr
    assert f"{file}:5: rules[3].job: is not a known key" in done.stderr


@pytest.mark.parametrize("file", sorted(EXAMPLES.glob("*.yaml")), ids=lambda file: file.stem)
def test_the_examples_are_good(file, new_broker, new_bridge):
    done = new_bridge(new_broker(), {"policy": {"file": str(file)}}).run("check")

    assert done.returncode == 0, done.stderr
    assert str(file) in done.stdout
