"""Embeds keys/app_public.bin into a release image. PlatformIO runs it before each build.

The SDK's own step for this is a CMake custom command, which PlatformIO does not run: without this file the linker would
miss the key. It does nothing unless the layer sdkconfig.signed is in use.
"""
import os
import pathlib

KEY_NAME = "signature_verification_key.bin"
KEY_SIZE = 64  # X || Y on P-256


def assembly(key):
    lines = [", ".join(f"0x{byte:02x}" for byte in key[at : at + 16]) for at in range(0, len(key), 16)]
    name = KEY_NAME.replace(".", "_")
    rows = "\n".join(f".byte {line}" for line in lines)
    return f""".data
.section .rodata.embedded
.global {name}
{name}:
.global _binary_{name}_start
_binary_{name}_start:
{rows}
.global _binary_{name}_end
_binary_{name}_end:
.global {name}_length
{name}_length:
.long {len(key)}
"""


def embed(project, build):
    key = (project / "keys" / "app_public.bin").read_bytes()
    if len(key) != KEY_SIZE:
        raise SystemExit(f"keys/app_public.bin must have {KEY_SIZE} bytes and has {len(key)}")
    build.mkdir(parents=True, exist_ok=True)
    (build / KEY_NAME).write_bytes(key)
    (build / f"{KEY_NAME}.S").write_text(assembly(key))


Import("env")  # noqa: F821 (defined when PlatformIO runs this file)
if "sdkconfig.signed" in os.environ.get("EGIZ_LAYERS", ""):
    embed(pathlib.Path(env["PROJECT_DIR"]), pathlib.Path(env.subst("$BUILD_DIR")))  # noqa: F821
