"""Turns layers of sdkconfig into the sdkconfig.h that the SDK would make of them: later layers win, n is not defined.

usage: esp_sdkconfig.py LAYER...
"""
import re
import sys

LINE = re.compile(r'(CONFIG_[A-Z0-9_]+)=(y|n|"[^"]*"|\d+|0x[0-9A-Fa-f]+)')


def read_layers(paths):
    options = {}
    for path in paths:
        with open(path, encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                text = line.strip()
                if not text or text.startswith("#"):
                    continue
                match = LINE.fullmatch(text)
                if not match:
                    raise SystemExit(f"{path}:{number}: not an option: {text}")
                options[match.group(1)] = match.group(2)
    return options


def main():
    print("#pragma once")
    for name, value in read_layers(sys.argv[1:]).items():
        if value != "n":
            print(f"#define {name} {1 if value == 'y' else value}")


if __name__ == "__main__":
    main()
