#!/bin/sh
# Fuzz every target for some seconds: native/fuzz/run.sh SECONDS_PER_TARGET [TARGET...]
#
# Ends with 1 when a target crashed, after it has run the others. The input that crashed it
# is then in artifacts/fuzz/TARGET/, and how to run it again is printed. New inputs that
# reach new code stay in native/fuzz/target/corpus/TARGET/; the few committed ones are in
# native/fuzz/corpus/TARGET/.
set -eu

seconds=${1:?usage: run.sh SECONDS_PER_TARGET [TARGET...]}
shift
cd "$(dirname "$0")"
artifacts=$(cd ../.. && pwd)/artifacts/fuzz

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
    cargo build --quiet --locked --release --target "$triple" --bins

failed=
targets=${*:-$(ls targets | sed 's/\.rs$//')}
for target in $targets; do
    mkdir -p "target/corpus/$target" "$artifacts/$target" "corpus/$target"
    echo "fuzz: $target for $seconds s"
    log="target/corpus/$target.log"
    program="native/fuzz/target/$triple/release/$target"
    if "../../$program" -max_total_time="$seconds" -max_len=8192 -timeout=30 \
        -rss_limit_mb=1024 -print_final_stats=1 -artifact_prefix="$artifacts/$target/" \
        "target/corpus/$target" "corpus/$target" >"$log" 2>&1; then
        grep -E "stat::(number_of_executed_units|new_units_added)" "$log" | sed 's/^/  /'
        grep -o "cov: [0-9]*" "$log" | tail -n 1 | sed 's/^/  /'
    else
        failed="$failed $target"
        grep -vE '^(#|"|INFO)' "$log" | tail -n 40
        input=$(ls -t "$artifacts/$target" | head -n 1)
        echo "fuzz: $target crashed. Run it again:" >&2
        echo "    $program artifacts/fuzz/$target/$input" >&2
    fi
done
if [ -n "$failed" ]; then
    echo "fuzz: crashed:$failed" >&2
    exit 1
fi
