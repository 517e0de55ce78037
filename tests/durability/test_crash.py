"""kill -9 at every step of a run: nothing acknowledged is lost, nothing goes back."""

import steps

SAMPLE = 40  # of the steps; tests/durability/run takes them all


def test_the_bridge_may_be_killed_at_any_step(tmp_path, chance):
    every = steps.list_steps(tmp_path / "watched")
    assert {"pwrite64", "fdatasync", "sendto", "unlink"} <= {step.call for step in every}

    ends = 0
    for number, step in enumerate(sorted(chance.sample(every, SAMPLE), key=every.index)):
        ends += steps.kill_at(tmp_path / f"{number}-{step.call}-{step.number}", step)[1]

    assert ends > SAMPLE / 2, f"only {ends} of {SAMPLE} kills hit"
