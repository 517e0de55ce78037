"""Completion in real shells: whatever --help names is completed, and nothing else is."""

import os
import pty
import re
import select
import shutil
import subprocess
import time

import pytest

from actors import Bridge
from conftest import HOUSE

BASH = HOUSE / "packaging/completion/jobs-bridge.bash"
ZSH = HOUSE / "packaging/completion/_jobs-bridge"
ACTIONS = {
    "jobs": "create describe list document update cancel delete executions",
    "policy": "test",
    "dead": "list show replay drop",
}
NOT_COMPLETED = {"version", "help"}  # they take no options


def program(*words):
    done = subprocess.run([str(Bridge.program), *words], capture_output=True, text=True,
                          timeout=30, check=True)
    return done.stdout


def verbs():
    return re.findall(r"^  (\w+) +\w", program("help"), re.MULTILINE)


def options(verb):
    """Long and short, as the verb's own help lists them."""
    text = program(verb, "--help")
    short = re.findall(r"^  (-[\w?]),", text, re.MULTILINE)
    long = re.findall(r"^ {2,6}(?:-[\w?], )?(--[\w-]+)", text, re.MULTILINE)
    return set(short + long)


def completed(*words):
    """What bash offers for the last of the words."""
    script = r"""
        source "$1"; shift
        COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMP_LINE="$*"; COMP_POINT=${#COMP_LINE}
        _jobs_bridge jobs-bridge "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
        ((${#COMPREPLY[@]} == 0)) || printf '%s\n' "${COMPREPLY[@]}"
    """
    done = subprocess.run(["bash", "--norc", "-uc", script, "bash", str(BASH), "jobs-bridge", *words],
                          capture_output=True, text=True, timeout=30)
    assert done.returncode == 0 and done.stderr == "", done.stderr
    return done.stdout.split("\n")[:-1]


def test_help_names_the_verbs():
    assert {"run", "check", "send", "watch", "jobs", "policy", "dead", "help"} <= set(verbs())


def test_bash_completes_every_verb_and_no_other():
    assert sorted(completed("")) == sorted([*verbs(), "--help", "--version"])
    assert completed("wat") == ["watch"]
    assert sorted(completed("help", "")) == sorted(verbs())


def test_bash_completes_every_option_and_no_other():
    for verb in set(verbs()) - NOT_COMPLETED:
        assert set(completed(verb, "-")) == options(verb), verb


def test_bash_completes_actions_once():
    for verb, words in ACTIONS.items():
        assert completed(verb, "") == words.split()
        assert completed(verb, words.split()[0], "") == []
        for word in words.split():
            assert word in program(verb, "--help")


def test_bash_completes_values():
    assert completed("run", "--log-level", "") == ["error", "warn", "info", "debug"]
    assert completed("run", "-l", "d") == ["debug"]
    assert completed("run", "--log-level", "=") == ["error", "warn", "info", "debug"]
    assert completed("run", "--log-level", "=", "w") == ["warn"]
    assert completed("dead", "replay", "--timeout", "15") == ["15s"]
    assert "IN_PROGRESS" in completed("jobs", "list", "--status", "")
    assert completed("send", "--job", "") == []  # nobody can guess it
    assert completed("send", "-d", "--ve") == ["--verbose"]  # -d has a value for jobs only


def test_bash_completes_files(tmp_path):
    (tmp_path / "one.yaml").touch()
    (tmp_path / "two words.yaml").touch()
    assert completed("check", "--config", f"{tmp_path}/o") == [f"{tmp_path}/one.yaml"]
    assert completed("check", "--config", "=", f"{tmp_path}/t") == [f"{tmp_path}/two words.yaml"]


class Zsh:
    """An interactive zsh without anybody's settings, in a terminal."""

    def __init__(self, folder):
        self.child, self.fd = pty.fork()
        if self.child == 0:
            os.environ.update(TERM="dumb", COLUMNS="400", LINES="500", ZDOTDIR=str(folder))
            os.execv("/usr/bin/zsh", ["zsh", "-f", "-i"])
        self.type(f"fpath=({ZSH.parent} $fpath); autoload -U compinit; compinit -u -D; LISTMAX=0; "
                  "COLUMNS=400; LINES=500; setopt NO_BEEP; PROMPT='ready-''> '\n")
        self.until("ready->")

    def type(self, text):
        os.write(self.fd, text.encode())

    def until(self, *wanted, patience=20):
        """Reads until all of it was seen."""
        seen = ""
        deadline = time.monotonic() + patience
        while not all(re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", seen)
                      for word in wanted):
            assert time.monotonic() < deadline, f"zsh did not offer {wanted}: {seen}"
            if select.select([self.fd], [], [], 0.1)[0]:
                seen += os.read(self.fd, 65536).decode(errors="replace")
        return seen

    def complete(self, line, *wanted):
        self.type(line + "\t")
        seen = self.until(*wanted)
        self.type("\x15\n")  # drops the line
        self.until("ready->")
        return seen

    def close(self):
        os.write(self.fd, b"\x15exit\n")
        os.waitpid(self.child, 0)
        os.close(self.fd)


@pytest.fixture
def zsh(tmp_path):
    if not shutil.which("zsh"):
        pytest.skip("zsh is not installed")
    shell = Zsh(tmp_path)
    yield shell
    shell.close()


def test_zsh_completes_every_verb(zsh):
    zsh.complete("jobs-bridge ", *verbs())


def test_zsh_completes_every_option(zsh):
    for verb in sorted(set(verbs()) - NOT_COMPLETED):
        zsh.complete(f"jobs-bridge {verb} -", *options(verb))


def test_zsh_names_no_option_that_is_not_there():
    text = ZSH.read_text()
    everywhere = set().union(*(options(verb) for verb in set(verbs()) - NOT_COMPLETED))
    assert set(re.findall(r"--[a-z][\w-]*", text)) - {"--version"} <= everywhere


def test_zsh_completes_actions_and_values(zsh):
    for verb, words in ACTIONS.items():
        if len(words.split()) > 1:  # a single one is put in at once
            zsh.complete(f"jobs-bridge {verb} ", *words.split())
    zsh.complete("jobs-bridge run --log-level ", "error", "warn", "info", "debug")
