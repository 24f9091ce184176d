#!/usr/bin/env python3
"""Compares esp_decl/ with the headers of a real SDK: every prototype, and every structure's members and their order.

usage: esp_decl_check.py ESP_IDF_DIRECTORY ESP_MQTT_DIRECTORY

For whoever has the SDK (CI has not): run it with 5.5 and with 6 after a change of esp_decl/. FreeRTOS's own headers, which
are macros for the most part, and psa/crypto.h, which is a standard, are not compared.
"""
import pathlib
import re
import sys

DECLARED = pathlib.Path(__file__).resolve().parent.parent / "esp_decl"
NOT_COMPARED = {"crypto.h", "task.h", "queue.h", "semphr.h", "stream_buffer.h", "FreeRTOS.h", "esp_log.h"}
# What is a macro in one version and a function in the other, or differs only in the name of the same type.
SAME = {"uart_set_pin", "httpd_resp_send", "uart_read_bytes"}

PROTOTYPE = re.compile(r"([A-Za-z_][\w\s*]*?[\s*])([a-zA-Z_]\w+)\s*\(((?:[^(){};]|\([^()]*\))*)\)\s*;")
TYPEDEF = re.compile(r"typedef (struct|enum)(?:\s+\w+)?\s*\{((?:[^{}]|\{(?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*\})*)\}\s*(\w+)\s*;")


def bare(text):
    text = re.sub(r"/\*.*?\*/", " ", text, flags=re.S)
    text = re.sub(r"//[^\n]*", "", text)
    text = re.sub(r"(?m)^[ \t]*#.*(?:\\\n.*)*", "", text)
    return re.sub(r"__attribute__\s*\(\(.*?\)\)", "", text)


def argument_type(text):
    text = re.sub(r"\s+", " ", text.strip()).replace(" *", "*").replace("* ", "*").replace("[]", "*")
    text = text.replace("struct esp_transport_item_t*", "esp_transport_handle_t")
    if text in ("", "void"):
        return ""
    named = re.match(r"^(.*[ *])([A-Za-z_]\w*)$", text)
    if named and named.group(1).strip() not in ("const", "unsigned", "struct"):
        text = named.group(1).strip()
    # A const of the value itself is no part of the type that callers see.
    return re.sub(r"\bconst (size_t|uint32_t|int)\b", r"\1", re.sub(r"\*const\b", "*", text)).strip()


def prototypes(text):
    found = {}
    for result, name, arguments in PROTOTYPE.findall(text):
        result = re.sub(r"\s+", " ", result).replace("extern ", "").strip().replace(" *", "*")
        types = [argument_type(argument) for argument in arguments.split(",")]
        found.setdefault(name, []).append((re.sub(r"^.*[;}] *", "", result), [t for t in types if t]))
    return found


def members(kind, body):
    if kind == "enum":
        return [re.split(r"[= ]", part.strip())[0] for part in body.split(",") if part.strip()]
    return re.findall(r"(\w+)\s*(?:\[[^\]]*\])?\s*(?::\s*\d+)?;", body)


def in_order(wanted, body):
    at = -1
    for name in wanted:
        places = [match.start() for match in re.finditer(rf"\b{name}\b", body) if match.start() > at]
        if not places:
            return name
        at = places[0]
    return None


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    headers = [path for path in pathlib.Path(sys.argv[1], "components").rglob("*.h") if "test" not in path.parts]
    headers += pathlib.Path(sys.argv[2], "include").glob("*.h")
    real = bare("\n".join(path.read_text(errors="replace") for path in headers))
    real_prototypes = prototypes(real)
    real_types = {}
    for _, body, name in TYPEDEF.findall(real):
        real_types.setdefault(name, []).append(body)
    compared = 0
    failures = []
    for path in sorted(DECLARED.rglob("*.h")):
        if path.name in NOT_COMPARED:
            continue
        text = bare(path.read_text())
        for name, [own] in prototypes(text).items():
            compared += 1
            if name not in SAME and own not in real_prototypes.get(name, []):
                failures.append(f"{path.name}: {name}: ours {own}, theirs {real_prototypes.get(name)}")
        for kind, body, name in TYPEDEF.findall(text):
            bodies = real_types.get(name)
            if bodies is None or name == "wifi_init_config_t":
                continue  # a typedef of another form, or made by a macro of the SDK
            compared += 1
            missing = [in_order(members(kind, body), real_body) for real_body in bodies]
            if all(missing):
                failures.append(f"{path.name}: {name}: {missing[0]} is missing or in another place")
    for failure in failures:
        print(f"FAILED: {failure}", file=sys.stderr)
    print(f"esp_decl: {compared - len(failures)} passed, {len(failures)} failed")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
