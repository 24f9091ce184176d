#!/bin/sh
# Builds the virtual board, optimised, and prints where it is. Needs (Debian): g++ cmake ninja-build libmosquitto-dev
# libmbedtls-dev libcurl4-openssl-dev nlohmann-json3-dev
set -eu
firmware=$(cd "$(dirname "$0")/.." && pwd)
out=${1:-$firmware/build/release}
cmake -S "$firmware" -B "$out" -G Ninja -DEGIZ_SANITIZE=OFF -DEGIZ_TESTS=OFF -DCMAKE_BUILD_TYPE=Release > /dev/null
ninja -C "$out" virtual-board >&2
echo "$out/virtual-board"
