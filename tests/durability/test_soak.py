"""Everything at once, for a while; tests/durability/run goes on for as long as it is told."""

import pytest

from disk import Disk, can_mount
from history import describe
from soak import Town

SECONDS = 15


@pytest.mark.parametrize("kills_broker", [False, True])
def test_a_town_under_attack_keeps_its_promises(tmp_path, chance, kills_broker):
    disk = Disk(tmp_path / "disk") if can_mount(tmp_path / "probe") else None
    town = Town(tmp_path / "town", chance, disk)
    try:
        town.suffer(SECONDS, kills_broker)
        town.heal()
        problems = town.problems()
        assert not problems, "\n".join(problems + [describe(town.history), str(town.folder)])
        assert len(town.history.commands("taken")) > 100 and town.history.of("fault")
    finally:
        town.close()
        if disk is not None:
            disk.unmount()
