"""What a loss of power leaves: the journal's files rebuilt from the system calls of a run.

Kept is what was followed by a sync of its file, in whatever order else. Of the writes after it,
any may be there or not, and, torn, any of their sectors. Names that were made or removed since the
last sync of the folder may be there or not, in their order.
"""

import random
import re
from dataclasses import dataclass, field

import packets
from fake_broker import is_answer, token_of

CALLS = ("openat", "close", "pwrite64", "write", "fdatasync", "fsync", "ftruncate", "unlink",
         "rename", "sendto", "recvfrom")
LINE = re.compile(r"(\w+)\((.*)\) += (-?\d+)")
SECTOR = 512
VARIANTS = ("kept only", "everything", "some writes", "torn writes")


@dataclass
class Event:
    kind: str  # write truncate sync create unlink rename sync-folder ack answer answered call
    file: int = 0  # a file is known by the number of its creation
    name: str = ""
    at: int = 0
    data: bytes = b""
    body: dict = field(default_factory=dict)


def unescape(text):
    return bytes.fromhex(text.replace("\\x", ""))


class Reader:
    """From strace's lines to events."""

    def __init__(self, folder):
        self.folder = str(folder)
        self.events = []
        self.files = {}  # by descriptor
        self.names = {}  # name -> file
        self.folders = set()
        self.wires = {}  # descriptor -> (from the bridge, to the bridge)
        self.answers = {}  # packet id -> command

    def read(self, log):
        for line in log.read_text().splitlines():
            found = LINE.match(line)
            if found is not None and int(found[3]) >= 0:
                getattr(self, "on_" + found[1])(found[2], int(found[3]))
        return self.events

    def note(self, kind, **details):
        self.events.append(Event(kind, **details))

    def on_openat(self, arguments, descriptor):
        path = unescape(re.search(r'"([^"]*)"', arguments)[1]).decode()
        self.close(descriptor)
        if path == self.folder:
            self.folders.add(descriptor)
        elif path.startswith(self.folder + "/"):
            name = path.rsplit("/", 1)[1]
            if name not in self.names:
                self.names[name] = len(self.events) + 1
                self.note("create", file=self.names[name], name=name)
            self.files[descriptor] = self.names[name]

    def close(self, descriptor):
        self.files.pop(descriptor, None)
        self.folders.discard(descriptor)
        self.wires.pop(descriptor, None)

    def on_close(self, arguments, _):
        self.close(int(arguments))

    def on_pwrite64(self, arguments, _):
        found = re.match(r'(\d+), "([^"]*)", \d+, (\d+)', arguments)
        file = self.files.get(int(found[1]))
        if file is not None:
            self.note("write", file=file, at=int(found[3]), data=unescape(found[2]))

    def on_write(self, arguments, _):
        descriptor = int(arguments.split(",")[0])
        assert descriptor not in self.files, "a file of the state is written without a position"

    def on_fdatasync(self, arguments, _):
        descriptor = int(arguments)
        if descriptor in self.folders:
            self.note("sync-folder")
        elif descriptor in self.files:
            self.note("sync", file=self.files[descriptor])

    on_fsync = on_fdatasync

    def on_ftruncate(self, arguments, _):
        descriptor, size = map(int, arguments.split(", "))
        if descriptor in self.files:
            self.note("truncate", file=self.files[descriptor], at=size)

    def on_unlink(self, arguments, _):
        name = unescape(arguments.strip('"')).decode().rsplit("/", 1)[1]
        if self.names.pop(name, None) is not None:
            self.note("unlink", name=name)

    def on_rename(self, *_):
        raise AssertionError("a rename in an ordinary run: this model does not know it")

    def on_sendto(self, arguments, count):
        found = re.match(r'(\d+), "([^"]*)"', arguments)
        descriptor, data = int(found[1]), unescape(found[2])[:count]
        if data.startswith(b"\x10"):
            self.wires[descriptor] = (bytearray(), bytearray())
        if descriptor in self.wires:
            self.wires[descriptor][0].extend(data)
            for sent in packets.take_packets(self.wires[descriptor][0]):
                self.on_sent(sent)
        elif data.startswith(b"PATCH "):
            self.note("call", data=data)

    def on_recvfrom(self, arguments, count):
        found = re.match(r'(\d+), "([^"]*)"', arguments)
        if found is None or int(found[1]) not in self.wires:
            return
        inward = self.wires[int(found[1])][1]
        inward.extend(unescape(found[2])[:count])
        for received in packets.take_packets(inward):
            if received.kind == packets.PUBACK:
                command = self.answers.pop(packets.read_puback(received)[0], None)
                if command is not None:
                    self.note("answered", name=command)

    def on_sent(self, sent):
        if sent.kind == packets.PUBACK:
            self.note("ack", at=packets.read_puback(sent)[0])
        elif sent.kind == packets.PUBLISH:
            publish = packets.read_publish(5, sent)
            if is_answer(publish.topic):
                command = token_of(publish.payload)
                self.answers[publish.packet_id] = command
                self.note("answer", name=command, data=publish.payload)


def apply(content, event, chance=None):
    if event.kind == "truncate":
        del content[event.at:]
        content.extend(bytes(event.at - len(content)))
        return
    for start in range(0, len(event.data), SECTOR):
        if chance is not None and chance.random() < 0.5:
            continue
        part = event.data[start:start + SECTOR]
        at = event.at + start
        content.extend(bytes(max(0, at + len(part) - len(content))))
        content[at:at + len(part)] = part


def content_of(events, file, variant, chance):
    changes = [e for e in events if e.file == file and e.kind in ("write", "truncate", "sync")]
    syncs = [number for number, e in enumerate(changes) if e.kind == "sync"]
    kept = syncs[-1] + 1 if syncs else 0
    content = bytearray()
    for number, event in enumerate(changes):
        if event.kind == "sync":
            continue
        is_there = number < kept or variant in ("everything", "torn writes") or (
            variant == "some writes" and chance.random() < 0.5)
        if is_there:
            is_torn = number >= kept and variant == "torn writes"
            apply(content, event, chance if is_torn else None)
    return bytes(content)


def names_of(events, variant, chance):
    changes = [e for e in events if e.kind in ("create", "unlink", "sync-folder")]
    syncs = [number for number, e in enumerate(changes) if e.kind == "sync-folder"]
    kept = syncs[-1] + 1 if syncs else 0
    last = {"kept only": kept, "everything": len(changes)}.get(
        variant, chance.randint(kept, len(changes)))
    names = {}
    for event in changes[:last]:
        if event.kind == "create":
            names[event.name] = event.file
        elif event.kind == "unlink":
            names.pop(event.name, None)
    return names


def rebuild(events, variant, seed, folder):
    """Writes what is left of the state folder when the power goes after these events."""
    chance = random.Random(seed)
    folder.mkdir(parents=True)
    for name, file in names_of(events, variant, chance).items():
        if not name.endswith("-shm"):  # memory only; SQLite makes it anew
            (folder / name).write_bytes(content_of(events, file, variant, chance))
