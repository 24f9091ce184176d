#!/bin/sh
# Flux's Rust part treats warnings as errors, and newer compilers know more of them. Cargo calls this as RUSTC_WRAPPER.
compiler=$1
shift
exec "$compiler" "$@" --cap-lints allow
