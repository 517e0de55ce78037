"""The program under test, by pytest's option --bridge: the same in every folder of tests."""

import pathlib

import pytest

from .bridge import Bridge

RELEASE = pathlib.Path(__file__).parents[3] / "build/release/jobs-bridge"


def add_option(parser):
    parser.addoption("--bridge", default=str(RELEASE), help="the program under test")


def take_option(config):
    Bridge.program = pathlib.Path(config.getoption("--bridge")).resolve()
    if not Bridge.program.exists():
        raise pytest.UsageError(f"{Bridge.program} is not there: build it, or give --bridge")
