"""Fixtures: the program under test, and rigs around it."""

import itertools
import pathlib
import random
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

import rig as rigs  # noqa: E402

from actors import program  # noqa: E402

serial = itertools.count(1)


def pytest_addoption(parser):
    program.add_option(parser)
    parser.addoption("--seed", type=int, default=1, help="what the random choices start from")


def pytest_configure(config):
    program.take_option(config)


@pytest.fixture
def chance(request):
    return random.Random(request.config.getoption("--seed"))


@pytest.fixture
def new_rig(tmp_path):
    made = []

    def make(settings=None, **manners):
        made.append(rigs.Rig(tmp_path / f"rig-{next(serial)}", settings, **manners))
        return made[-1]

    yield make
    for rig in made:
        rig.close()
