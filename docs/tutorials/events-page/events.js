// MQTT 3.1.1 over a WebSocket, just enough to subscribe at QoS 0 and to stay connected.
// The packets: http://docs.oasis-open.org/mqtt/mqtt/v3.1.1/os/mqtt-v3.1.1-os.html, chapters 2 and 3.

const KEEP_ALIVE_S = 30;
const RETRY_MS = 2000;
const CONNACK = 2, PUBLISH = 3;
const PINGREQ = Uint8Array.of(0xc0, 0);

const encoder = new TextEncoder();
const decoder = new TextDecoder();

function text(value) {
  const bytes = encoder.encode(value);
  return [bytes.length >> 8, bytes.length & 0xff, ...bytes];
}

// The length of what follows: seven bits a byte, lowest first.
function packet(head, body) {
  const length = [];
  let rest = body.length;
  do {
    length.push((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0));
    rest >>= 7;
  } while (rest > 0);
  return Uint8Array.of(head, ...length, ...body);
}

function connectPacket() {
  const clientId = "page-" + crypto.getRandomValues(new Uint32Array(2)).join("-");
  const cleanSession = 0x02;
  return packet(0x10, [...text("MQTT"), 4, cleanSession, 0, KEEP_ALIVE_S, ...text(clientId)]);
}

function subscribePacket(filters) {
  return packet(0x82, [0, 1, ...filters.flatMap((filter) => [...text(filter), 0])]);
}

// The first packet of bytes as {type, body, size}; null while it is not all there.
function firstPacket(bytes) {
  let length = 0, at = 1;
  for (;; at++) {
    if (at >= bytes.length) return null;
    length += (bytes[at] & 0x7f) << (7 * (at - 1));
    if (bytes[at] < 0x80) break;
    if (at === 4) throw new Error("not MQTT");
  }
  const size = at + 1 + length;
  return bytes.length < size ? null
    : { type: bytes[0] >> 4, body: bytes.subarray(at + 1, size), size };
}

// Calls onMessage(topic, text) for each message and onLink(isUp); comes back by itself.
export function subscribe(url, filters, { onMessage, onLink }) {
  const socket = new WebSocket(url, "mqtt");
  let received = new Uint8Array();
  let pings;
  socket.binaryType = "arraybuffer";

  function take({ type, body }) {
    if (type === CONNACK) {
      if (body[1] !== 0) return socket.close();
      socket.send(subscribePacket(filters));
      pings = setInterval(() => socket.send(PINGREQ), KEEP_ALIVE_S * 500);
      onLink(true);
    } else if (type === PUBLISH) {
      const end = 2 + (body[0] << 8) + body[1];
      onMessage(decoder.decode(body.subarray(2, end)), decoder.decode(body.subarray(end)));
    }
  }

  socket.onopen = () => socket.send(connectPacket());
  socket.onmessage = ({ data }) => {
    received = Uint8Array.of(...received, ...new Uint8Array(data));
    for (let next; (next = firstPacket(received)) !== null; received = received.subarray(next.size))
      take(next);
  };
  socket.onclose = () => {
    clearInterval(pings);
    onLink(false);
    setTimeout(() => subscribe(url, filters, { onMessage, onLink }), RETRY_MS);
  };
}
