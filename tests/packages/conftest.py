"""Fixtures: the package, one of a higher version, a machine to install them on, broker, endpoint."""

import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "system"))

from actors import Broker, Device, Endpoint  # noqa: E402
from machine import Machine, build_deb  # noqa: E402


@pytest.fixture(scope="session")
def deb():
    return build_deb()


@pytest.fixture(scope="session")
def newer_deb(deb):
    return build_deb("--revision", "2")


@pytest.fixture
def machine():
    machine = Machine()
    yield machine
    machine.dispose()


@pytest.fixture
def broker(tmp_path):
    broker = Broker(tmp_path / "broker").start()
    yield broker
    broker.stop()


@pytest.fixture
def endpoint():
    endpoint = Endpoint().start()
    yield endpoint
    endpoint.stop()


@pytest.fixture
def device(broker):
    device = Device(broker, "pump-1")
    yield device
    device.close()
