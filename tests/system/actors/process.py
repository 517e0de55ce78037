"""A child process with its output in a file, ended by its own pid."""

import os
import signal
import subprocess
import time

from .wait import PATIENCE


class Process:
    def __init__(self, argv, log, env=None, cwd=None):
        self.log = log
        with open(log, "ab") as output:
            self.child = subprocess.Popen(
                [str(word) for word in argv], env={**os.environ, **(env or {})}, cwd=cwd,
                stdin=subprocess.DEVNULL, stdout=output, stderr=output)

    @property
    def is_alive(self):
        return self.child.poll() is None

    @property
    def exit_code(self):
        return self.child.poll()

    @property
    def output(self):
        return self.log.read_text(errors="replace")

    def stop(self, patience=PATIENCE):
        """SIGTERM, and the seconds it took to end."""
        started = time.monotonic()
        if self.is_alive:
            self.child.send_signal(signal.SIGTERM)
        try:
            self.child.wait(patience)
        except subprocess.TimeoutExpired:
            self.kill()
            raise
        return time.monotonic() - started

    def kill(self):
        if self.is_alive:
            self.child.kill()
        self.child.wait()
