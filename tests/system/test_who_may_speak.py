"""packaging/mosquitto-tls.conf and packaging/mosquitto.acl: a broker with which a thing can speak for
itself and for nobody else. Certificates are made as docs/OPERATIONS.md says."""

import contextlib
import json
import subprocess
from types import SimpleNamespace

import pytest
import yaml

from actors import Bridge, Endpoint, until
from actors.authority import Authority, Member, SecuredBroker
from actors.device import command_topic
from actors.process import Process
from actors.wait import PATIENCE
from conftest import KEYS

UPDATE = {"description": "x"}
ALL = ("#", "$aws/#", "jobs-bridge/#", "jobs-bridge/things/+/jobs/+/update/accepted")
RULES = [{"things": ["pump-*"], "notify": ["pump-*"]}, {"things": ["valve-*"]},
         {"from": "operators", "notify": ["*"]}]


def bridge_settings(authority, endpoint, **mqtt):
    return {"mqtt": {**authority.client("bridge.jobs").settings(), **mqtt},
            "jobs": {"endpoint": endpoint.url, "rate_per_second": 0}}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The broker and a bridge with a policy, as one would set them up."""
    folder = tmp_path_factory.mktemp("site")
    authority = Authority(folder / "authority")
    policy = folder / "policy.yaml"
    policy.write_text(yaml.safe_dump({"rules": RULES}))
    with contextlib.ExitStack() as stack:
        broker, endpoint = SecuredBroker(folder / "broker", authority.broker()), Endpoint()
        settings = {**bridge_settings(authority, endpoint), "policy": {"file": str(policy)}}
        bridge = Bridge(folder / "bridge", broker, settings, KEYS)
        for stop, start in ((broker.stop, broker.start), (endpoint.stop, endpoint.start),
                            (bridge.end, bridge.start)):
            stack.callback(stop)
            start()
        yield SimpleNamespace(authority=authority, broker=broker, endpoint=endpoint, bridge=bridge)


@pytest.fixture
def member(site):
    """A client with a certificate of its own: member("pump-1"), member("operator.jobs")."""
    with contextlib.ExitStack() as stack:
        def make(name, broker=site.broker, **options):
            thing = None if "." in name else name
            made = Member(broker, site.authority.client(name), thing, **options)
            stack.callback(made.close)
            return made

        yield make


@pytest.fixture
def new_secured(tmp_path):
    """Another broker of this kind, with a certificate."""
    with contextlib.ExitStack() as stack:
        def make(certificate, **options):
            made = SecuredBroker(tmp_path / "secured", certificate, **options)
            stack.callback(made.stop)
            return made.start()

        yield make


@pytest.fixture
def verbs(site, new_bridge):
    """The program with the certificate of a role, to run its verbs."""

    def make(role):
        made = new_bridge(site.broker)
        made.configure({**made.settings, "mqtt": {
            "url": site.broker.url, **site.authority.client(role).settings()}})
        return made

    return make


def say(broker, options, topic, payload, version="5"):
    """mosquitto_pub, with the options of a Certificate."""
    argv = ["mosquitto_pub", "-V", version, "-h", "localhost", "-p", str(broker.port), "-q", "1",
            "-t", topic, "-m", payload, *map(str, options)]
    return subprocess.run(argv, capture_output=True, text=True, timeout=PATIENCE)


def test_a_thing_speaks_for_itself(site, member):
    pump, dashboard = member("pump-1"), member("dashboard.jobs")

    assert pump.update("own", {**UPDATE, "namespaceId": "ns"}).json["thingName"] == "pump-1"

    notify = "$aws/things/pump-1/jobs/own/notify-namespace-ns/"
    assert pump.expect(notify).json["event"] == "UPDATED"
    dashboard.expect(notify)
    dashboard.expect("jobs-bridge/events/jobs/own")
    dashboard.expect(command_topic("own", "pump-1") + "/accepted")
    assert dashboard.expect("jobs-bridge/status").json["status"] == "online"


def test_an_operator_hears_of_each_of_several_bridges(site, member, new_secured, new_bridge):
    broker = new_secured(site.broker.certificate)
    settings = bridge_settings(site.authority, site.endpoint)
    new_bridge(broker, {**settings, "partition": {"index": 0, "count": 2}}, KEYS).start()

    status = member("operator.jobs", broker).expect("jobs-bridge/status/0").json

    assert status["status"] == "online" and status["partition"] == {"index": 0, "count": 2}


def test_an_operator_speaks_without_a_thing(site, member):
    operator = member("operator.jobs")

    assert "thingName" not in operator.update("rollout", UPDATE).json
    operator.expect("jobs-bridge/events/jobs/rollout")


def test_the_command_line_has_a_certificate_of_its_own(site, verbs):
    done = verbs("operator.jobs").run("send", "--job", "by-hand", '{"description":"x"}')

    assert done.returncode == 0, done.stderr
    assert not site.bridge.log_lines(event="mqtt_lost")


def test_a_dead_letter_is_replayed_with_another_certificate(site, member, new_secured, new_bridge):
    """With a prefix that the list does not know, the bridge may not publish notify events."""
    broker = new_secured(site.broker.certificate)
    settings = {**bridge_settings(site.authority, site.endpoint),
                "topics": {"reserved_prefix": "fleet"}}
    bridge, pump = new_bridge(broker, settings, KEYS).start(), member("pump-1", broker)
    assert pump.update("j", {**UPDATE, "namespaceId": "ns"}).is_accepted
    until(lambda: bridge.log_lines(event="undelivered"), "the dead letter")
    bridge.configure({**bridge.settings, "mqtt": {
        "url": broker.url, **site.authority.client("replay.jobs").settings()}})

    letter = json.loads(bridge.run("dead", "list", "--json").stdout)
    done = bridge.run("dead", "replay", str(letter["id"]))

    assert done.returncode == 0, done.stderr
    until(lambda: len(pump.seen(command_topic("j", "pump-1") + "/accepted")) == 2, "its answer again")
    assert not bridge.log_lines(event="mqtt_lost")


def test_a_watcher_sees_what_a_dashboard_may(site, member, verbs, tmp_path):
    dashboard = verbs("dashboard.jobs")
    watch = Process([dashboard.program, "watch", "--config", dashboard.file], tmp_path / "watch.log")
    with contextlib.ExitStack() as stack:
        stack.callback(watch.kill)
        until(lambda: "watching" in watch.output, "the watcher to be there")
        assert member("pump-11").update("seen-by-all", UPDATE).is_accepted
        until(lambda: "seen-by-all" in watch.output, "the event")

    assert not site.bridge.log_lines(event="mqtt_lost")


FORBIDDEN = [(who, topic) for who, topics in {
    "valve-2": [
        "jobs-bridge/things/pump-1/jobs/j/update",
        "jobs-bridge/things/pump-1/jobs/j/namespace-ns/update",
        "jobs-bridge/jobs/j/update",
        "jobs-bridge/jobs/j/namespace-ns/update",
        "jobs-bridge/things/pump-1/jobs/j/update/accepted",
        "jobs-bridge/things/pump-1/jobs/j/namespace-ns/update/rejected",
        "jobs-bridge/things/valve-2/jobs/j/update/accepted",
        "jobs-bridge/things/valve-2/replies",
        "jobs-bridge/things/valve-2/jobs/j/update/update/update",
        "$aws/things/pump-1/jobs/j/notify-namespace-ns/",
        "$aws/things/valve-2/jobs/j/notify-namespace-ns/",
        "jobs-bridge/events/jobs/j",
        "jobs-bridge/status",
        "jobs-bridge/status/0",
    ],
    "operator.jobs": [
        "jobs-bridge/things/pump-1/jobs/j/update",
        "jobs-bridge/jobs/j/update/accepted",
        "jobs-bridge/events/jobs/j",
        "jobs-bridge/status",
        "jobs-bridge/status/0",
        "$aws/things/pump-1/jobs/j/notify-namespace-ns/",
    ],
    "dashboard.jobs": [
        "jobs-bridge/jobs/j/update",
        "jobs-bridge/things/pump-1/jobs/j/update",
        "jobs-bridge/status",
    ],
}.items() for topic in topics]


@pytest.mark.parametrize("version", ["5", "311"])
@pytest.mark.parametrize("who", ["valve-2", "operator.jobs", "dashboard.jobs"])
def test_nobody_speaks_for_another_and_nobody_forges(site, member, who, version):
    """Who says something as a dashboard throws out the one that listens, so there an operator does."""
    witness = member("operator.jobs" if who == "dashboard.jobs" else "dashboard.jobs")
    certificate = site.authority.client(who)
    calls = len(site.endpoint.requests)

    for speaker, topic in FORBIDDEN:
        if speaker == who:
            said = say(site.broker, certificate.options(), topic, '{"description":"forged"}', version)
            assert ("Not authorized" in said.stderr) == (version == "5"), (topic, said.stderr)

    member("pump-8").update(f"after-{who.partition('.')[0]}-{version}", UPDATE)
    until(lambda: len(site.endpoint.requests) > calls, "the call of the last command")
    assert len(site.endpoint.requests) == calls + 1
    assert not [m for m in witness.messages if b"forged" in m.payload]


def test_a_last_will_is_no_way_round(site, member):
    witness, certificate = member("dashboard.jobs"), site.authority.client("valve-3")
    topics = ("jobs-bridge/status", "jobs-bridge/things/pump-1/jobs/j/update")
    for count, topic in enumerate(topics, 1):
        will = ["--will-topic", topic, "--will-payload", '{"description":"forged"}', "--will-qos", "1"]
        argv = ["stdbuf", "-oL", "mosquitto_sub", "-V", "5", "-h", "localhost", "-d",
                "-p", str(site.broker.port), "-t", "jobs-bridge/things/valve-3/#",
                *map(str, certificate.options()), *will]
        with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as dying:
            for line in dying.stdout:  # until it is there, or was refused
                if "SUBACK" in line or "DISCONNECT" in line:
                    break
            dying.kill()
        until(lambda: site.broker.process.output.count("Client valve-3 ") >= count, "its end")

    assert member("pump-4").update("after-the-will", UPDATE).is_accepted
    witness.expect("jobs-bridge/events/jobs/after-the-will")
    assert not [m for m in witness.messages if b"forged" in m.payload]


def test_nobody_reads_what_is_another_s(site, member):
    valve, pump = member("valve-5", filters=ALL), member("pump-5")
    operator = member("operator.jobs", filters=ALL)

    assert pump.update("secret", {**UPDATE, "namespaceId": "ns"}).is_accepted
    pump.expect("$aws/things/pump-5/jobs/secret/notify-namespace-ns/")
    assert valve.update("mine", {**UPDATE, "namespaceId": "ns"}).is_accepted
    valve.expect("$aws/things/valve-5/jobs/mine/notify-namespace-ns/")
    operator.expect("jobs-bridge/events/jobs/mine")

    own = ("jobs-bridge/things/valve-5/", "$aws/things/valve-5/")
    assert all(m.topic.startswith(own) for m in valve.messages)
    common = ("jobs-bridge/jobs/", "jobs-bridge/events/", "jobs-bridge/status")
    assert all(m.topic.startswith(common) for m in operator.messages)


def test_a_role_is_no_thing(site, member):
    """Every user has a folder of things; but the name of a role is no thing's name."""
    operator = member("operator.jobs", filters=ALL + ("jobs-bridge/things/operator.jobs/#",))
    topic = command_topic("j", "operator.jobs")

    operator.publish(topic, UPDATE)

    assert operator.expect(topic + "/rejected").json["code"] == "InvalidTopic"


def test_the_client_id_of_the_bridge_is_not_for_the_taking(site, member):
    thief = member("valve-6", client_id="jobs-bridge")

    assert thief.update("still-there", UPDATE).is_accepted
    assert not site.bridge.log_lines(event="mqtt_lost")
    assert site.bridge.is_ready


def test_without_the_setting_it_is(site, member, new_secured, new_bridge):
    """Why packaging/mosquitto-tls.conf has use_username_as_clientid."""
    broker = new_secured(site.broker.certificate, leave_out="use_username_as_clientid true")
    bridge = new_bridge(broker, bridge_settings(site.authority, site.endpoint), KEYS).start()

    member("valve-7", broker, client_id="jobs-bridge")

    until(lambda: bridge.log_lines(event="mqtt_lost"), "the bridge to be thrown out")


def test_the_policy_settles_who_may_be_named(site, member):
    pump, witness = member("pump-6"), member("dashboard.jobs")

    allowed = pump.update("named", {**UPDATE, "namespaceId": "ns", "things": ["pump-1"]})
    denied = pump.update("not-named", {**UPDATE, "namespaceId": "ns", "things": ["valve-1"]})

    assert allowed.is_accepted
    assert (denied.json["code"], denied.json["field"]) == ("Forbidden", "things")
    witness.expect("$aws/things/pump-1/jobs/named/notify-namespace-ns/")
    witness.expect("jobs-bridge/events/jobs/not-named")
    assert not [m for m in witness.messages if m.topic.startswith("$aws/things/valve-1/")]


@pytest.mark.parametrize("asked, used", [
    ("jobs-bridge/things/pump-7/replies", "jobs-bridge/things/pump-7/replies"),
    ("jobs-bridge/things/pump-1/replies", None),  # another's: the bridge itself ignores it
    ("somewhere/else", None),  # the broker refuses it to the bridge
])
def test_a_response_topic_reaches_no_further_than_the_own_folder(site, member, asked, used):
    pump, witness = member("pump-7"), member("dashboard.jobs", filters=ALL)
    job = "reply-" + asked.replace("/", "-")
    topic, token = pump.send(job, UPDATE, response_topic=asked, correlation=b"c")

    answer = pump.expect(used or topic + "/accepted", lambda m: m.json["clientToken"] == token)

    assert answer.properties.CorrelationData == b"c"
    witness.expect(f"jobs-bridge/events/jobs/{job}")
    assert used is not None or asked not in [m.topic for m in witness.messages]
    assert not site.bridge.log_lines(event="undelivered")
    assert not site.bridge.log_lines(event="mqtt_lost"), "the broker hung up on the bridge"


FLAWS = ["no certificate", "an expired one", "another authority's", "a broker's"]


def flawed(site, folder, flaw):
    """The Certificate of somebody who is not to get in; None if there is none."""
    if flaw == "no certificate":
        return None
    if flaw == "an expired one":
        return site.authority.client("bridge.old", days=-1)
    if flaw == "a broker's":
        return site.authority.broker("client")
    other = Authority(folder / "other").client("bridge.jobs")
    other.authority = site.authority.certificate
    return other


@pytest.mark.parametrize("flaw", FLAWS)
def test_nobody_gets_in_with(site, new_bridge, tmp_path, flaw):
    certificate = flawed(site, tmp_path, flaw)
    options, settings = ["--cafile", site.authority.certificate], {
        "ca_file": str(site.authority.certificate)}
    if certificate is not None:
        options, settings = certificate.options(), certificate.settings()

    said = say(site.broker, options, command_topic("j"), '{"description":"x"}')

    assert said.returncode != 0, said.stderr
    bridge = new_bridge(site.broker, {"mqtt": settings}).start(is_ready=False)
    reason = refusal_of(bridge)
    assert "certificate" in reason or "unknown ca" in reason, reason
    assert not bridge.log_lines(event="mqtt_connected")


def refusal_of(bridge):
    lines = until(lambda: bridge.log_lines(event="mqtt_refused"), "the refusal in the log")
    assert not bridge.is_ready
    return lines[0]["reason"]


BROKERS = {
    "expired": (lambda site, _: site.authority.broker("old", days=-1), "expired"),
    "of another host": (lambda site, _: site.authority.broker("far", names="DNS:broker.example.com"),
                        "hostname mismatch"),
    "of another authority": (lambda _, folder: Authority(folder / "other").broker(),
                             "certificate"),
    "of a thing": (lambda site, _: site.authority.client("pump-13"), "purpose"),
}


@pytest.mark.parametrize("kind", BROKERS)
def test_the_bridge_does_not_trust_a_broker_with_a_certificate(site, new_secured, new_bridge,
                                                               tmp_path, kind):
    make, words = BROKERS[kind]
    broker = new_secured(make(site, tmp_path))
    bridge = new_bridge(broker, bridge_settings(site.authority, site.endpoint), KEYS)
    bridge.start(is_ready=False)

    reason = refusal_of(bridge)

    assert words in reason
    assert "as bridge.jobs" not in broker.process.output
