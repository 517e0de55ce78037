#!/usr/bin/python3
"""What a machine can check of the house's style (CONTRIBUTING.md, ARCHITECTURE.md).

    style.py CHECK ROOT

CHECK is the name of a function below that is marked @check. Prints one line per violation.
Exit status: 0 none, 1 some, 77 a tool that the check needs is missing.
"""
import json
import os
import re
import shutil
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from statistics import median

FUNCTION_MEDIAN, FUNCTION_MAX, FILE_MAX = 20, 90, 800

# The headers behind each word of the table's "foreign headers" column.
FOREIGN = {
    "MQTTClient": r"MQTT\w+\.h",
    "curl": r"curl/",
    "jansson": r"jansson\.h",
    "microhttpd": r"microhttpd\.h",
    "openssl": r"openssl/",
    "sqlite3": r"sqlite3\.h",
    "systemd": r"systemd/",
    "utf8proc": r"utf8proc\.h",
    "yaml": r"yaml\.h",
}
C_POSIX_LINUX = re.compile(
    r"(sys|linux|net|netinet|arpa)/\w+\.h|"
    r"(argp|assert|ctype|dirent|dlfcn|endian|errno|fcntl|fenv|float|fnmatch|ftw|getopt|glob|grp|"
    r"inttypes|libgen|limits|locale|malloc|math|netdb|poll|pthread|pwd|sched|semaphore|setjmp|signal|"
    r"spawn|stdalign|stdarg|stdatomic|stdbool|stddef|stdint|stdio|stdlib|stdnoreturn|string|"
    r"strings|termios|time|unistd|wchar|wctype)\.h"
)
BANNED = "strcpy strcat sprintf vsprintf gets strtok atoi atol atof sscanf alloca system".split()
EXPORTS_OF_OTHER_NAMES = re.compile(r"main|LLVMFuzzerTestOneInput|__wrap_\w+")

CHECKS = {}


def check(function):
    CHECKS[function.__name__] = function
    return function


class Tree:
    def __init__(self, root):
        self.root = Path(root)
        self.table = dict(self.read_table())
        self.files = sorted(
            path.relative_to(self.root)
            for folder in self.table
            for path in (self.root / folder).rglob("*.[ch]")
        )

    def read_table(self):
        """folder -> (what it may include, foreign words), each a set; 'everything' is a member."""
        for line in self.text("ARCHITECTURE.md").splitlines():
            cells = [cell.strip() for cell in line.strip("|").split("|")]
            if line.startswith("|") and len(cells) == 3 and re.fullmatch(r"[a-z]+", cells[0]):
                yield cells[0], [set(re.split(r",\s*", cell)) for cell in cells[1:]]

    def text(self, path):
        return (self.root / path).read_text(encoding="utf-8")

    def code(self, path, strings=True):
        """The file without comments and, on demand, with its strings emptied; same lines."""
        def blank(match):
            token = match.group()
            if token[0] in "\"'":
                return token if strings else token[0] * 2
            return " " + "\n" * token.count("\n")
        tokens = r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|' + r"'(?:\\.|[^'\\\n])*'"
        return re.sub(tokens, blank, self.text(path), flags=re.DOTALL)

    def functions(self):
        command = ["ctags", "--output-format=json", "--fields=+ne", "--kinds-C=f", "-f", "-"]
        names = [str(path) for path in self.files]
        tags = subprocess.run(command + names, cwd=self.root, check=True, capture_output=True)
        return [json.loads(line) for line in tags.stdout.splitlines()]


def need(tool):
    if shutil.which(tool) is None:
        print(f"skipped: {tool} is not installed")
        sys.exit(77)


@check
def includes(tree):
    for path in tree.files:
        lines = tree.code(path).splitlines()
        for number, line in enumerate(lines, 1):
            match = re.match(r'\s*#\s*include\s*([<"])([^>"]+)', line)
            problem = match and forbidden(tree, path, *match.groups())
            if problem:
                yield f"{path}:{number}: {match.group(2)}: {problem}"


def forbidden(tree, path, bracket, header):
    """Why a file may not include a header, or None."""
    folder = path.parts[0]
    own, foreign = tree.table[folder]
    if bracket == '"':
        if not (tree.root / header).is_file() or "/" not in header:
            return 'a header of the project is written "folder/file.h"'
        names = {"everything", header, header.split("/")[0]}
        return None if names & (own | {folder}) else f"{folder}/ may not include it"
    if C_POSIX_LINUX.fullmatch(header):
        return None
    word = next((word for word, names in FOREIGN.items() if re.match(names, header)), None)
    if "everything" in foreign or word in foreign:
        return None
    return f"a foreign header that {folder}/ may not include"


@check
def names(tree):
    need("ctags")
    places = defaultdict(set)
    for path in tree.files:
        places[path.stem].add(str(path.parent))
        yield from bad_types(tree, path)
        if path.suffix == ".h":
            yield from bad_guard(tree, path)
    for stem, folders in places.items():
        if len(folders) > 1:
            yield f"{stem}: the stem is in {', '.join(sorted(folders))}"
    for tag in tree.functions():
        stem = Path(tag["path"]).stem
        if tag.get("file") or EXPORTS_OF_OTHER_NAMES.fullmatch(tag["name"]):
            continue
        if tag["name"] != stem and not tag["name"].startswith(stem + "_"):
            yield f"{tag['path']}:{tag['line']}: {tag['name']} does not start with {stem}_"


def bad_types(tree, path):
    code = tree.code(path, strings=False)
    if re.search(r"\btypedef\s+(struct|union)\b(?![^;{]*\()", code):
        yield f"{path}: typedef of a struct"
    for name in re.findall(r"\btypedef\s[^;{]*?\(\s*\*?\s*(\w+)\s*\)\s*\(", code):
        if not name.endswith("_fn"):
            yield f"{path}: the function type {name} does not end in _fn"


def bad_guard(tree, path):
    words = [re.sub(r"\W", "_", part).upper() for part in path.with_suffix("").parts]
    guards = {"_".join(words) + "_H", "_".join(words[-2:]) + "_H"}
    match = re.match(r"\s*#ifndef (\w+)\s+#define (\w+)\s", tree.code(path))
    if not match or match.group(1) != match.group(2) or match.group(1) not in guards:
        yield f"{path}: the guard is not {min(guards, key=len)}"


@check
def sizes(tree):
    need("ctags")
    for path in tree.files:
        lines = tree.text(path).count("\n")
        if lines > FILE_MAX:
            yield f"{path}: {lines} lines"
    lengths = defaultdict(list)
    for tag in tree.functions():
        length = tag["end"] - tag["line"] + 1
        lengths["tests" if tag["path"].startswith("tests/") else "product"].append(length)
        if length > FUNCTION_MAX:
            yield f"{tag['path']}:{tag['line']}: {tag['name']} has {length} lines"
    for part, values in lengths.items():
        if median(values) >= FUNCTION_MEDIAN:
            yield f"{part}: the median function has {median(values)} lines"


@check
def banned(tree):
    calls = re.compile(r"(?<![\w.>])(" + "|".join(BANNED) + r")\s*\(")
    for path in tree.files:
        for number, line in enumerate(tree.code(path, strings=False).splitlines(), 1):
            for match in calls.finditer(line):
                yield f"{path}:{number}: {match.group(1)} is banned"


@check
def headers(tree):
    compiler = os.environ.get("CC", "cc")
    command = [compiler, "-fsyntax-only", "-std=gnu11", "-D_GNU_SOURCE", "-Wall", "-Werror",
               "-I.", "-xc", "-"]
    for path in tree.files:
        if path.suffix == ".h":
            source = f'#include "{path}"\n'
            run = subprocess.run(command, cwd=tree.root, input=source, text=True,
                                 capture_output=True)
            if run.returncode != 0:
                yield f"{path} does not compile alone:\n{run.stderr}"


@check
def format(tree):
    need("clang-format")
    command = ["clang-format", "--dry-run", "-Werror"] + [str(path) for path in tree.files]
    run = subprocess.run(command, cwd=tree.root, text=True, capture_output=True)
    if run.returncode != 0:
        yield run.stderr


def main():
    if len(sys.argv) != 3 or sys.argv[1] not in CHECKS:
        sys.exit(__doc__ + "\nChecks: " + " ".join(CHECKS))
    tree = Tree(sys.argv[2])
    if not tree.files:
        sys.exit("no C files found: ARCHITECTURE.md has no include table")
    violations = list(CHECKS[sys.argv[1]](tree))
    print("\n".join(violations) or f"{len(tree.files)} files: no violation")
    sys.exit(1 if violations else 0)


if __name__ == "__main__":
    main()
