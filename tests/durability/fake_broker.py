"""A broker of the test's own, with whatever manners the test wants.

It speaks MQTT 3.1.1 and 5, serves one client at a time and keeps what it has for that client until
the client acknowledges it, through any number of connections. All of the wire goes to a History.

    broker.deliver(topic, payload)     for the bridge, now or when it comes
    broker.reset()                     the connection is reset (RST)
    broker.judge = function            what to do with a PUBLISH: a reason code, or RESET, or SILENT
"""

import json
import socket
import struct
import threading
import time
from dataclasses import dataclass

import packets
from actors import free_port
from history import History

RESET = object()  # instead of a PUBACK, the connection is reset
SILENT = object()  # no PUBACK at all


@dataclass
class Delivery:
    topic: str
    payload: bytes
    props: bytes
    packet_id: int
    was_sent: bool = False
    is_acknowledged: bool = False

    @property
    def command(self):
        return token_of(self.payload)


def token_of(payload):
    """The clientToken of a command or an answer; None when it has none."""
    try:
        return json.loads(payload).get("clientToken")
    except (ValueError, AttributeError, RecursionError):
        return None


def is_answer(topic):
    return topic.endswith(("/accepted", "/rejected"))


def reset_socket(connection):
    """Closed with RST, whatever is still to be sent or read."""
    try:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.shutdown(socket.SHUT_RD)
    except OSError:
        pass
    connection.close()


class FakeBroker:
    def __init__(self, history=None, receive_maximum=None, keeps_session=True,
                 marks_duplicates=True):
        self.history = history or History()
        self.receive_maximum = receive_maximum
        self.keeps_session = keeps_session
        self.marks_duplicates = marks_duplicates
        self.judge = lambda publish: 0
        self.connack_code = 0
        self.is_deaf = False  # reads nothing, sends nothing, leaves the connections as they are
        self.cut_after = None  # bytes of a connection's deliveries after which it is reset
        self.port = free_port()
        self.deliveries = []
        self.published = []
        self.connects = []
        self.in_flight_max = 0  # publishes of the client unacknowledged at once, at most
        self._lock = threading.RLock()
        self._connection = None
        self._listener = None
        self._held = []

    @property
    def url(self):
        return f"mqtt://127.0.0.1:{self.port}"

    def start(self):
        self._listener = socket.create_server(("127.0.0.1", self.port), reuse_port=False)
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()
        return self

    def stop(self):
        self._listener.close()
        self.reset()

    def deliver(self, topic, payload, props=b"", job=None, value=None):
        data = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        with self._lock:
            delivery = Delivery(topic, data, props, len(self.deliveries) % 65535 + 1)
            self.deliveries.append(delivery)
            self.history.note("sent", command=delivery.command, job=job, value=value)
            self.history.note("kept", command=delivery.command)
            self._send_deliveries()

    def reset(self):
        with self._lock:
            if self._connection is not None:
                reset_socket(self._connection)
                self._connection = None

    def say_goodbye(self, reason):
        with self._lock:
            self._send(packets.disconnect(self._version, reason))
            self._connection.close()
            self._connection = None

    def release(self):
        """Acknowledges what was left without an answer by SILENT."""
        with self._lock:
            held, self._held = self._held, []
            for publish in held:
                self._acknowledge(publish, 0)

    @property
    def is_done(self):
        with self._lock:
            return all(delivery.is_acknowledged for delivery in self.deliveries)

    def answers(self, command=None):
        with self._lock:
            return [p for p in self.published if is_answer(p.topic)
                    and (command is None or token_of(p.payload) == command)]

    def _accept(self, listener):
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        buffer = bytearray()
        while True:
            try:
                data = connection.recv(65536)
            except OSError:
                data = b""
            with self._lock:
                is_current = self._connection in (connection, None)
                if not data or (buffer and not is_current):
                    if self._connection is connection:
                        self._connection = None
                    connection.close()
                    return
                buffer += b"" if self.is_deaf else data
                for received in packets.take_packets(buffer):
                    self._on_packet(connection, received)

    def _on_packet(self, connection, received):
        if received.kind == packets.CONNECT:
            self._on_connect(connection, packets.read_connect(received.body))
        elif self._connection is not connection:
            return
        elif received.kind == packets.SUBSCRIBE:
            self._send(packets.suback(self._version, received))
            self._is_subscribed = True
            self._send_deliveries()
        elif received.kind == packets.PUBLISH:
            self._on_publish(packets.read_publish(self._version, received))
        elif received.kind == packets.PUBACK:
            self._on_puback(*packets.read_puback(received))
        elif received.kind == packets.PINGREQ:
            self._send(packets.PONG)

    def _on_connect(self, connection, connect):
        self.reset()
        self._connection = connection
        self._version = connect.version
        self._window = connect.receive_maximum
        self._unacknowledged = 0
        self._sent_bytes = 0
        self._held = []
        self._is_subscribed = False
        self._on_this_link = set()
        is_present = self.keeps_session and bool(self.connects)
        self.connects.append(connect)
        if not self.keeps_session:
            for delivery in self.deliveries:
                delivery.was_sent = False
        code = self.connack_code
        maximum = self.receive_maximum if self._version == 5 else None
        self._send(packets.connack(self._version, is_present and code == 0, code, maximum))
        if code:
            connection.close()
            self._connection = None

    def _send(self, data):
        try:
            if not self.is_deaf:
                self._connection.sendall(data)
        except (OSError, AttributeError):
            pass  # the reader will see it

    def _send_deliveries(self):
        if self._connection is None or not self._is_subscribed:
            return
        for delivery in self.deliveries:
            if len(self._on_this_link) >= self._window:
                return
            if not delivery.is_acknowledged and delivery.packet_id not in self._on_this_link:
                self._send_delivery(delivery)
            if self._connection is None:
                return

    def _send_delivery(self, delivery):
        is_duplicate = delivery.was_sent and self.marks_duplicates
        data = packets.publish(self._version, delivery.topic, delivery.payload,
                               delivery.packet_id, is_duplicate, delivery.props)
        delivery.was_sent = True
        self._on_this_link.add(delivery.packet_id)
        if self.cut_after is not None and self._sent_bytes + len(data) > self.cut_after:
            self._send(data[:self.cut_after - self._sent_bytes])
            self.cut_after = None
            time.sleep(0.02)  # so that the part arrives before the reset does
            self.reset()
            return
        self._sent_bytes += len(data)
        self.history.note("delivered", command=delivery.command)
        self._send(data)

    def _on_puback(self, packet_id, _reason):
        self._on_this_link.discard(packet_id)
        for delivery in self.deliveries:
            if delivery.packet_id == packet_id and not delivery.is_acknowledged:
                delivery.is_acknowledged = True
                self.history.note("taken", command=delivery.command)
                break
        self._send_deliveries()

    def _on_publish(self, publish):
        self.published.append(publish)
        self._unacknowledged += 1
        self.in_flight_max = max(self.in_flight_max, self._unacknowledged)
        if is_answer(publish.topic):
            self.history.note("posted", command=token_of(publish.payload),
                              body=json.loads(publish.payload))
        verdict = self.judge(publish)
        if verdict is RESET:
            self.reset()
        elif verdict is SILENT:
            self._held.append(publish)
        else:
            self._acknowledge(publish, verdict)

    def _acknowledge(self, publish, reason):
        self._unacknowledged -= 1
        reason = reason if self._version == 5 else 0
        if is_answer(publish.topic):
            self.history.note("refused" if reason >= 0x80 else "answered",
                              command=token_of(publish.payload))
        self._send(packets.puback(self._version, publish.packet_id, reason))
