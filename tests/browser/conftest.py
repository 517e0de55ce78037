"""Fixtures: a bridge with a broker and devices, as in the system tests, and a headless Chromium."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))
sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "system"))

import pytest  # noqa: E402
from actors import Bridge, Device, program  # noqa: E402

from browser import Browser  # noqa: E402
from strict_broker import StrictBroker  # noqa: E402


def pytest_addoption(parser):
    program.add_option(parser)


def pytest_configure(config):
    program.take_option(config)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("dashboard")


@pytest.fixture(scope="module")
def broker(folder):
    broker = StrictBroker(folder / "broker", is_durable=False).start()
    yield broker
    broker.stop()


@pytest.fixture(scope="module")
def bridge(folder, broker):
    bridge = Bridge(folder / "bridge", broker).start()
    yield bridge
    bridge.end()


@pytest.fixture(scope="module")
def chromium(folder):
    browser = Browser(folder / "browser")
    yield browser
    browser.quit()


@pytest.fixture
def page(chromium, bridge):
    """The dashboard on a desktop's screen, freshly loaded; it may not complain."""
    chromium.screen(1280, 900)
    chromium.scheme("light")
    page = chromium.open(f"http://127.0.0.1:{bridge.admin_port}/")
    yield page
    assert page.complaints() == []


@pytest.fixture
def device(broker):
    device = Device(broker, "pump-1")
    yield device
    device.close()


@pytest.fixture
def new_job(bridge):
    def make(job, thing="pump-1", namespace=None):
        more = ["--namespace", namespace] if namespace else []
        done = bridge.run("jobs", "create", "--job", job, "--thing", thing, *more)
        assert done.returncode == 0, done.stderr
        return job

    return make
