"""A town under attack: a publisher, a real Mosquitto, the bridge, a moody endpoint, and a nemesis
that kills, stops, cuts and fills, all by one seed. At the end everything is healed, and the same
checker judges as everywhere."""

import json
import pathlib
import signal
import threading
import time

from actors import Broker, Device, Reply, until
from actors.device import command_topic
from actors.endpoint import cut, throttled, unavailable

from history import BROKER_KILLED, History, check
from rig import KEYS, NotedEndpoint, TracedBridge, note_journal, set_aside
from tap import Tap

HOUSE = pathlib.Path(__file__).parents[2]
JOBS = [f"job-{number}" for number in range(6)]
PUBLISH_PAUSE_S = 0.04
HEAL_S = 120  # the bridge comes back to a broker that dropped it often after 30 s at most


class DurableBroker(Broker):
    """Mosquitto with the configuration that is shipped, but for its place."""

    def configuration(self):
        shipped = (HOUSE / "packaging/mosquitto-durable.conf").read_text()
        own = super().configuration().splitlines()
        place = [line for line in own if line.startswith(("listener", "persistence_loc", "user"))]
        kept = [line for line in shipped.splitlines()
                if not line.startswith(("listener", "persistence_loc", "#"))]
        return "\n".join(place + kept) + "\n"


class Publisher(Device):
    """Sends numbered commands at QoS 1 and hears their answers."""

    def __init__(self, broker, history):
        self.history = history
        self._pending = {}
        self._acknowledged = set()
        self._books = threading.Lock()
        super().__init__(broker, "pump-1", version=3, filters=("jobs-bridge/#",))

    def _new_client(self, client_id):
        client = super()._new_client(client_id)
        client.on_publish = lambda _client, _data, mid: self._on_acknowledged(mid)
        client.max_inflight_messages_set(100)
        return client

    def _on_acknowledged(self, mid):
        with self._books:
            command = self._pending.pop(mid, None)
        if command is not None:
            self.history.note("kept", command=command)

    def _remember(self, message):
        if message.topic.endswith(("/accepted", "/rejected")):
            token = json.loads(message.payload).get("clientToken")
            self.history.note("heard", command=token)

    def send_command(self, number, job):
        value = f"{job} update {number}"
        payload = json.dumps({"clientToken": f"t{number}", "description": value})
        self.history.note("sent", command=f"t{number}", job=job, value=value)
        with self._books:
            sent = self._client.publish(command_topic(job, self.thing), payload, 1)
            self._pending[sent.mid] = f"t{number}"

    @property
    def has_pending(self):
        with self._books:
            return bool(self._pending)


MOODS = {
    "fine": lambda chance: Reply(),
    "slow": lambda chance: Reply(delay=chance.random() * 0.3),
    "throttling": lambda chance: throttled() if chance.random() < 0.5 else Reply(),
    "too many requests": lambda chance: Reply(429, "TooManyRequestsException"),
    "unavailable": lambda chance: unavailable() if chance.random() < 0.7 else Reply(),
    "failing": lambda chance: Reply(500, "InternalFailureException"),
    "cutting": lambda chance: cut() if chance.random() < 0.5 else Reply(),
    "breaking off": lambda chance: Reply(headers={"Content-Length": "100"}, body=b'{"half":'),
}


class MoodyEndpoint(NotedEndpoint):
    def __init__(self, history, chance):
        super().__init__(history)
        self.chance = chance
        self.mood = "fine"

    def take(self, request):
        with self._lock:
            self.requests.append(request)
            reply = MOODS[self.mood](self.chance)
            # An answer that is cut off may come after the update was applied: here it does.
            has_effect = reply.status == 200
            self.history.note("call", job=request.path.rsplit("/", 1)[-1],
                              value=request.json["description"], effect=has_effect)
            return reply


class Town:
    def __init__(self, folder, chance, disk=None):
        self.folder = folder
        self.chance = chance
        self.disk = disk
        self.history = History()
        self.broker = DurableBroker(folder / "broker").start()
        self.tap = Tap(self.broker, self.history).start()
        self.endpoint = MoodyEndpoint(self.history, chance).start()
        self.bridge = TracedBridge(folder / "bridge", self.tap, {
            "jobs": {"endpoint": self.endpoint.url, "rate_per_second": 0, "call_timeout": "2s"},
            "mqtt": {"keep_alive": "5s"},
            **({"state": str(disk.folder / "state")} if disk else {}),
        }, env=KEYS)
        if disk:
            self.bridge.state = disk.folder / "state"
        self.bridge.start()
        self.publisher = Publisher(self.broker, self.history)
        self.exits = 0
        self.number = 0

    def note_fault(self, what):
        self.history.note("fault", what=what)

    def publish_for(self, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.publisher.send_command(self.number, self.chance.choice(JOBS))
            self.number += 1
            time.sleep(PUBLISH_PAUSE_S)
            self.supervise()

    def supervise(self):
        """As systemd does: a bridge that ended is started again."""
        if self.bridge.ended:
            self.exits += 1
            self.bridge.start(is_ready=False)

    # What the nemesis does.

    def kill_bridge(self):
        self.note_fault("bridge killed")
        self.bridge.kill()
        self.publish_away(0.5)
        self.bridge.start(is_ready=False)

    def stop_bridge(self):
        self.note_fault("bridge stopped")
        self.bridge.process.stop()
        self.publish_away(0.3)
        self.bridge.start(is_ready=False)

    def kill_broker(self):
        self.note_fault(BROKER_KILLED)
        self.broker.kill()
        time.sleep(self.chance.random() * 0.5)
        self.broker.start()

    def stop_broker(self):
        self.note_fault("broker stopped")
        self.broker.stop()
        time.sleep(self.chance.random() * 0.5)
        self.broker.start()

    def freeze(self, process):
        process.child.send_signal(signal.SIGSTOP)
        time.sleep(self.chance.random())
        process.child.send_signal(signal.SIGCONT)

    def freeze_bridge(self):
        self.note_fault("bridge frozen")
        self.freeze(self.bridge.process)

    def freeze_broker(self):
        self.note_fault("broker frozen")
        self.freeze(self.broker.process)

    def reset_links(self):
        self.note_fault("links reset")
        self.tap.reset()

    def half_open(self):
        self.note_fault("link half open")
        self.tap.is_frozen = True
        self.publish_away(1 + self.chance.random() * 2)
        self.tap.reset()
        self.tap.is_frozen = False

    def change_mood(self):
        self.endpoint.mood = self.chance.choice(list(MOODS))
        self.note_fault(f"endpoint {self.endpoint.mood}")

    def stop_endpoint(self):
        self.note_fault("endpoint gone")
        self.endpoint.stop()
        self.publish_away(0.5)
        self.endpoint.start()

    def fill_disk(self):
        self.note_fault("disk full")
        self.disk.fill()
        self.publish_for(2)
        self.disk.relieve()

    def publish_away(self, seconds):
        """Publishes while the bridge is meant to be away."""
        for _ in range(int(seconds / PUBLISH_PAUSE_S)):
            self.publisher.send_command(self.number, self.chance.choice(JOBS))
            self.number += 1
            time.sleep(PUBLISH_PAUSE_S)

    def attacks(self, kills_broker):
        every = [self.kill_bridge, self.kill_bridge, self.stop_bridge, self.stop_broker,
                 self.freeze_bridge, self.freeze_broker, self.reset_links, self.half_open,
                 self.change_mood, self.change_mood, self.change_mood, self.stop_endpoint]
        return every + [self.kill_broker] * 2 * kills_broker + [self.fill_disk] * bool(self.disk)

    def suffer(self, seconds, kills_broker=True):
        attacks = self.attacks(kills_broker)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.publish_for(self.chance.uniform(0.1, 1))
            self.chance.choice(attacks)()

    def is_owed(self):
        done = set(self.history.commands("answered")) | set(self.history.commands("refused"))
        delivered = set(self.history.commands("delivered"))
        owed = delivered | (set() if self.history.has_fault(BROKER_KILLED)
                            else set(self.history.commands("kept")))
        return bool(owed - done)

    def heal(self):
        self.endpoint.mood = "fine"

        def is_healed():
            self.supervise()
            return not self.publisher.has_pending and not self.is_owed()

        until(is_healed, "the last answers", HEAL_S)
        time.sleep(1)  # what is still on its way to the subscriber
        self.bridge.stop()
        self.bridge.assert_clean()
        note_journal(self.history, self.bridge.journal_file)
        self.history.save(self.folder / "history.jsonl")

    def problems(self):
        ended = [f"the bridge ended by itself {self.exits} times"] if self.exits else []
        return check(self.history) + set_aside(self.bridge.state) + ended

    def close(self):
        self.publisher.close()
        self.bridge.kill()
        self.tap.stop()
        self.endpoint.stop()
        self.broker.kill()
