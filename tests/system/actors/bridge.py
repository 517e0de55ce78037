"""The daemon under test, with a configuration, a state folder and ports of its own."""

import os
import re
import signal
import subprocess
import urllib.error
import urllib.request

import yaml

from .process import Process
from .wait import free_port, until

SANITIZER = re.compile(r"AddressSanitizer|LeakSanitizer|ThreadSanitizer|runtime error:")
SANITIZER_ENV = {
    "ASAN_OPTIONS": "detect_leaks=1:abort_on_error=1:disable_coredump=1",
    "UBSAN_OPTIONS": "print_stacktrace=1",
}
PAIR = re.compile(r'([A-Za-z_][\w.-]*)=("(?:[^"\\]|\\.)*"|\S*)')


def merged(base, over):
    """base with over laid upon it, section by section."""
    result = dict(base)
    for key, value in over.items():
        is_section = isinstance(value, dict) and isinstance(base.get(key), dict)
        result[key] = merged(base[key], value) if is_section else value
    return result


def parse_logfmt(line):
    def plain(text):
        if not text.startswith('"'):
            return text
        raw = re.sub(r'\\([\\"])|\\x(..)', lambda m: m[1] or chr(int(m[2], 16)), text[1:-1])
        return raw.encode("latin-1").decode(errors="replace")

    return {key: plain(value) for key, value in PAIR.findall(line)}


class Bridge:
    program = None  # the binary, set once by conftest.py

    def __init__(self, folder, broker, settings=None, env=None):
        self.folder = folder
        self.state = folder / "state"
        self.port = free_port()
        self.admin_port = free_port()
        self.file = folder / "jobs-bridge.yaml"
        self.env = {**SANITIZER_ENV, **(env or {})}
        self.process = None
        self.words = []  # more of the command line
        self.token = None  # shown to the admin address
        folder.mkdir(parents=True, exist_ok=True)
        self.configure(merged(self.defaults(broker), settings or {}))

    def defaults(self, broker):
        return {
            "state": str(self.state),
            "mqtt": {"url": broker.url},
            "jobs": {"endpoint": "embedded", "rate_per_second": 0},
            "embedded": {"listen": f"127.0.0.1:{self.port}"},
            "admin": {"listen": f"127.0.0.1:{self.admin_port}"},
        }

    def configure(self, settings):
        self.settings = settings
        self.file.write_text(yaml.safe_dump(settings, sort_keys=False))

    @property
    def endpoint_url(self):
        return f"http://127.0.0.1:{self.port}"

    @property
    def credentials_file(self):
        return self.state / "credentials"

    def start(self, is_ready=True):
        argv = [self.program, "run", "--config", self.file, *self.words]
        self.process = Process(argv, self.folder / "bridge.log", self.env)
        return self.wait_ready() if is_ready else self

    def admin(self, path, headers=None):
        """Status and body of the admin listener's answer; (0, "") when there is none."""
        url = f"http://127.0.0.1:{self.admin_port}{path}"
        if headers is None and self.token is not None:
            headers = {"Authorization": f"Bearer {self.token}"}
        try:
            request = urllib.request.Request(url, headers=headers or {})
            with urllib.request.urlopen(request, timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError:
            return 0, ""

    @property
    def is_ready(self):
        return self.admin("/readyz")[0] == 200

    def wait_alive(self):
        until(lambda: self.admin("/healthz")[0] == 200, "the bridge to be alive")
        return self

    def wait_ready(self):
        def ready_or_dead():
            assert self.process.is_alive, "the bridge ended at start:\n" + self.process.output
            return self.is_ready

        until(ready_or_dead, "the bridge to be ready")
        return self

    def stop(self):
        """SIGTERM; it has to end by itself, with success. Returns the seconds it took."""
        seconds = self.process.stop()
        assert self.process.exit_code == 0, self.process.output
        return seconds

    def reload(self, change=None):
        """Sends SIGHUP, after a change of the configuration; returns the last line about it."""
        def ends():
            return [line for line in self.log_lines(event="reload")
                    if line["msg"].startswith(("done", "refused"))]

        if change is not None:
            self.configure(merged(self.settings, change))
        before = len(ends())
        self.process.child.send_signal(signal.SIGHUP)
        return until(lambda: len(ends()) > before and ends()[-1], "the end of the reload")

    def kill(self):
        self.process.kill()

    def end(self):
        """For teardown: stops it cleanly if it still runs."""
        if self.process is not None and self.process.is_alive:
            self.stop()
        self.assert_clean()

    def assert_clean(self):
        if self.process is not None:
            output = self.process.output
            assert not SANITIZER.search(output), output

    def run(self, *words, stdin=None):
        """Another verb of the program, with this bridge's configuration."""
        argv = [str(self.program), words[0], "--config", str(self.file), *words[1:]]
        done = subprocess.run(argv, env={**os.environ, **self.env}, input=stdin,
                              capture_output=True, text=True, timeout=60)
        assert not SANITIZER.search(done.stderr), done.stderr
        return done

    def log_lines(self, **wanted):
        """The log as dictionaries; only lines that have all the wanted pairs."""
        lines = [parse_logfmt(line) for line in self.process.output.splitlines()]
        return [line for line in lines if wanted.items() <= line.items()]
