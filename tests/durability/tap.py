"""A proxy between the bridge and a real broker, which writes down what passes and can do harm.

    tap.reset()       every connection is reset
    tap.is_frozen     while true nothing passes: a half-open link
"""

import json
import socket
import threading
import time

import packets
from actors import free_port
from fake_broker import is_answer, reset_socket, token_of


class Link:
    """One connection of the bridge, with the broker's other half."""

    def __init__(self, tap, bridge, broker):
        self.tap = tap
        self.bridge, self.broker = bridge, broker
        self.version = 5
        self.commands, self.answers = {}, {}  # by packet id, not yet acknowledged

    def start(self):
        for source, target, note in ((self.bridge, self.broker, self.on_bridge_said),
                                     (self.broker, self.bridge, self.on_broker_said)):
            threading.Thread(target=self.pump, args=(source, target, note), daemon=True).start()

    def reset(self):
        for side in (self.bridge, self.broker):
            reset_socket(side)

    def pump(self, source, target, note):
        buffer = bytearray()
        try:
            while data := source.recv(65536):
                while self.tap.is_frozen:
                    time.sleep(0.02)
                buffer += data
                for packet in packets.take_packets(buffer):
                    note(packet)
                target.sendall(data)
        except OSError:
            pass
        self.reset()

    def on_bridge_said(self, packet):
        note = self.tap.history.note
        if packet.kind == packets.CONNECT:
            self.version = packets.read_connect(packet.body).version
        elif packet.kind == packets.PUBACK:
            command = self.commands.pop(packets.read_puback(packet)[0], None)
            if command is not None:
                note("taken", command=command)
        elif packet.kind == packets.PUBLISH:
            publish = packets.read_publish(self.version, packet)
            if is_answer(publish.topic):
                command = token_of(publish.payload)
                self.answers[publish.packet_id] = command
                note("posted", command=command, body=json.loads(publish.payload))

    def on_broker_said(self, packet):
        note = self.tap.history.note
        if packet.kind == packets.PUBLISH:
            publish = packets.read_publish(self.version, packet)
            command = token_of(publish.payload)
            self.commands[publish.packet_id] = command
            note("delivered", command=command)
        elif packet.kind == packets.PUBACK:
            packet_id, reason = packets.read_puback(packet)
            command = self.answers.pop(packet_id, None)
            if command is not None:
                note("refused" if reason >= 0x80 else "answered", command=command)


class Tap:
    def __init__(self, broker, history):
        self.broker = broker
        self.history = history
        self.port = free_port()
        self.is_frozen = False
        self.links = []
        self._listener = None

    @property
    def url(self):
        return f"mqtt://127.0.0.1:{self.port}"

    def start(self):
        self._listener = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def stop(self):
        self._listener.close()
        self.is_frozen = False
        self.reset()

    def reset(self):
        links, self.links = self.links, []
        for link in links:
            link.reset()

    def _accept(self):
        while True:
            try:
                bridge, _ = self._listener.accept()
            except OSError:
                return
            try:
                broker = socket.create_connection(("127.0.0.1", self.broker.port), timeout=5)
            except OSError:
                reset_socket(bridge)
                continue
            broker.settimeout(None)
            for side in (bridge, broker):
                side.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.links.append(Link(self, bridge, broker))
            self.links[-1].start()
