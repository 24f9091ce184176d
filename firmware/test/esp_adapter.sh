#!/bin/sh
# Runs the adapter's own logic on this machine against simulations of the SDK (test/esp_fakes), with address and
# undefined behaviour sanitizers, then the threaded half again with the thread sanitizer. Needs g++ and libgtest-dev.
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# A key of its own, so that the path from PEM to compiled-in key is tested too.
mkdir -p "$work/project/keys" "$work/project/scripts"
cp "$here/scripts/build_info.py" "$work/project/scripts/"
cp "$here/version.txt" "$work/project/"
openssl ecparam -name prime256v1 -genkey -noout -out "$work/check.key.pem"
openssl ec -in "$work/check.key.pem" -pubout -out "$work/project/keys/check.pub.pem" 2>/dev/null
python3 "$work/project/scripts/build_info.py" "$work/generated"

warnings="-Wall -Wextra -Wshadow -Wnon-virtual-dtor -Werror"
sources="$here/src/nvs_store.cpp $here/src/identity_store.cpp $here/src/partition_flash.cpp $here/src/ota_partitions.cpp
    $here/src/mqtt_link.cpp $here/src/mqtt_session.cpp $here/src/https_download.cpp $here/src/provision_form.cpp
    $here/src/setup_page.cpp $here/core/names.cpp $here/test/esp_fakes/fake_storage.cpp
    $here/test/esp_fakes/fake_rtos.cpp $here/test/esp_fakes/fake_network.cpp"

build() { # layer, output, sanitizer, checks
    layer=$1
    output=$2
    sanitizer=$3
    shift 3
    # shellcheck disable=SC2086
    nice -n 5 g++ -std=c++20 -g1 -O0 $warnings -fsanitize="$sanitizer" -fno-sanitize-recover=all -I"$work/$layer" \
        -I"$work/generated" -I"$here/esp_decl" -I"$here/core" -I"$here/src" -I"$here/test" $sources "$@" \
        -o "$work/$output" -lgtest -lgtest_main -lpthread
}

mkdir -p "$work/personal" "$work/enterprise"
python3 "$here/test/esp_sdkconfig.py" "$here/sdkconfig.defaults" >"$work/personal/sdkconfig.h"
python3 "$here/test/esp_sdkconfig.py" "$here/sdkconfig.defaults" "$here/sdkconfig.enterprise" >"$work/enterprise/sdkconfig.h"

build personal all address,undefined "$here/test/esp_storage_check.cpp" "$here/test/esp_link_check.cpp" \
    "$here/test/esp_parts_check.cpp"
build enterprise storage address,undefined "$here/test/esp_storage_check.cpp"
build personal threads thread "$here/test/esp_link_check.cpp"

# The tasks run for ever, as on a board: what they hold at the end is no leak.
export ASAN_OPTIONS=detect_leaks=0
for program in all storage threads; do
    "$work/$program" --gtest_brief=1
done
