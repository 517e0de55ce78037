"""As much of MQTT 3.1.1 and 5 on the wire as a test needs to speak it or to listen in."""

import struct
from dataclasses import dataclass

CONNECT, CONNACK, PUBLISH, PUBACK = 1, 2, 3, 4
SUBSCRIBE, SUBACK, PINGREQ, PINGRESP, DISCONNECT = 8, 9, 12, 13, 14
RECEIVE_MAXIMUM, TOPIC_ALIAS_MAXIMUM = 0x21, 0x22
DUP = 0x08


@dataclass
class Packet:
    kind: int
    flags: int
    body: bytes
    raw: bytes


@dataclass
class Publish:
    topic: str
    payload: bytes
    packet_id: int
    qos: int
    is_duplicate: bool


@dataclass
class Connect:
    version: int
    is_clean: bool
    client_id: str
    receive_maximum: int


def varint(number):
    out = bytearray()
    while True:
        number, low = divmod(number, 128)
        out.append(low | (0x80 if number else 0))
        if not number:
            return bytes(out)


def read_varint(data, at):
    """(value, next position), or None when it is not all there."""
    value, shift = 0, 0
    while at < len(data):
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if not byte & 0x80:
            return value, at
    return None


def take_packets(buffer):
    """Removes every whole packet from the front of a bytearray and returns them."""
    packets = []
    while len(buffer) >= 2:
        length = read_varint(buffer, 1)
        if length is None or len(buffer) < length[0] + length[1]:
            break
        size, start = length
        raw = bytes(buffer[:start + size])
        packets.append(Packet(raw[0] >> 4, raw[0] & 15, raw[start:], raw))
        del buffer[:start + size]
    return packets


def packet(kind, flags, body):
    return bytes([kind << 4 | flags]) + varint(len(body)) + body


def text(value):
    data = value if isinstance(value, bytes) else value.encode()
    return struct.pack("!H", len(data)) + data


def read_text(data, at):
    size = struct.unpack_from("!H", data, at)[0]
    return data[at + 2:at + 2 + size], at + 2 + size


def properties(version, data=b""):
    return varint(len(data)) + data if version == 5 else b""


def skip_properties(version, data, at):
    if version != 5:
        return at
    size, at = read_varint(data, at)
    return at + size


def read_connect(body):
    protocol, at = read_text(body, 0)
    version, flags = body[at], body[at + 1]
    at += 4
    maximum = 65535
    if version == 5:
        size, start = read_varint(body, at)
        maximum = receive_maximum_of(body[start:start + size])
        at = start + size
    client_id, _ = read_text(body, at)
    return Connect(version, bool(flags & 2), client_id.decode(), maximum)


# Bytes of the properties that CONNECT may have; the strings have lengths of their own.
FIXED = {0x11: 4, RECEIVE_MAXIMUM: 2, 0x27: 4, TOPIC_ALIAS_MAXIMUM: 2, 0x19: 1, 0x17: 1}


def receive_maximum_of(data):
    at = 0
    while at < len(data) and data[at] in FIXED:
        if data[at] == RECEIVE_MAXIMUM:
            return struct.unpack_from("!H", data, at + 1)[0]
        at += 1 + FIXED[data[at]]
    return 65535


def connack(version, is_present=False, code=0, receive_maximum=None):
    data = b""
    if receive_maximum is not None:
        data = bytes([RECEIVE_MAXIMUM]) + struct.pack("!H", receive_maximum)
    return packet(CONNACK, 0, bytes([is_present, code]) + properties(version, data))


def publish(version, topic, payload, packet_id, is_duplicate=False, props=b""):
    body = text(topic) + struct.pack("!H", packet_id) + properties(version, props) + payload
    return packet(PUBLISH, 2 | (DUP if is_duplicate else 0), body)


def read_publish(version, received):
    qos = received.flags >> 1 & 3
    topic, at = read_text(received.body, 0)
    packet_id = 0
    if qos:
        packet_id = struct.unpack_from("!H", received.body, at)[0]
        at += 2
    at = skip_properties(version, received.body, at)
    return Publish(topic.decode(), received.body[at:], packet_id, qos,
                   bool(received.flags & DUP))


def puback(version, packet_id, reason=0):
    more = bytes([reason]) if version == 5 and reason else b""
    return packet(PUBACK, 0, struct.pack("!H", packet_id) + more)


def read_puback(received):
    """(packet id, reason code)"""
    reason = received.body[2] if len(received.body) > 2 else 0
    return struct.unpack_from("!H", received.body)[0], reason


def suback(version, received):
    """Grants QoS 1 to every filter of a SUBSCRIBE."""
    packet_id = received.body[:2]
    at = skip_properties(version, received.body, 2)
    count = 0
    while at < len(received.body):
        _, at = read_text(received.body, at)
        at, count = at + 1, count + 1
    return packet(SUBACK, 0, packet_id + properties(version) + bytes([1]) * count)


def disconnect(version, reason):
    return packet(DISCONNECT, 0, bytes([reason]) if version == 5 else b"")


PONG = packet(PINGRESP, 0, b"")
