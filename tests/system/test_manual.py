"""The man pages: clean for both formatters, and complete."""

import re
import shutil
import subprocess

import pytest

from conftest import HOUSE
from test_completion import NOT_COMPLETED, options, program, verbs

PROGRAM_PAGE = HOUSE / "docs/man/jobs-bridge.1"
FILE_PAGE = HOUSE / "docs/man/jobs-bridge.yaml.5"
PAGES = [PROGRAM_PAGE, FILE_PAGE]


def shown(page):
    """The page as a reader sees it, unbroken."""
    done = subprocess.run(["mandoc", "-T", "utf8", "-O", "width=1000", str(page)],
                          capture_output=True, text=True, timeout=60, check=True)
    return re.sub(r".\x08", "", done.stdout).replace("\u2010", "-")


def sections(text):
    """The text of each part that stands under a heading of its own."""
    parts = re.split(r"^ {0,3}(\w[\w ]*)$", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2]))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_mandoc_finds_nothing(page):
    assert shutil.which("mandoc"), "packaging/install-packages test"
    done = subprocess.run(["mandoc", "-T", "lint", "-W", "style", str(page)], capture_output=True,
                          text=True, timeout=60)
    # What else is installed, and whether its index is up to date, is none of the page's business.
    found = [line for line in (done.stdout + done.stderr).splitlines()
             if "referenced manual not found" not in line and "mandoc.db" not in line]
    assert not found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_groff_finds_nothing(page):
    done = subprocess.run(["man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", str(page)],
                          capture_output=True, text=True, timeout=60,
                          env={"PATH": "/usr/bin:/bin", "MANWIDTH": "80", "LC_ALL": "C.UTF-8"})
    assert done.returncode == 0 and done.stderr == "", done.stderr
    assert done.stdout


def test_every_verb_and_option_has_its_place():
    parts = sections(shown(PROGRAM_PAGE))
    for verb in verbs():
        assert verb in parts, f"no section on {verb}"
    for verb in set(verbs()) - NOT_COMPLETED:
        for option in options(verb) - {"-?", "--help", "--usage", "-c", "--config"}:
            assert re.search(rf"(?<![\w-]){re.escape(option)}(?![\w-])", parts[verb]), \
                f"{verb} {option}"
    for option in ("-?", "--help", "--usage", "-c", "--config"):
        assert option in parts["DESCRIPTION"]


def test_no_option_is_named_that_is_not_there():
    known = set().union(*(options(verb) for verb in set(verbs()) - NOT_COMPLETED))
    named = set(re.findall(r"(?<![\w-])--[a-z][\w-]*", shown(PROGRAM_PAGE)))
    assert named - known == {"--version"}


def test_every_exit_status_of_a_help_text_is_explained():
    explained = set(re.findall(r"^ +(\d+) ", sections(shown(PROGRAM_PAGE))["EXIT STATUS"],
                               re.MULTILINE))
    used = {number for verb in set(verbs()) - NOT_COMPLETED
            for number in re.findall(r"\b(0|1|2|64) (?:when|after|at|without|with)\b",
                                     program(verb, "--help").split("Exits with")[1])}
    assert used and used <= explained


def test_every_key_has_its_entry_with_its_default():
    text = (HOUSE / "daemon/config_key.c").read_text()
    broker = re.search(r"#define BROKER\(section, at, address, name\)(.*?)\n\n", text, re.DOTALL)
    table = re.sub(
        r'BROKER\("(\w+)", [\w.]+, (.*?), (.*?)\)',
        lambda use: re.sub(r" *\\\n", "\n", broker[1]).replace("section", f'"{use[1]}"')
                                                   .replace("address", use[2])
                                                   .replace("preset = name", f"preset = {use[3]}"),
        text[text.index("keys[] = {"):text.index("/* clang-format on */")])
    entries = re.findall(r'\{"(\w*)", "(\w+)",(.*?)\},\n', table, re.DOTALL)
    assert len(entries) > 40
    page = FILE_PAGE.read_text()
    for section, name, rest in entries:
        key = f"{section}.{name}" if section else name
        entry = re.search(rf"^\.It Cm (?:[^\n]* )?{re.escape(key)}(?: [^\n]*)?$(.*?)(?=^\.It Cm |^\.Ss)", page,
                          re.DOTALL | re.MULTILINE)
        assert entry, f"no entry for {key}"
        preset = re.search(r'\.preset = "([^"]*)"', rest)
        default = entry.group(1).split("Default:")[1]
        assert (preset.group(1) if preset else "") in default.replace("\n", " "), key


def test_every_environment_variable_that_is_read_is_named():
    page = shown(PROGRAM_PAGE)
    names = set()
    for folder in ("base", "daemon", "http", "mqtt"):
        for file in (HOUSE / folder).glob("*.c"):
            code = file.read_text()
            names |= set(re.findall(r'getenv\("([A-Z_0-9]+)"\)', code))
            names |= set(re.findall(r'"(AWS_[A-Z_0-9]+)"', code))
    assert "JOBS_BRIDGE_CONFIG" in names and "AWS_ACCESS_KEY_ID" in names
    assert not {name for name in names if name not in page}
