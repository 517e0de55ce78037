#!/usr/bin/python3
"""Runs every check on a small tree that keeps all rules, then with one violation at a time."""
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent

HEADER = "#ifndef {guard}\n#define {guard}\n\n{text}\n\n#endif\n"
GOOD = {
    "ARCHITECTURE.md": """
| folder | may include | foreign headers only here |
|---|---|---|
| base | - | - |
| jobs | base | jansson |
| store | base, jobs/port.h | - |
| tests | everything | everything |
""",
    ".clang-format": (ROOT / ".clang-format").read_text(),
    "base/word.h": HEADER.format(guard="BASE_WORD_H", text="typedef void word_fn(int x);"),
    "base/word.c": '#include "base/word.h"\n\n#include <stdio.h>\n\nstatic int three(void)\n{\n'
                   '    return 3; /* not atoi(x) */\n}\n\nint word_get(void)\n{\n'
                   '    return three() + puts("atoi(x)");\n}\n',
    "jobs/job.c": '#include "base/word.h"\n\n#include <jansson.h>\n',
    "jobs/port.h": HEADER.format(guard="JOBS_PORT_H", text="struct port;"),
    "store/book.c": '#include "jobs/port.h"\n',
    "tests/base/word_test.c": '#include "base/word.h"\n\n#include <sqlite3.h>\n\n'
                              "int main(void)\n{\n    return 0;\n}\n",
}


def function(name, lines):
    return f"static int {name}(void)\n{{\n" + "    ;\n" * (lines - 3) + "}\n\n"


# check, what it must say, file, its new text.
BAD = [
    ("includes", "base/ may not include it", "base/up.c", '#include "jobs/port.h"\n'),
    ("includes", "store/ may not include it", "store/side.c", '#include "jobs/hidden.h"\n'),
    ("includes", '"folder/file.h"', "base/near.c", '#include "word.h"\n'),
    ("includes", '"folder/file.h"', "base/none.c", '#include "base/none.h"\n'),
    ("includes", "a foreign header", "base/far.c", "#include <jansson.h>\n"),
    ("includes", "a foreign header", "jobs/odd.c", "#include <glib.h>\n"),
    ("names", "the stem is in base, jobs", "jobs/word.c", "\n"),
    ("names", "does not start with verb_", "base/verb.c", "int go(void)\n{\n    return 0;\n}\n"),
    ("names", "typedef of a struct", "base/t.c", "typedef struct s {\n    int x;\n} s_t;\n"),
    ("names", "typedef of a struct", "base/t.c", "typedef struct s s_t;\n"),
    ("names", "does not end in _fn", "base/f.c", "typedef int (*on_x)(int);\n"),
    ("names", "the guard is not BASE_G_H", "base/g.h", HEADER.format(guard="G_H", text="")),
    ("names", "the guard is not BASE_G_H", "base/g.h", "struct g;\n"),
    ("sizes", "long.c: 801 lines", "base/long.c", "\n" * 801),
    ("sizes", "big has 91 lines", "base/big.c", function("big", 91)),
    ("sizes", "product: the median", "base/mid.c", "".join(function(f"m{i}", 20) for i in range(9))),
    ("sizes", "tests: the median", "tests/mid.c", "".join(function(f"m{i}", 20) for i in range(9))),
    ("banned", "b.c:2: atoi is banned", "base/b.c", '/* */\nint x = atoi("1");\n'),
    ("banned", "sprintf is banned", "tests/b.c", 'int x = sprintf (b, "");\n'),
    ("headers", "h.h does not compile alone", "base/h.h", "size_t x;\n"),
    ("format", "ugly.c", "base/ugly.c", "int  x;\n"),
]


class Selftest(unittest.TestCase):
    def setUp(self):
        self.root = Path(tempfile.mkdtemp(prefix="style-"))
        self.addCleanup(shutil.rmtree, self.root)
        for path, text in GOOD.items():
            self.write(path, text)

    def write(self, path, text):
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_text(text)

    def run_check(self, name):
        command = [sys.executable, HERE / "style.py", name, self.root]
        run = subprocess.run(command, capture_output=True, text=True)
        if run.returncode == 77:
            self.skipTest(run.stdout)
        return run.returncode, run.stdout + run.stderr

    def test_a_good_tree_passes_every_check(self):
        for name in sorted({bad[0] for bad in BAD}):
            with self.subTest(name):
                status, output = self.run_check(name)
                self.assertEqual(status, 0, output)

    def test_a_tree_without_a_table_fails(self):
        self.write("ARCHITECTURE.md", "nothing\n")
        self.assertEqual(self.run_check("includes")[0], 1)

    def test_every_check_finds_its_violation(self):
        self.write("jobs/hidden.h", HEADER.format(guard="JOBS_HIDDEN_H", text="struct hidden;"))
        for name, words, path, text in BAD:
            with self.subTest(name, path=path, words=words):
                self.write(path, text)
                status, output = self.run_check(name)
                (self.root / path).unlink()
                self.assertEqual(status, 1, output)
                self.assertIn(words, output)


if __name__ == "__main__":
    unittest.main()
