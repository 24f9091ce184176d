#!/usr/bin/env python3
"""Checks what the SDK would only say on a board: the partition table, the sdkconfig layers, platformio.ini and the README.

usage: esp_config_check.py        exit code 0 when all checks pass
"""
import configparser
import csv
import pathlib
import re
import sys

from esp_sdkconfig import read_layers

ROOT = pathlib.Path(__file__).resolve().parent.parent
FLASH = 4 * 1024 * 1024
SECTOR = 0x1000
APP_ALIGNMENT = 0x10000
TABLE_END = 0x9000  # bootloader at 0x1000, partition table at 0x8000

failures = []
passed = 0


def check(condition, text):
    global passed
    if condition:
        passed += 1
    else:
        failures.append(text)


def read_partitions():
    rows = []
    with open(ROOT / "partitions.csv", encoding="utf-8") as file:
        for row in csv.reader(line for line in file if line.strip() and not line.startswith("#")):
            name, kind, subtype, offset, size, *flags = [cell.strip() for cell in row]
            rows.append((name, kind, subtype, int(offset, 0), int(size, 0), [flag for flag in flags if flag]))
    return rows


def check_partitions():
    rows = read_partitions()
    by_name = {row[0]: row for row in rows}
    end = TABLE_END
    for name, kind, _, offset, size, _ in rows:
        check(offset >= end, f"{name} begins inside its predecessor")
        check(offset % SECTOR == 0 and size % SECTOR == 0, f"{name} is not made of whole sectors")
        if kind == "app":
            check(offset % APP_ALIGNMENT == 0 and size % APP_ALIGNMENT == 0, f"{name} is not aligned to 64 KB")
        end = offset + size
    check(end <= FLASH, "the table is larger than the flash")
    check(len(by_name) == len(rows), "a name is used twice")
    check(by_name["ota_0"][4] == by_name["ota_1"][4], "an image that fits one slot would not fit the other")
    check("factory" not in [row[2] for row in rows], "a factory slot forbids anti-rollback")
    check(by_name["otadata"][4] == 2 * SECTOR, "otadata must have two sectors: one is always whole")
    for name in ("nvs", "ident"):
        check(by_name[name][4] >= 3 * SECTOR, f"NVS needs three sectors, {name} has fewer")
    # 1,000 records of 64 bytes with one header a sector, and one sector being erased.
    check(by_name["queue"][4] // SECTOR >= 1000 // 63 + 2, "queue is too small for 1,000 records")
    check("encrypted" in by_name["queue"][5], "queue holds measurements in the clear when flash encryption is on")
    used = set(re.findall(r'partition = "(\w+)"', "".join(path.read_text() for path in (ROOT / "src").glob("*.cpp"))))
    used |= set(re.findall(r'SUBTYPE_ANY, "(\w+)"', (ROOT / "src/partition_flash.cpp").read_text()))
    check(used == {"nvs", "ident", "queue"}, f"the code's partitions are {sorted(used)}")
    check(used <= set(by_name), "the code uses a partition that does not exist")


# Option, value, and what would go wrong without it.
COMMON = [
    ("CONFIG_MBEDTLS_SSL_PROTO_TLS1_3", "y", "SEC-1"),
    ("CONFIG_MBEDTLS_HAVE_TIME_DATE", "y", "certificates' validity would be ignored"),
    ("CONFIG_MBEDTLS_SSL_IN_CONTENT_LEN", "16384", "TLS 1.3 cannot agree on smaller records"),
    ("CONFIG_ESP_TLS_INSECURE", "n", "server checks could be switched off"),
    ("CONFIG_MQTT_PROTOCOL_5", "y", "the adapter speaks MQTT 5"),
    ("CONFIG_MQTT_REPORT_DELETED_MESSAGES", "y", "given up messages would never be reported"),
    ("CONFIG_BOOTLOADER_APP_ROLLBACK_ENABLE", "y", "a bad image would stay"),
    ("CONFIG_ESP_TASK_WDT_PANIC", "y", "a hung task would only be logged"),
    ("CONFIG_ESP_TASK_WDT_TIMEOUT_S", "10", "the adapter's own watchdog period"),
    ("CONFIG_ESP_INT_WDT", "y", "a hung interrupt would hang the board"),
    ("CONFIG_ESP_BROWNOUT_DET", "y", "a sagging supply would corrupt the flash"),
    ("CONFIG_PARTITION_TABLE_CUSTOM", "y", "our table"),
    ("CONFIG_PARTITION_TABLE_CUSTOM_FILENAME", '"partitions.csv"', "our table"),
    ("CONFIG_FREERTOS_HZ", "1000", "waits of 1 ms"),
    ("CONFIG_LWIP_SNTP_MAX_SERVERS", "3", "the lease's server and the provisioned one"),
    ("CONFIG_LWIP_DHCP_GET_NTP_SRV", "y", "FR-1.10 without an internet"),
    ("CONFIG_COMPILER_CXX_EXCEPTIONS", "n", "the core has none"),
]
SIGNED = [
    ("CONFIG_SECURE_SIGNED_APPS_NO_SECURE_BOOT", "y", "SEC-8"),
    ("CONFIG_SECURE_SIGNED_APPS_ECDSA_SCHEME", "y", "the only one every ESP32 revision knows"),
    ("CONFIG_SECURE_SIGNED_ON_UPDATE_NO_SECURE_BOOT", "y", "SEC-8"),
]
PRODUCTION = [
    ("CONFIG_SECURE_FLASH_ENC_ENABLED", "y", "keys and passwords could be read from the flash"),
    ("CONFIG_NVS_ENCRYPTION", "y", "keys and passwords could be read from the flash"),
    ("CONFIG_BOOTLOADER_APP_ANTI_ROLLBACK", "y", "an old image could be put back by cable"),
]


def expect(options, wanted, layer):
    for name, value, why in wanted:
        check(options.get(name) == value, f"{layer}: {name}={value} is missing ({why})")


def check_sdkconfig():
    def layers(*names):
        return read_layers([ROOT / name for name in names])

    personal = layers("sdkconfig.defaults")
    enterprise = layers("sdkconfig.defaults", "sdkconfig.enterprise")
    released = layers("sdkconfig.defaults", "sdkconfig.signed", "sdkconfig.production")
    for layer, options in (("personal", personal), ("enterprise", enterprise), ("released", released)):
        expect(options, COMMON, layer)
    check(personal.get("CONFIG_MBEDTLS_SSL_PROTO_TLS1_2") == "n", "personal: TLS 1.2 is compiled in")
    check(released.get("CONFIG_MBEDTLS_SSL_PROTO_TLS1_2") == "n", "released: TLS 1.2 is compiled in")
    check(personal.get("CONFIG_ESP_WIFI_ENTERPRISE_SUPPORT") == "n", "personal: WPA2-Enterprise without its TLS 1.2")
    check(enterprise.get("CONFIG_ESP_WIFI_ENTERPRISE_SUPPORT") == "y", "enterprise: FR-1.1")
    check(enterprise.get("CONFIG_MBEDTLS_SSL_PROTO_TLS1_2") == "y", "enterprise: the supplicant needs TLS 1.2")
    expect(released, SIGNED, "released")
    expect(released, PRODUCTION, "released")
    # Where 1.2 is in the image, the adapter must force 1.3 on both of its kinds of connection.
    session = (ROOT / "src/mqtt_session.cpp").read_text()
    check("esp_transport_ssl_set_tls_version(transport, ESP_TLS_VER_TLS_1_3)" in session, "MQTT does not force TLS 1.3")
    check("ESP_HTTP_CLIENT_TLS_VER_TLS_1_3" in (ROOT / "src/https_download.cpp").read_text(), "updates do not force TLS 1.3")


def check_platformio():
    ini = configparser.ConfigParser(interpolation=None)
    ini.read(ROOT / "platformio.ini")
    environments = {name[4:] for name in ini.sections() if name.startswith("env:")}
    kinds = {"electrical", "electrical_atm90e32", "thermal", "environmental"}
    check(environments == kinds | {f"{kind}_enterprise" for kind in kinds} | {"native"}, f"environments: {environments}")
    check(re.search(r"@\d+\.\d+\.\d+$", ini["board"]["platform"]) is not None, "the platform is not pinned")
    manifest = (ROOT / "src/idf_component.yml").read_text()
    check('espressif/mqtt: "==' in manifest, "the MQTT component is not pinned")
    chosen = set(re.findall(r"-D(EGIZ_SENSOR_\w+)", (ROOT / "platformio.ini").read_text()))
    known = set(re.findall(r"EGIZ_SENSOR_\w+", (ROOT / "src/sensor_source.cpp").read_text()))
    check(chosen == known, f"platformio.ini builds {sorted(chosen)}, the code knows {sorted(known)}")
    for kind in environments - {"native"}:
        section = f"env:{kind}"
        layer = "enterprise" if kind.endswith("_enterprise") else "personal"
        check(ini[section]["extends"] == f"board, {layer}", f"{kind} is not built with the {layer} layer")
    for script in re.findall(r"pre:(\S+)", ini["board"]["extra_scripts"]):
        check((ROOT / script).exists(), f"{script} does not exist")


def check_readme():
    readme = (ROOT / "README.md").read_text()
    pins = (ROOT / "src/pins.hpp").read_text()
    for name, number in re.findall(r"constexpr int (\w+) = (\d+);", pins):
        if name != "setpoint_adc_channel":
            check(f"GPIO {number}" in readme, f"README does not show GPIO {number} ({name})")
    for number in re.search(r"zone_select = \{([^}]*)\}", pins).group(1).split(","):
        check(f"GPIO {number.strip()}" in readme, f"README does not show GPIO {number.strip()} (zone select)")
    for key in re.findall(r'\{"(\w+)", "', (ROOT / "src/provision_form.cpp").read_text()):
        check(f"`{key}`" in readme, f"README does not explain the identity's {key}")
    states = re.findall(r"^    (\w+),", re.search(r"enum class PanelState.*?\};", (ROOT / "src/led_pattern.hpp").read_text(), re.S).group(0), re.M)
    for state in states:
        check(f"`{state}`" in readme, f"README does not explain the LED of {state}")


def main():
    check_partitions()
    check_sdkconfig()
    check_platformio()
    check_readme()
    for failure in failures:
        print(f"FAILED: {failure}", file=sys.stderr)
    print(f"esp_config: {passed} passed, {len(failures)} failed")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
