"""Fixtures: a broker, a bridge on its embedded endpoint, a scripted endpoint, devices.

`broker` and `bridge` are one for a file, because starting them is most of what a test takes; a test
that breaks one makes its own through `new_broker` and `new_bridge`.
"""

import itertools
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from actors import Aws, Bridge, Broker, Device, Endpoint, program  # noqa: E402
from actors.aws import boto3_client, thing_arn  # noqa: E402

HOUSE = pathlib.Path(__file__).parents[2]
KEYS = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"}
serial = itertools.count(1)


def pytest_addoption(parser):
    program.add_option(parser)


def pytest_configure(config):
    program.take_option(config)


@pytest.fixture(scope="module")
def module_folder(tmp_path_factory):
    return tmp_path_factory.mktemp("shared")


@pytest.fixture(scope="module")
def broker(module_folder):
    broker = Broker(module_folder / "broker").start()
    yield broker
    broker.stop()


@pytest.fixture(scope="module")
def shared_bridge(module_folder, broker):
    bridge = Bridge(module_folder / "bridge", broker).start()
    yield bridge
    bridge.end()


@pytest.fixture
def bridge(shared_bridge):
    """The file's bridge, which every test has to leave alive and clean."""
    yield shared_bridge
    shared_bridge.assert_clean()
    assert shared_bridge.process.is_alive, shared_bridge.process.output


@pytest.fixture
def new_broker(tmp_path):
    brokers = []

    def make(**options):
        brokers.append(Broker(tmp_path / f"broker-{next(serial)}", **options))
        return brokers[-1]

    yield make
    for broker in brokers:
        broker.stop()


@pytest.fixture
def new_bridge(tmp_path):
    bridges = []

    def make(broker, settings=None, env=None):
        bridges.append(Bridge(tmp_path / f"bridge-{next(serial)}", broker, settings, env))
        return bridges[-1]

    yield make
    for bridge in bridges:
        bridge.end()


@pytest.fixture
def endpoint():
    endpoint = Endpoint().start()
    yield endpoint
    endpoint.stop()


@pytest.fixture
def scripted(new_broker, new_bridge, endpoint):
    """A bridge of the test's own that calls the scripted endpoint; not started yet."""

    def make(settings=None, broker=None):
        jobs = {"endpoint": endpoint.url, "rate_per_second": 0}
        settings = {**(settings or {}), "jobs": {**jobs, **(settings or {}).get("jobs", {})}}
        return new_bridge(broker or new_broker().start(), settings, env=KEYS)

    return make


@pytest.fixture
def new_device(broker):
    devices = []

    def make(thing=None, broker=broker, **options):
        devices.append(Device(broker, thing, **options))
        return devices[-1]

    yield make
    for device in devices:
        device.close()


@pytest.fixture
def device(new_device):
    return new_device("pump-1")


@pytest.fixture
def aws(bridge):
    return Aws(bridge)


@pytest.fixture(scope="module")
def iot(shared_bridge):
    """boto3's iot client at the file's bridge."""
    return boto3_client(shared_bridge)


@pytest.fixture
def new_job(iot):
    """Creates a job for a thing through boto3 and returns its id."""

    def make(thing="pump-1", namespace=None):
        job = f"job-{next(serial)}"
        more = {} if namespace is None else {"namespaceId": namespace}
        iot.create_job(jobId=job, targets=[thing_arn(thing)], document='{"operation": "test"}',
                       **more)
        return job

    return make
