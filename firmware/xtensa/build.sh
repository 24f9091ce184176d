#!/bin/sh
# Compiles the core for Xtensa, runs its tests in QEMU and writes what it costs in flash and RAM to build/xtensa/size.txt.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
firmware=$(dirname "$here")
out=${1:-$firmware/build/xtensa}
mkdir -p "$out"
cxx=xtensa-lx106-elf-g++
newlib=$(ls -d /usr/include/newlib/c++/*/ | tail -1)
# Debian has no C++ library for this core; the headers of another newlib target serve, as they are the same code.
flags="-std=c++20 -Os -ffunction-sections -fdata-sections -fno-exceptions -fno-rtti -fno-threadsafe-statics -mtext-section-literals
  -D_GLIBCXX_EXTERN_TEMPLATE=0 -Wall -Wextra -Werror -Wno-psabi
  -isystem $newlib -isystem ${newlib}arm-none-eabi -isystem /usr/lib/xtensa-lx106-elf/include"

# shellcheck disable=SC2086,SC2116
flags=$(echo $flags)

compile() { # SOURCES... -> objects in $out, named by path
  for source in "$@"; do
    object=$out/$(echo "${source#"$firmware"/}" | tr / _).o
    echo "$object: $source"
    echo "	@$cxx $flags -I$here -I$firmware/core -I$firmware/test -MMD -MP -c $source -o $object"
  done
}

core=$(ls "$firmware"/core/*.cpp "$firmware"/core/sensors/*.cpp)
# Everything but what needs real signatures (PSA) or a host's clock.
tests=$(ls "$firmware"/test/*_test.cpp | grep -v -e ota_test -e day_test -e host_)
support="$here/runtime.cpp $here/sim.cpp $here/runner.cpp $here/psa_crypto.cpp $here/arithmetic.cpp $here/footprint.cpp"
# shellcheck disable=SC2086
compile $core $tests $support > "$out/rules.mk"
objects=$(sed -n 's/^\([^	]*\): .*/\1/p' "$out/rules.mk" | tr '\n' ' ')
{ echo "all: $objects"; cat "$out/rules.mk"; echo "-include $out/*.d"; } > "$out/Makefile"
make -s -j"${JOBS:-2}" -f "$out/Makefile" all

tests_objects=$(echo "$objects" | tr ' ' '\n' | grep -v footprint | tr '\n' ' ')
core_objects=$(echo "$objects" | tr ' ' '\n' | grep /core_ | tr '\n' ' ')
# shellcheck disable=SC2086
$cxx -mtext-section-literals -nostdlib -Wl,--no-warn-rwx-segments -T "$here/sim.ld" -Wl,--gc-sections,-Map="$out/tests.map" "$here/start.S" $tests_objects -L/usr/lib/xtensa-lx106-elf/lib -Wl,--start-group -lc -lm -lgcc -Wl,--end-group \
  -o "$out/tests.elf"
# One board, nothing else: what the linker keeps is what the core costs.
# shellcheck disable=SC2086
$cxx -mtext-section-literals -nostdlib -Wl,--no-warn-rwx-segments -T "$here/sim.ld" -Wl,--gc-sections,-Map="$out/core.map" "$here/start.S" \
  "$out/xtensa_footprint.cpp.o" "$out/xtensa_arithmetic.cpp.o" $core_objects -L/usr/lib/xtensa-lx106-elf/lib -Wl,--start-group -lc -lgcc -Wl,--end-group -Wl,--defsym=begin=footprint -o "$out/core.elf"
python3 "$here/size_report.py" "$out/core.map" > "$out/size.txt"
cat "$out/size.txt"
timeout 120 qemu-system-xtensa -M sim -cpu lx106 -m 64M -semihosting -nographic -monitor none -kernel "$out/tests.elf" < /dev/null
