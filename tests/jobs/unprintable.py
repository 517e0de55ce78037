#!/usr/bin/python3
"""Compares the code points that PROGRAM prints with Python's own Unicode data.

Refused must be what Python has in Cc, Cf, Cs or Co. Python and utf8proc may be built from different
versions of Unicode: a character that one of them does not know is no difference.
"""
import subprocess
import sys
import unicodedata

output = subprocess.run([sys.argv[1]], check=True, capture_output=True, text=True).stdout
refused = {int(line, 16) for line in output.split()}
if len(refused) < 100_000:
    sys.exit(f"only {len(refused)} code points: the private-use planes alone have more")

different = [
    f"U+{c:04X} {category}"
    for c in range(0x110000)
    if (category := unicodedata.category(chr(c))) != "Cn"
    and (c in refused) != (category in ("Cc", "Cf", "Cs", "Co"))
]
sys.exit("\n".join(different[:20]) or 0)
