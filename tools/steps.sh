# Sourced by tools/check and tools/test: run every step, then say how each ended.
# A step that fails does not hide the ones after it.

step_lines=()
steps_failed=0

step() { # step NAME COMMAND...
    local name=$1 started=$SECONDS outcome=ok
    shift
    printf '\n== %s: %s\n' "$name" "$*"
    if ! "$@"; then
        outcome=FAILED
        steps_failed=$((steps_failed + 1))
    fi
    step_lines+=("$(printf '%-8s %-22s %4d s' "$outcome" "$name" $((SECONDS - started)))")
}

finish() { # finish TITLE
    printf '\n== %s\n' "$1"
    printf '%s\n' "${step_lines[@]}"
    if ((steps_failed)); then
        printf '%d of %d steps failed\n' "$steps_failed" "${#step_lines[@]}"
        return 1
    fi
    printf 'all %d steps passed\n' "${#step_lines[@]}"
}

inside() { # inside FOLDER COMMAND...
    (cd "$1" && shift && "$@")
}
