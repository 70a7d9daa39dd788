# Sourced by tools/test: parts that run beside each other, each with a log of its own.

declare -A lanes
LANES_NICE=0

lane() { # lane NAME COMMAND...
    local name=$1
    shift
    # In a session of its own, where a terminal's Ctrl-C does not come by itself. What is started
    # in the background would ignore the one that `end_lanes` hands on.
    setsid nice -n "$LANES_NICE" env --default-signal=INT "$@" >"artifacts/$name.log" 2>&1 </dev/null &
    lanes[$name]=$!
}

# What is given to a lane that takes only what the others leave. Where the kernel shares the cores
# among sessions first (sched_autogroup), a session has to say itself that it is the least; within
# one the idle scheduling class never makes others wait.
LAST=(bash -c '{ echo 19 >/proc/self/autogroup; } 2>/dev/null
chrt --idle --pid 0 $$ 2>/dev/null || renice -n 19 $$ >/dev/null
exec "$@"' last)

joined() { # joined NAME...: wait for these lanes, show what they said, fail if one has failed
    local name status=0
    for name in "$@"; do
        wait "${lanes[$name]}" || status=1
        unset "lanes[$name]"
        printf '\n== %s (artifacts/%s.log)\n' "$name" "$name"
        cat "artifacts/$name.log"
    done
    return "$status"
}

end_lanes() { # end what still runs: as by Ctrl-C, and after ten seconds whatever is left
    local pid tenths=100
    for pid in "${lanes[@]}"; do
        kill -INT "$pid" 2>/dev/null
    done
    for pid in "${lanes[@]}"; do
        while ((tenths-- > 0)) && kill -0 "$pid" 2>/dev/null; do
            sleep 0.1
        done
        kill -KILL -- "-$pid" 2>/dev/null
    done
}
