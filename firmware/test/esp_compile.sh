#!/bin/sh
# Compiles every file of src/ against our declarations of the SDK, once for each sensor and each layer of
# sdkconfig, with the host's compilers. Warnings are errors. Nothing is linked: it checks types, names and warnings.
#
# xtensa-lx106-elf-g++ is used too where it is installed.
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 "$here/scripts/build_info.py" "$work/generated" 2>/dev/null

warnings="-Wall -Wextra -Wshadow -Wnon-virtual-dtor -Werror"
modes="-std=c++20 -fno-exceptions -fno-rtti -fsyntax-only"
includes="-I$here/esp_decl -I$here/core -I$here/src -I$work/generated"

# sdkconfig.h as the SDK's build would make it from the given layers.
sdkconfig() {
    out=$1
    shift
    python3 "$here/test/esp_sdkconfig.py" "$@" >"$out/sdkconfig.h"
}

checked=0
compile() { # compiler label, then its words
    label=$1
    shift
    for file in "$here"/src/*.cpp; do
        if ! nice -n 5 "$@" "$file"; then
            echo "FAILED: $label: $(basename "$file")" >&2
            exit 1
        fi
        checked=$((checked + 1))
    done
}

for layer in personal enterprise; do
    mkdir -p "$work/$layer"
    if [ "$layer" = personal ]; then
        sdkconfig "$work/$layer" "$here/sdkconfig.defaults"
    else
        sdkconfig "$work/$layer" "$here/sdkconfig.defaults" "$here/sdkconfig.enterprise"
    fi
    for sensor in PZEM ATM90E32 THERMAL ENVIRONMENTAL; do
        defines="-DEGIZ_SENSOR_$sensor -DEGIZ_HARDWARE=\"check\""
        for compiler in g++ clang++; do
            command -v "$compiler" >/dev/null || continue
            # Only the file that chooses the sensors differs from one to the next.
            if [ "$sensor" != PZEM ]; then
                # shellcheck disable=SC2086
                nice -n 5 "$compiler" $modes $warnings $includes -I"$work/$layer" $defines "$here/src/sensor_source.cpp"
                checked=$((checked + 1))
            else
                # shellcheck disable=SC2086
                compile "$compiler $layer" "$compiler" $modes $warnings $includes -I"$work/$layer" $defines
            fi
        done
    done
done

# The word size, integer types and promotions of the real target. Its own C++ headers are not in Debian; the ARM ones for
# the same C library are, and nothing is linked.
if command -v xtensa-lx106-elf-g++ >/dev/null; then
    cxx=$(find /usr/include/newlib/c++ -mindepth 1 -maxdepth 1 -type d 2>/dev/null | head -n 1)
    [ -n "$cxx" ] || { echo "install libstdc++-arm-none-eabi-dev and picolibc-xtensa-lx106-elf" >&2; exit 1; }
    # shellcheck disable=SC2086
    compile xtensa xtensa-lx106-elf-g++ $modes $warnings -D_GNU_SOURCE -isystem "$cxx" -isystem "$cxx/arm-none-eabi" \
        $includes -I"$work/personal" -DEGIZ_SENSOR_THERMAL '-DEGIZ_HARDWARE="check"'
fi
echo "esp_compile: $checked passed, 0 failed"
