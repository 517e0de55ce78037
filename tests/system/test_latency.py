"""No 40 ms stall: neither Nagle's nor a poll interval's."""

import statistics
import time

ROUNDS = 100
STALL_MS = 40


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

    # A stall holds up every command, other load on the machine not all of them.
    assert statistics.quantiles(took_ms, n=10)[0] < STALL_MS / 2, sorted(took_ms)
