"""An MQTT client that publishes commands and remembers every message it receives."""

import itertools
import json
import threading
import time
from dataclasses import dataclass, field

import paho.mqtt.client as paho
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from .wait import PATIENCE

ROOT = "jobs-bridge"
EVERYTHING = (f"{ROOT}/#", "$aws/#", "replies/#", "custom/#")
serial = itertools.count(1)


@dataclass
class Message:
    topic: str
    payload: bytes
    is_retained: bool
    qos: int
    properties: Properties
    at: float = field(default_factory=time.monotonic)

    @property
    def json(self):
        return json.loads(self.payload)

    @property
    def is_accepted(self):
        return self.topic.endswith("/accepted")


def command_topic(job, thing=None, namespace=None, root=ROOT):
    levels = [root] + (["things", thing] if thing else []) + ["jobs", job]
    return "/".join(levels + ([f"namespace-{namespace}"] if namespace else []) + ["update"])


class Device:
    """A thing; without a name an operator or a dashboard. It reconnects by itself, to the session
    it had, so that it misses nothing said at QoS 1 while its broker was stopped."""

    def __init__(self, broker, thing=None, version=5, filters=EVERYTHING):
        self.thing = thing
        self.version = version
        self.filters = filters
        self.messages = []
        self._news = threading.Condition()
        self._subscribed = threading.Event()
        self._client = self._new_client(f"test-{next(serial)}")
        self._connect(broker)
        self._client.loop_start()
        self.wait_subscribed()

    def _connect(self, broker):
        if self.version == 5:
            keep_session = Properties(PacketTypes.CONNECT)
            keep_session.SessionExpiryInterval = 3600
            self._client.connect("127.0.0.1", broker.port, clean_start=False,
                                 properties=keep_session)
        else:
            self._client.connect("127.0.0.1", broker.port)

    def wait_subscribed(self):
        assert self._subscribed.wait(PATIENCE), "the broker granted no subscription"

    def _new_client(self, client_id):
        if self.version == 5:
            client = paho.Client(client_id, protocol=paho.MQTTv5)
        else:
            client = paho.Client(client_id, clean_session=False)
        client.on_connect = lambda *_: client.subscribe([(name, 1) for name in self.filters])
        client.on_disconnect = lambda *_: self._subscribed.clear()
        client.on_subscribe = lambda *_: self._subscribed.set()
        client.on_message = lambda _client, _data, message: self._remember(message)
        client.on_socket_open = lambda _client, _data, sock: sock.setsockopt(6, 1, 1)
        client.reconnect_delay_set(0.05, 0.2)
        return client

    def close(self):
        self._client.disconnect()
        self._client.loop_stop()

    def _remember(self, message):
        with self._news:
            self.messages.append(Message(message.topic, message.payload, bool(message.retain),
                                         message.qos, getattr(message, "properties", None)))
            self._news.notify_all()

    def find(self, wanted, what, patience=PATIENCE):
        """The first message, past or future, for which wanted(message) holds."""
        with self._news:
            def first():
                return next((m for m in self.messages if wanted(m)), None)

            self._news.wait_for(first, patience)
            message = first()
        seen = [m.topic for m in self.messages]
        assert message is not None, f"waited {patience} s in vain for {what}; seen: {seen}"
        return message

    def expect(self, topic, wanted=lambda _: True):
        return self.find(lambda m: m.topic == topic and wanted(m), f"a message on {topic}")

    def seen(self, topic):
        with self._news:
            return [m for m in self.messages if m.topic == topic]

    def publish(self, topic, payload, qos=1, retain=False, response_topic=None, correlation=None,
                expiry=None, user=None, is_waiting=True):
        """Sends and, at QoS 1, waits for the broker's acknowledgement unless told not to."""
        properties = None
        if self.version == 5:
            properties = Properties(PacketTypes.PUBLISH)
            if response_topic is not None:
                properties.ResponseTopic = response_topic
            if correlation is not None:
                properties.CorrelationData = correlation
            if expiry is not None:
                properties.MessageExpiryInterval = expiry
            if user is not None:
                properties.UserProperty = list(user)
        if not isinstance(payload, (bytes, str)):
            payload = json.dumps(payload)
        sent = self._client.publish(topic, payload, qos, retain, properties)
        if is_waiting:
            sent.wait_for_publish(PATIENCE)

    def send(self, job, payload, namespace=None, **publish):
        """Publishes a command, gives it a clientToken unless it has one; does not wait."""
        topic = command_topic(job, self.thing, namespace)
        payload = {"clientToken": f"token-{next(serial)}", **payload}
        self.publish(topic, payload, **publish)
        return topic, payload["clientToken"]

    def answer(self, topic, token, patience=PATIENCE):
        """The answer on the default topics that echoes the token."""
        topics = (topic + "/accepted", topic + "/rejected")
        return self.find(
            lambda m: m.topic in topics and m.json.get("clientToken") == token,
            f"an answer to {token} on {topic}", patience)

    def update(self, job, payload, namespace=None, **publish):
        """A command and its answer."""
        return self.answer(*self.send(job, payload, namespace, **publish))
