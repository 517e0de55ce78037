"""The configuration file: every mistake is named with its line, and a wrong one never runs."""

import pytest
import yaml

MISTAKES = """\
state: ./state
mqtt:
  url: http://127.0.0.1:1883
  keep_alive: 1h
  colour: blue
jobs:
  rate_per_second: -1
  max_in_flight: many
  call_timeuot: 15s
topics:
  root: a/b
  notify: ["things/{thing}/{colour}"]
elephant: true
"""

WRONG_LINES = {3: "mqtt.url", 4: "mqtt.keep_alive", 5: "colour", 7: "jobs.rate_per_second",
               8: "jobs.max_in_flight", 9: "call_timeuot", 11: "topics.root", 12: "topics.notify",
               13: "elephant"}


@pytest.fixture
def configured(new_broker, new_bridge):
    """A bridge with the given text as its configuration file; not started."""

    def make(text):
        bridge = new_bridge(new_broker())
        bridge.file.write_text(text)
        return bridge

    return make


def test_check_names_every_mistake_at_once(configured):
    bridge = configured(MISTAKES)

    done = bridge.run("check")

    assert done.returncode == 1
    told = done.stdout + done.stderr
    for line, key in WRONG_LINES.items():
        lines = [text for text in told.splitlines() if f"{bridge.file}:{line}:" in text]
        assert len(lines) == 1 and key in lines[0], (line, key, told)
    assert "call_timeout" in told, "it is close enough to be offered"


def test_check_is_content_with_a_good_file(new_broker, new_bridge):
    done = new_bridge(new_broker()).run("check")

    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("text, told", [
    ("mqtt: [", "yaml:"),
    ("- a\n- list\n", "yaml:1:"),
    ("jobs:\n  region: a\n  region: b\n", "yaml:3:"),
    ("partition: {index: 2, count: 2}\n", "partition.index"),
    ("policy: {file: /nonexistent/policy.yaml}\n", "policy.yaml: cannot be opened"),
    ("jobs: {endpoint: http://example.com}\n", "jobs.endpoint"),
    ("embedded: {listen: 0.0.0.0:8099}\n", "embedded.listen"),
], ids=["yaml", "shape", "twice", "together", "no policy", "plain http", "open to all"])
def test_a_wrong_file_is_refused_by_check_and_by_run(configured, text, told):
    bridge = configured(text)

    checked = bridge.run("check")
    ran = bridge.run("run")

    assert checked.returncode == 1 and told in checked.stdout + checked.stderr
    assert ran.returncode == 1 and told in ran.stderr
    assert not bridge.state.exists()


def test_a_file_that_is_not_there_is_an_error(new_broker, new_bridge):
    bridge = new_bridge(new_broker())
    bridge.file.unlink()

    done = bridge.run("check")

    assert done.returncode == 1 and str(bridge.file) in done.stdout + done.stderr


def test_an_empty_file_means_the_defaults(configured):
    assert configured("").run("check").returncode == 0


def test_a_port_in_use_is_named_at_start(new_broker, new_bridge):
    broker = new_broker().start()
    first = new_bridge(broker).start()
    second = new_bridge(broker)
    second.configure({**second.settings, "embedded": first.settings["embedded"]})

    done = second.run("run")

    assert done.returncode == 1 and str(first.port) in done.stderr


def test_the_shipped_example_holds_the_defaults(configured, request):
    example = request.config.rootpath.parents[1] / "packaging/jobs-bridge.yaml"
    settings = yaml.safe_load(example.read_text())

    assert configured(example.read_text()).run("check").returncode == 0
    assert settings["mqtt"]["url"] == "mqtt://127.0.0.1:1883"
    assert settings["jobs"]["endpoint"] == "embedded"
