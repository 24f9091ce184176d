#!/bin/bash
# All tests of the guard plugin: unit tests under ASan and UBSan, a fixed fuzz
# budget for each parser, and the integration tests on Debian's Mosquitto, with
# the plugin as shipped and with the sanitized one. Closes with one line:
#   N passed, N failed
#
# As root it installs what it needs from Debian. EGIZ_GUARD_BUILD names another
# build directory, EGIZ_MOSQUITTO another broker (2.1, say).
set -u
here=$(cd "$(dirname "$0")" && pwd)
plugin=$(dirname "$here")
build=${EGIZ_GUARD_BUILD:-$plugin/build}
python=/usr/bin/python3
fuzz_runs=60000
packages="mosquitto mosquitto-dev libmosquitto-dev libssl-dev openssl cmake make gcc libc6-dev clang libclang-rt-dev python3"

say() { printf '== %s\n' "$*"; }

install_packages() {
    local missing="" package
    for package in $packages; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q '^install ok installed' ||
            missing="$missing $package"
    done
    [ -z "$missing" ] && return 0
    if [ "$(id -u)" -ne 0 ]; then
        say "missing:$missing"
        say "run as root: apt-get install --no-install-recommends$missing"
        return 1
    fi
    say "installing$missing"
    # Package lists may be missing or old: then once more with new ones.
    DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=120 install -qq -y --no-install-recommends $missing >/dev/null 2>&1 ||
        { apt-get update -qq && DEBIAN_FRONTEND=noninteractive \
            apt-get -o DPkg::Lock::Timeout=120 install -qq -y --no-install-recommends $missing >/dev/null; }
}

build_one() { # DIRECTORY TARGET CMAKE-ARGUMENTS...
    local dir=$build/$1 target=$2
    shift 2
    mkdir -p "$dir" &&
        cmake -S "$plugin" -B "$dir" "$@" >"$dir/cmake.log" 2>&1 &&
        nice -n 5 cmake --build "$dir" --parallel 2 --target $target >"$dir/make.log" 2>&1 && return 0
    tail -n 30 "$dir/cmake.log" "$dir/make.log" 2>/dev/null
    return 1
}

build_all() {
    say "building"
    build_one release "egiz_guard" &&
        build_one sanitized "egiz_guard guard_unit" -DGUARD_SANITIZE=ON -DGUARD_TESTS=ON \
            -DCMAKE_BUILD_TYPE=Debug &&
        build_one fuzz "fuzz_acl fuzz_accounts fuzz_topic fuzz_line" -DCMAKE_C_COMPILER=clang \
            -DGUARD_FUZZ=ON -DCMAKE_BUILD_TYPE=Debug
}

passed=0
failed=0
count() { # a log with a line "NAME: N passed, N failed" at its end
    local line
    line=$(grep -E '^[a-z]+: [0-9]+ passed, [0-9]+ failed$' "$1" | tail -n 1)
    if [ -z "$line" ]; then
        say "$1 broke off"
        tail -n 40 "$1"
        failed=$((failed + 1))
        return
    fi
    # Not the closing line itself, which must be the only one of its shape.
    say "$(echo "$line" | sed 's/, / and /')"
    line=${line#*: }
    passed=$((passed + ${line%% *}))
    line=${line##*, }
    failed=$((failed + ${line%% *}))
}

run_unit() {
    "$build/sanitized/test/unit/guard_unit" >"$build/unit.log" 2>&1
    # A leak is found after the last test.
    [ $? -eq 0 ] || grep -q 'FAIL' "$build/unit.log" || sed -i '/^unit:/d' "$build/unit.log"
    grep -A 20 -E 'FAIL|ERROR: ' "$build/unit.log"
    count "$build/unit.log"
}

run_fuzz() {
    local target ok=0 bad=0
    for target in acl accounts topic line; do
        mkdir -p "$build/found/$target"
        if nice -n 5 "$build/fuzz/test/fuzz/fuzz_$target" -runs=$fuzz_runs -max_len=2048 -seed=1 \
            -max_total_time=30 -artifact_prefix="$build/found/$target-" \
            "$build/found/$target" "$here/fuzz/corpus/$target" >"$build/fuzz_$target.log" 2>&1; then
            ok=$((ok + 1))
        else
            tail -n 30 "$build/fuzz_$target.log"
            bad=$((bad + 1))
        fi
    done
    echo "fuzz: $ok passed, $bad failed" >"$build/fuzz.log"
}

library() { realpath "$(gcc -print-file-name="$1")"; }

run_integration() { # NAME PLUGIN PRELOAD
    EGIZ_GUARD_PLUGIN=$2 EGIZ_PRELOAD=$3 ASAN_OPTIONS=detect_leaks=0 \
        "$python" "$here/integration/run.py" "$1" >"$build/$1.log" 2>&1
}

main() {
    install_packages && mkdir -p "$build" && build_all || { echo "0 passed, 1 failed"; exit 1; }
    say "unit tests"
    run_unit
    say "fuzzing, and integration tests on $(mosquitto -h | head -n 1)"
    run_integration shipped "$build/release/egiz_guard.so" "" &
    local shipped=$!
    run_integration sanitized "$build/sanitized/egiz_guard.so" "$(library libasan.so):$(library libubsan.so)" &
    local sanitized=$!
    run_fuzz
    count "$build/fuzz.log"
    wait $shipped $sanitized
    local name
    for name in shipped sanitized; do
        sed -n '/^===/,$p' "$build/$name.log" | head -n 100
        count "$build/$name.log"
    done
    echo "$passed passed, $failed failed"
    [ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
}

main
