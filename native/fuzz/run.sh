#!/bin/sh
# Fuzz every target for some seconds: native/fuzz/run.sh SECONDS_PER_TARGET [TARGET...]
#
# Exits non-zero at the first crash; the input that caused it is then in
# native/fuzz/artifacts/TARGET/ and is run again by
#   native/fuzz/target/x86_64-unknown-linux-gnu/release/TARGET artifacts/TARGET/crash-…
# New inputs that reach new code stay in native/fuzz/target/corpus/TARGET/; the few
# committed ones are in native/fuzz/corpus/TARGET/.
set -eu

seconds=${1:?usage: run.sh SECONDS_PER_TARGET [TARGET...]}
shift
cd "$(dirname "$0")"

# What cargo-fuzz passes on a stable toolchain, without AddressSanitizer, which is for
# code with `unsafe` in it; these crates forbid it. An explicit --target keeps the
# instrumentation out of build scripts.
triple=$(rustc -vV | sed -n 's/^host: //p')
passes="-Cpasses=sancov-module"
for argument in -sanitizer-coverage-level=4 -sanitizer-coverage-inline-8bit-counters \
    -sanitizer-coverage-pc-table -sanitizer-coverage-trace-compares; do
    passes="$passes -Cllvm-args=$argument"
done
# One codegen unit: comdat sections of several confuse the coverage tables.
RUSTFLAGS="$passes --cfg fuzzing -Ccodegen-units=1" \
    cargo build --quiet --release --target "$triple" --bins

targets=${*:-$(ls targets | sed 's/\.rs$//')}
for target in $targets; do
    mkdir -p "target/corpus/$target" "artifacts/$target" "corpus/$target"
    echo "fuzz: $target for $seconds s"
    log="target/corpus/$target.log"
    if "target/$triple/release/$target" -max_total_time="$seconds" -max_len=8192 -timeout=10 \
        -rss_limit_mb=1024 -print_final_stats=1 -artifact_prefix="artifacts/$target/" \
        "target/corpus/$target" "corpus/$target" >"$log" 2>&1; then
        grep -E "stat::(number_of_executed_units|new_units_added)" "$log" | sed 's/^/  /'
    else
        tail -n 60 "$log"
        echo "fuzz: $target crashed; see native/fuzz/artifacts/$target/" >&2
        exit 1
    fi
done
