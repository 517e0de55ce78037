"""Waiting for conditions instead of for time to pass."""

import random
import socket
import time

PATIENCE = 15  # seconds; generous, because it is only spent by a test that fails


def until(condition, what, patience=PATIENCE):
    """Asks until the answer is true and returns it."""
    deadline = time.monotonic() + patience
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {patience} s in vain for {what}")
        time.sleep(0.01)


def free_port():
    """A loopback port outside the ephemeral range, so that no client socket takes it meanwhile."""
    while True:
        port = random.randrange(10000, 32000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


def is_listening(port):
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0
