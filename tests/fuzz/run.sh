#!/bin/sh
# Fuzz every Python target for some seconds: tests/fuzz/run.sh SECONDS_PER_TARGET [TARGET...]
#
# As native/fuzz/run.sh: all targets are run, the input that crashed one is in
# artifacts/fuzz/TARGET/, new inputs are kept in .cache/fuzz/TARGET/ and the few committed
# ones are in tests/fuzz/corpus/TARGET/.
set -eu

seconds=${1:?usage: run.sh SECONDS_PER_TARGET [TARGET...]}
shift
cd "$(dirname "$0")/../.."
python=.venv/bin/python

failed=
targets=${*:-$(ls tests/fuzz/corpus)}
for target in $targets; do
    corpus=.cache/fuzz/$target
    artifacts=artifacts/fuzz/$target
    mkdir -p "$corpus" "$artifacts"
    echo "fuzz: $target for $seconds s"
    log=.cache/fuzz/$target.log
    # Once in a long while the interpreter dies of its own end, after libFuzzer's "Done": that
    # says nothing about the target.
    if "$python" -m tests.fuzz "$target" -max_total_time="$seconds" -max_len=4096 -timeout=60 \
        -rss_limit_mb=1024 -print_final_stats=1 -artifact_prefix="$artifacts/" \
        "$corpus" "tests/fuzz/corpus/$target" >"$log" 2>&1 \
        || grep -qE "^Done [0-9]+ runs in" "$log"; then
        grep -E "stat::(number_of_executed_units|new_units_added)" "$log" | sed 's/^/  /'
        grep -o "cov: [0-9]*" "$log" | tail -n 1 | sed 's/^/  /'
    else
        failed="$failed $target"
        grep -vE '^(#|INFO)' "$log" | tail -n 60
        input=$(ls -t "$artifacts" | head -n 1)
        echo "fuzz: $target crashed. Run it again:" >&2
        echo "    $python -m tests.fuzz $target $artifacts/$input" >&2
    fi
done
if [ -n "$failed" ]; then
    echo "fuzz: crashed:$failed" >&2
    exit 1
fi
