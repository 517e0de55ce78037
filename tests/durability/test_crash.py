"""kill -9 at every step of a run: nothing acknowledged is lost, nothing goes back."""

import pytest

import steps

SAMPLE = 40  # of the steps; tests/durability/run takes them all


@pytest.mark.parametrize("sync", ["full", "normal"])
def test_the_bridge_may_be_killed_at_any_step(tmp_path, chance, sync):
    settings = {"journal": {"sync": sync}}
    every = steps.list_steps(tmp_path / "watched", settings)
    assert {"pwrite64", "fdatasync", "sendto", "unlink"} <= {step.call for step in every}

    ends = 0
    for number, step in enumerate(sorted(chance.sample(every, SAMPLE), key=every.index)):
        ends += steps.kill_at(tmp_path / f"{number}-{step.call}-{step.number}", step, settings)[1]

    assert ends > SAMPLE / 2, f"only {ends} of {SAMPLE} kills hit"
