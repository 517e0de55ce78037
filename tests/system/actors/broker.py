"""A Mosquitto of its own. A durable one can be killed and comes back with what it had saved; one that
is not is faster, since it does not write all it holds after every second change."""

import os

from .process import Process
from .wait import free_port, is_listening, until


class Broker:
    def __init__(self, folder, is_durable=True, more=()):
        self.folder = folder
        self.more = list(more)  # lines of its configuration
        self.is_durable = is_durable
        self.port = free_port()
        self.process = None
        folder.mkdir(parents=True, exist_ok=True)

    @property
    def url(self):
        return f"mqtt://127.0.0.1:{self.port}"

    def configuration(self):
        lines = [
            f"listener {self.port} 127.0.0.1",
            "allow_anonymous true",
            "set_tcp_nodelay true",
            "max_queued_messages 0",
        ]
        if self.is_durable:
            lines += [
                "persistence true",
                f"persistence_location {self.folder}/",
                "autosave_interval 1",
                "autosave_on_changes true",
            ]
        if os.geteuid() == 0:
            lines.append("user root")
        return "\n".join(lines + self.more) + "\n"

    def start(self):
        file = self.folder / "mosquitto.conf"
        file.write_text(self.configuration())
        self.process = Process(["/usr/sbin/mosquitto", "-c", file], self.folder / "mosquitto.log")
        until(lambda: is_listening(self.port), f"mosquitto on port {self.port}")
        return self

    def stop(self):
        if self.process is not None:
            self.process.stop()

    def kill(self):
        self.process.kill()
