#!/bin/sh
# Everything that is known about the firmware without a board: builds, runs every test, prints one closing line.
#
#   firmware/test/run.sh            all of it; about six minutes on two cores
#   FUZZ_SECONDS=60 .../run.sh      a longer budget for each fuzzer (default 6)
#
# Two lanes run side by side, as the end-to-end tests mostly wait. Each step writes its log to build/logs and its count
# to build/logs/counts. Nothing is skipped: what is missing fails.
set -u
firmware=$(cd "$(dirname "$0")/.." && pwd)
logs=$firmware/build/logs
python=${PYTHON:-/usr/bin/python3}
FUZZ_SECONDS=${FUZZ_SECONDS:-6}
packages="g++ cmake ninja-build make clang libgtest-dev libmosquitto-dev libmbedtls-dev libcurl4-openssl-dev nlohmann-json3-dev
  mosquitto openssl python3 python3-pytest python3-pytest-xdist python3-jsonschema python3-paho-mqtt
  gcc-xtensa-lx106 picolibc-xtensa-lx106-elf libstdc++-arm-none-eabi-dev qemu-system-misc"

# Two runs in one checkout would build into each other.
mkdir -p "$firmware/build"
exec 9> "$firmware/build/run.lock"
flock -n 9 || { echo "waiting for another run in this checkout" >&2; flock 9; }

rm -rf "$logs"
mkdir -p "$logs"
: > "$logs/counts"

install_packages() {
  # shellcheck disable=SC2086
  missing=$(for p in $packages; do dpkg-query -W -f '${db:Status-Status}\n' "$p" 2>/dev/null | grep -qx installed || echo "$p"; done)
  [ -z "$missing" ] && return 0
  if [ "$(id -u)" != 0 ]; then
    echo "missing Debian packages; as root: apt-get install" $missing >&2
    return 1
  fi
  echo "installing:" $missing
  # Another package run on the same machine may hold the lock or fail half way; both pass.
  for attempt in 1 2 3; do
    apt-get update -qq > "$logs/apt.log" 2>&1
    # shellcheck disable=SC2086
    DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 install -y -qq --no-install-recommends $missing >> "$logs/apt.log" 2>&1 && return 0
    sleep $((attempt * 5))
  done
  echo "apt-get could not install:" $missing >&2
  tail -5 "$logs/apt.log" >&2
  return 1
}

# count NAME PASSED FAILED
count() {
  printf '%s %s %s\n' "$1" "$2" "$3" >> "$logs/counts"
  printf '%-28s %s passed, %s failed\n' "$1" "$2" "$3"
  [ "$3" = 0 ] || { echo "--- $1, from its log:"; tail -40 "$logs/$1.log"; }
}

# step NAME COMMAND...: one pass or one failure by exit code.
step() {
  name=$1
  shift
  if "$@" > "$logs/$name.log" 2>&1; then count "$name" 1 0; else count "$name" 0 1; fi
}

# counted NAME PASSED-PATTERN FAILED-PATTERN COMMAND...: the numbers come from the runner's own closing lines; a runner
# that ends without one, or without a test, has failed.
counted() {
  name=$1
  passed_pattern=$2
  failed_pattern=$3
  shift 3
  "$@" > "$logs/$name.log" 2>&1
  code=$?
  passed=$(sed -nE "s/$passed_pattern/\\1/p" "$logs/$name.log" | tail -1)
  failed=$(sed -nE "s/$failed_pattern/\\1/p" "$logs/$name.log" | tail -1)
  passed=${passed:-0}
  failed=${failed:-0}
  if [ "$code" != 0 ] && [ "$failed" = 0 ]; then failed=1; fi
  if [ "$passed" = 0 ] && [ "$failed" = 0 ]; then failed=1; fi
  count "$name" "$passed" "$failed"
}

build() { # FOLDER TARGETS... -- CMAKE-OPTIONS...
  folder=$1
  shift
  targets=""
  while [ "$1" != -- ]; do
    targets="$targets $1"
    shift
  done
  shift
  cmake -S "$firmware" -B "$firmware/build/$folder" -G Ninja "$@" || return 1
  # shellcheck disable=SC2086
  ninja -j 2 -C "$firmware/build/$folder" $targets
}

fuzz() { # one fuzzer: the kept corpus, then new inputs for the budget
  name=$(basename "$1" .cpp)
  mkdir -p "$firmware/build/fuzz/found/$name" "$firmware/fuzz/corpus/$name"
  step "$name" "$firmware/build/fuzz/$name" -max_total_time="$FUZZ_SECONDS" -timeout=10 -rss_limit_mb=1024 -print_final_stats=1 \
    -artifact_prefix="$logs/$name-" "$firmware/build/fuzz/found/$name" "$firmware/fuzz/corpus/$name"
}

gtest_passed='^\[  PASSED  \] ([0-9]+) tests?\.$'
gtest_failed='^\[  FAILED  \] ([0-9]+) tests?, .*$'
plain_passed='^([0-9]+) passed, [0-9]+ failed$'
plain_failed='^[0-9]+ passed, ([0-9]+) failed$'

lane_host() {
  step build-sanitized build asan core_tests virtual-board -- -DEGIZ_SANITIZE=ON -DCMAKE_BUILD_TYPE=Debug
  counted core-tests "$gtest_passed" "$gtest_failed" "$firmware/build/asan/core_tests"
  counted end-to-end "$plain_passed" "$plain_failed" env VIRTUAL_BOARD="$firmware/build/asan/virtual-board" \
    "$python" -m pytest -q -n 4 --maxprocesses 4 -p no:cacheprovider "$firmware/test/e2e"
}

lane_targets() {
  step build-release build release day_test virtual-board -- -DEGIZ_SANITIZE=OFF -DCMAKE_BUILD_TYPE=Release
  counted simulated-day "$gtest_passed" "$gtest_failed" "$firmware/build/release/day_test"
  counted xtensa "$plain_passed" "$plain_failed" "$firmware/xtensa/build.sh" "$firmware/build/xtensa"
  # shellcheck disable=SC2046
  step build-fuzzers build fuzz $(cd "$firmware/fuzz" && ls fuzz_*.cpp | sed 's/\.cpp$//') -- -DCMAKE_CXX_COMPILER=clang++ \
    -DEGIZ_FUZZ=ON -DCMAKE_BUILD_TYPE=RelWithDebInfo
  for source in "$firmware"/fuzz/fuzz_*.cpp; do fuzz "$source"; done
  for script in "$firmware"/test/esp_*.sh; do
    [ -e "$script" ] && step "$(basename "$script" .sh)" sh "$script"
  done
}

if ! install_packages; then
  echo "0 passed, 1 failed"
  exit 1
fi
lane_targets &
other=$!
lane_host
wait "$other"

passed=$(awk '{ n += $2 } END { print n + 0 }' "$logs/counts")
failed=$(awk '{ n += $3 } END { print n + 0 }' "$logs/counts")
echo "$passed passed, $failed failed"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
