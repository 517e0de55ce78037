"""An MQTT 5 client that publishes what no library would: any bytes as topic, payload or property."""

import itertools
import socket
import struct

import packets

from .wait import PATIENCE

RESPONSE_TOPIC, CORRELATION_DATA, EXPIRY = b"\x08", b"\x09", b"\x02"
CONTENT_TYPE, PAYLOAD_FORMAT, USER_PROPERTY = b"\x03", b"\x01", b"\x26"
PUBREC, PUBREL, PUBCOMP = 5, 6, 7
serial = itertools.count(1)


class RawClient:
    def __init__(self, broker, receive_buffer=None):
        self.port = broker.port
        self.receive_buffer = receive_buffer
        self.socket = None
        self.packet_id = 0
        self.connect()

    def connect(self):
        self.close()
        self.socket = socket.socket()
        if self.receive_buffer is not None:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self.receive_buffer)
        self.socket.settimeout(PATIENCE)
        self.socket.connect(("127.0.0.1", self.port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer, self.received = bytearray(), []
        body = packets.text("MQTT") + b"\x05\x02\0\0" + packets.properties(5)
        body += packets.text(f"raw-{next(serial)}")
        self.socket.sendall(packets.packet(packets.CONNECT, 0, body))
        assert self.read().kind == packets.CONNACK

    def close(self):
        if self.socket is not None:
            self.socket.close()
            self.socket = None

    def read(self):
        """The next packet; None if the broker has hung up."""
        while not self.received:
            try:
                data = self.socket.recv(65536)
            except ConnectionError:
                return None
            if not data:
                return None
            self.buffer += data
            self.received = packets.take_packets(self.buffer)
        return self.received.pop(0)

    def subscribe(self, topic_filter):
        body = b"\0\x01" + packets.properties(5) + packets.text(topic_filter) + b"\x01"
        self.socket.sendall(packets.packet(packets.SUBSCRIBE, 2, body))
        assert self.read().kind == packets.SUBACK

    def write(self, topic, payload, qos=1, retain=False, props=b""):
        self.packet_id = self.packet_id % 65535 + 1
        name = struct.pack("!H", self.packet_id) if qos else b""
        body = packets.text(topic) + name + packets.properties(5, props) + payload
        self.socket.sendall(packets.packet(packets.PUBLISH, qos << 1 | retain, body))

    def publish(self, topic, payload, qos=1, retain=False, props=b""):
        """Whether the broker took it; it says at QoS 0, too, by an answer to a ping."""
        try:
            self.write(topic, payload, qos, retain, props)
            if qos == 0:
                self.socket.sendall(packets.packet(packets.PINGREQ, 0, b""))
            answer = self.read()
            if answer is not None and answer.kind == PUBREC and len(answer.body) == 2:
                self.socket.sendall(packets.packet(PUBREL, 2, answer.body))
                answer = self.read()
        except ConnectionError:
            answer = None
        if answer is None or answer.kind == packets.DISCONNECT:
            self.connect()
            return False
        return answer.kind == packets.PINGRESP or len(answer.body) == 2 or answer.body[2] < 0x80


def binary(data):
    return struct.pack("!H", len(data)) + data


def properties_of(response=None, correlation=None, expiry=None, content_type=None,
                  payload_format=None, user_properties=0):
    """The properties of a PUBLISH; response and correlation are bytes."""
    data = b""
    if payload_format is not None:
        data += PAYLOAD_FORMAT + bytes([payload_format])
    if expiry is not None:
        data += EXPIRY + struct.pack("!I", expiry)
    if content_type is not None:
        data += CONTENT_TYPE + packets.text(content_type)
    if response is not None:
        data += RESPONSE_TOPIC + binary(response)
    if correlation is not None:
        data += CORRELATION_DATA + binary(correlation)
    return data + (USER_PROPERTY + packets.text("name") + packets.text("value")) * user_properties
