"""Writes generated/build_info.hpp: version, build number, build time and the public keys that may sign updates.

PlatformIO runs it before each build (extra_scripts); alone: python3 scripts/build_info.py [OUTPUT_DIRECTORY]
"""
import base64
import os
import pathlib
import re
import sys
import time

P256_SPKI_PREFIX = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d030107034200")


def read_version(root):
    text = (root / "version.txt").read_text().strip()
    match = re.fullmatch(r"(\d+\.\d+\.\d+(?:-[0-9A-Za-z.]+)?) (\d+)", text)
    if not match:
        raise SystemExit(f"version.txt must be 'VERSION BUILD', such as '1.4.0 10400', and is '{text}'")
    return match.group(1), int(match.group(2))


def read_key(path):
    """The 64 bytes X || Y of a PEM public key on P-256."""
    body = re.sub(r"-----[^-]+-----|\s", "", path.read_text())
    der = base64.b64decode(body, validate=True)
    if not der.startswith(P256_SPKI_PREFIX) or len(der) != len(P256_SPKI_PREFIX) + 65 or der[26] != 4:
        raise SystemExit(f"{path} is no P-256 public key in PEM form")
    return der[27:]


def key_entry(path):
    numbers = ", ".join(f"0x{byte:02x}" for byte in read_key(path))
    return f'    {{"{path.name[: -len(".pub.pem")]}", {{{numbers}}}}},'


def render(root):
    version, number = read_version(root)
    built = int(os.environ.get("SOURCE_DATE_EPOCH", time.time()))
    keys = sorted((root / "keys").glob("*.pub.pem"))
    entries = "\n".join(key_entry(path) for path in keys)
    if not keys:
        print("build_info: keys/ has no *.pub.pem, this image will refuse every update", file=sys.stderr)
    return f"""// Made by scripts/build_info.py; do not edit.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "ota_manifest.hpp"

namespace egiz::esp::build {{

inline constexpr std::string_view product = "openegiz-edge";
inline constexpr std::string_view version = "{version}";
inline constexpr std::uint32_t number = {number};
inline constexpr std::uint64_t built_ms = {built}000ULL;
inline constexpr std::array<TrustedKey, {len(keys)}> update_keys = {{{{
{entries}
}}}};

}}  // namespace egiz::esp::build
"""


def write(root, directory):
    directory.mkdir(parents=True, exist_ok=True)
    target = directory / "build_info.hpp"
    text = render(root)
    # Untouched when nothing but the time would change, so that an unchanged tree is not compiled again.
    plain = lambda value: re.sub(r"built_ms = \d+", "", value)
    if not target.exists() or plain(target.read_text()) != plain(text):
        target.write_text(text)


try:
    Import("env")  # noqa: F821 (defined when PlatformIO runs this file)
    project = pathlib.Path(env["PROJECT_DIR"])  # noqa: F821
    write(project, project / "generated")
except NameError:
    project = pathlib.Path(__file__).resolve().parent.parent
    write(project, pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else project / "generated")
