"""Sums a linker map: flash and RAM of the core, by object file."""

import re
import sys
from collections import defaultdict

ENTRY = re.compile(r"^ (\.[\w.$]+)\s+0x[0-9a-f]+\s+0x([0-9a-f]+)\s+(\S+)$")
LONG_NAME = re.compile(r"^ (\.[\w.$]+)$")
CONTINUED = re.compile(r"^\s+0x[0-9a-f]+\s+0x([0-9a-f]+)\s+(\S+)$")
KINDS = {"text": ("flash",), "literal": ("flash",), "rodata": ("flash",), "data": ("flash", "ram"), "bss": ("ram",)}


def entries(lines):
    """(section, bytes, object) of everything the linker kept."""
    started = False
    pending = None
    for line in lines:
        started = started or line.startswith("Linker script and memory map")
        if not started:
            continue
        if match := ENTRY.match(line):
            yield match[1], int(match[2], 16), match[3]
        elif match := LONG_NAME.match(line):
            pending = match[1]
            continue
        elif pending and (match := CONTINUED.match(line)):
            yield pending, int(match[1], 16), match[2]
        pending = None


def main(path: str) -> None:
    totals = defaultdict(lambda: defaultdict(int))
    for section, size, source in entries(open(path, encoding="utf-8")):
        kinds = KINDS.get(section.split(".")[1])
        if not kinds or size == 0:
            continue
        name = source.rsplit("/", 1)[-1].removesuffix(".o").removesuffix(".cpp").removeprefix("core_")
        name = "C library and compiler support" if ".a(" in source else name
        for kind in kinds:
            totals[name][kind] += size
    print(f"{'part':40} {'flash':>8} {'RAM':>8}")
    for name, sizes in sorted(totals.items(), key=lambda item: -item[1]["flash"]):
        print(f"{name:40} {sizes['flash']:8} {sizes['ram']:8}")
    print(f"{'total':40} {sum(s['flash'] for s in totals.values()):8} {sum(s['ram'] for s in totals.values()):8}")


if __name__ == "__main__":
    main(sys.argv[1])
