"""MQTT 5 and 3.1.1 on either side, and both qualities of service."""

import pytest

UPDATE = {"description": "any version"}


@pytest.mark.parametrize("bridge_version", [5, 3])
@pytest.mark.parametrize("device_version", [5, 3])
def test_a_command_is_answered(bridge_version, device_version, scripted, new_broker, new_device,
                               endpoint):
    broker = new_broker().start()
    scripted({"mqtt": {"version": bridge_version}}, broker).start()
    device = new_device("pump-1", broker, version=device_version)

    assert device.update("j", UPDATE).is_accepted
    assert device.update("j", {"nonsense": 1}).json["code"] == "InvalidRequest"
    assert len(endpoint.requests) == 1


@pytest.mark.parametrize("version", [5, 3])
def test_a_command_at_qos_0_is_answered_at_qos_1(version, bridge, new_device, new_job):
    answer = new_device("pump-1", version=version).update(new_job(), UPDATE, qos=0)

    assert answer.is_accepted and answer.qos == 1


def test_a_command_at_qos_2_is_answered(device, new_job):
    assert device.update(new_job(), UPDATE, qos=2).is_accepted
