"""The retained status topic: online, offline after a stop, offline by last will after a kill."""

STATUS = "jobs-bridge/status"


def status_is(word):
    return lambda message: message.json["status"] == word


def test_a_running_bridge_is_online(bridge, device):
    message = device.expect(STATUS)

    assert message.is_retained
    assert message.json["status"] == "online"
    assert message.json["version"] and isinstance(message.json["since"], int)


def test_a_stopped_bridge_is_offline(new_broker, new_bridge, new_device):
    broker = new_broker().start()
    bridge = new_bridge(broker).start()
    device = new_device(broker=broker)
    device.expect(STATUS, status_is("online"))

    bridge.stop()

    device.expect(STATUS, status_is("offline"))
    assert new_device(broker=broker).expect(STATUS).json["status"] == "offline"


def test_a_killed_bridge_is_offline_by_its_last_will(new_broker, new_bridge, new_device):
    broker = new_broker().start()
    bridge = new_bridge(broker).start()
    device = new_device(broker=broker)

    bridge.kill()

    device.expect(STATUS, status_is("offline"))
    assert new_device(broker=broker).expect(STATUS).is_retained


def test_a_restarted_bridge_is_online_again(new_broker, new_bridge, new_device):
    broker = new_broker().start()
    bridge = new_bridge(broker).start()
    bridge.kill()

    bridge.start()

    device = new_device(broker=broker)
    device.expect(STATUS, status_is("online"))
