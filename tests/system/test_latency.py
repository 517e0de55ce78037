"""No 40 ms stall: neither Nagle's nor a poll interval's."""

import statistics
import time

ROUNDS = 100


def test_one_command_at_a_time_is_quick(scripted, new_broker, new_device):
    broker = new_broker().start()
    scripted(broker=broker).start()
    device = new_device("pump-1", broker)
    device.update("warm-up", {"description": "x"})

    took_ms = []
    for number in range(ROUNDS):
        started = time.monotonic()
        assert device.update(f"job-{number}", {"description": "x"}).is_accepted
        took_ms.append((time.monotonic() - started) * 1000)

    assert statistics.median(took_ms) < 20, sorted(took_ms)
    assert sum(took_ms) < ROUNDS * 30, sorted(took_ms)


def test_the_bridge_is_ready_soon(new_broker, new_bridge):
    bridge = new_bridge(new_broker().start())
    started = time.monotonic()

    bridge.start()

    assert time.monotonic() - started < 3
