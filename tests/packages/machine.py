"""A folder in the place of a machine's root: dpkg installs into it, and the service runs from it as
its unit says, except for what only systemd can do."""

import os
import pathlib
import shlex
import shutil
import socket
import stat
import subprocess
import sys
import tempfile
import time

import yaml
from actors.process import Process
from actors.wait import PATIENCE, until
from sandbox import read_unit

HOUSE = pathlib.Path(__file__).parents[2]
SANDBOX = pathlib.Path(__file__).parent / "sandbox.py"
UNIT = "usr/lib/systemd/system/jobs-bridge.service"
CONFIGURATION = "etc/jobs-bridge/jobs-bridge.yaml"
UID = 61900 if os.geteuid() == 0 else os.geteuid()


def run(*words, **options):
    """A command that has to succeed, and its output."""
    done = subprocess.run([str(word) for word in words], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, **options)
    assert done.returncode == 0, done.stdout
    return done.stdout


def build_deb(*words):
    """The package's file."""
    done = subprocess.run([HOUSE / "packaging/build-deb", *words], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return pathlib.Path(done.stdout.strip().splitlines()[-1])


class Machine:
    def __init__(self):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="machine-", dir="/tmp"))
        self.root.chmod(0o755)
        self.database = self.root / "var/lib/dpkg"
        for name in "info", "updates", "triggers":
            (self.database / name).mkdir(parents=True)
        (self.database / "status").touch()
        (self.database / "available").touch()
        self.process = None
        self.notified = None

    def dispose(self):
        if self.process is not None:
            self.process.kill()
        if self.notified is not None:
            self.notified.close()
        shutil.rmtree(self.root)

    def dpkg(self, *words):
        """The maintainer scripts run with DPKG_ROOT instead of chroot; dependencies are the real
        machine's affair."""
        return run("dpkg", f"--root={self.root}", "--force-script-chrootless", "--force-depends",
                   "--force-not-root", *words)

    def version(self):
        return run("dpkg-query", f"--admindir={self.database}", "--show",
                   "--showformat=${db:Status-Status} ${Version}", "jobs-bridge")

    def files(self):
        """Every path below the root, but for dpkg's own and the folders it may share."""
        paths = {path.relative_to(self.root) for path in self.root.rglob("*")
                 if path.is_symlink() or not path.is_dir()}
        return {str(path) for path in paths if not str(path).startswith("var/lib/dpkg/")}

    @property
    def unit(self):
        return read_unit(self.root / UNIT)

    def configure(self, settings):
        """What an administrator would write into the file that came with the package."""
        file = self.root / CONFIGURATION
        found = yaml.safe_load(file.read_text())
        if not found["state"].startswith(str(self.root)):
            found["state"] = str(self.root) + found["state"]
        for section, keys in settings.items():
            found[section] = {**(found.get(section) or {}), **keys}
        file.write_text(yaml.safe_dump(found))

    def make_state_folder(self):
        state = self.root / "var/lib" / self.unit["StateDirectory"][0]
        if not state.exists():
            state.mkdir(mode=int(self.unit["StateDirectoryMode"][0], 8))
            os.chown(state, UID, UID)
        return state

    def environment(self):
        """As systemd sets it; the program finds its file where this root is."""
        variables = {"PATH": os.environ["PATH"], "STATE_DIRECTORY": str(self.make_state_folder()),
                     "NOTIFY_SOCKET": str(self.root / "notify"), "WATCHDOG_USEC": "30000000",
                     "JOBS_BRIDGE_CONFIG": str(self.root / CONFIGURATION)}
        for name in self.unit["EnvironmentFile"]:
            file = self.root / name.lstrip("-/")
            lines = file.read_text().split() if file.exists() else []
            variables.update(line.split("=", 1) for line in lines)
        return variables

    def listen_for_notice(self):
        path = self.root / "notify"
        path.unlink(missing_ok=True)
        self.notified = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notified.bind(str(path))
        path.chmod(stat.S_IRWXU | stat.S_IRWXG | stat.S_IRWXO)
        self.notified.settimeout(PATIENCE)

    def start(self, prefix=()):
        """ExecStart= in the sandbox, until it says that it is ready, as Type=notify asks."""
        self.listen_for_notice()
        program, *words = shlex.split(self.unit["ExecStart"][0])
        argv = [*prefix, sys.executable, "-B", SANDBOX, self.root / UNIT, UID,
                str(self.root) + program, *words]
        log = self.root / "journal.log"
        self.process = Process(["env", "-i", *(f"{n}={v}" for n, v in self.environment().items()),
                                *argv], log)
        self.wait_ready()
        return self

    def wait_ready(self):
        deadline = time.monotonic() + 4 * PATIENCE
        while True:
            assert self.process.is_alive and time.monotonic() < deadline, self.process.output
            try:
                if "READY=1" in self.notified.recv(4096).decode().split("\n"):
                    return
            except TimeoutError:
                continue

    def stop(self):
        """As systemctl stop does."""
        seconds = self.process.stop(int(self.unit["TimeoutStopSec"][0]))
        assert self.process.exit_code == 0, self.process.output
        return seconds

    def program(self, *words):
        """Another verb, as root would call it."""
        done = subprocess.run([self.root / "usr/bin/jobs-bridge", *words], env=self.environment(),
                              capture_output=True, text=True, timeout=60)
        return done


def wait_for_answers(device, tokens, count):
    """Until that many of the tokens are answered; the answers by token."""
    def answers():
        found = {}
        for message in list(device.messages):
            if message.topic.endswith(("/accepted", "/rejected")):
                found.setdefault(message.json.get("clientToken"), message)
        return {token: found[token] for token in tokens if token in found}

    until(lambda: len(answers()) >= count, f"{count} answers", 60)
    return answers()
