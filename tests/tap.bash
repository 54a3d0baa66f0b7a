# tap.bash: a bats file run in a session of its own, bounded, and ended whole. For tests/run and tests/grade.
#
#   tap_start FILE DIR SECONDS [OPTION]...   starts bats on FILE; DIR gets its output: tap, err. Sets $tap_pid
#   tap_ended DIR                has it ended? Past its time it is ended here, and DIR/late exists
#   tap_kill DIR                 ends it, and everything that its tests have started
#
# The bound is one for the whole file, and generous: a test's own waits are bounded in helper.bash.

# As root each has a network of its own: no port, no row of netstat and no counter in it is another file's.
tap_within=(unshare --net -- bash -c 'ip link set lo up && exec "$@"' bash) # sh would lose exported functions
[ "$EUID" -eq 0 ] && "${tap_within[@]}" true 2>/dev/null || tap_within=()

tap_root=$(cd "${BASH_SOURCE[0]%/*}/.." && pwd)

tap_start() {
    local seconds
    seconds=$(LC_ALL=C awk -v s="$3" -v scale="${NETSTEP_TIMEOUT_SCALE:-1}" 'BEGIN { printf "%d", s * (scale < 1 ? 1 : scale) }')
    : >"$2/tap" # it is read from now on
    mkdir -p "$2/tmp" # bats can't clear up when it is killed; whoever owns DIR does
    (
        unset "${!BATS_@}" # where bats itself started us
        # A grader's test may run a grader: the mark is a list.
        NETSTEP_RUN=${NETSTEP_RUN:-}:$2/ TMPDIR=$2/tmp exec "$tap_root/build/tests/tools/launch" "${tap_within[@]}" bats --formatter tap "${@:4}" "$1"
    ) </dev/null >>"$2/tap" 2>"$2/err" 3>&- &
    tap_pid=$!
    echo "$tap_pid $((SECONDS + seconds))" >"$2/process"
}

tap_ended() {
    local pid end stat
    read -r pid end <"$1/process"
    # A zombie has ended too; the shell will have its status.
    if { read -r stat <"/proc/$pid/stat"; } 2>/dev/null && [[ ${stat##*) } != [ZX]* ]]; then
        ((SECONDS >= end)) || return 1
        : >"$1/late"
    fi
    tap_kill "$1"
}

# The session of bats, then whatever carries its mark: programs under test have sessions of their own.
tap_kill() {
    local pid
    [ -s "$1/process" ] || return 0
    read -r pid _ <"$1/process"
    # It may have been forked only now, and have no session of its own yet.
    [[ " $(jobs -pr | tr '\n' ' ')" != *" $pid "* ]] || kill -KILL "$pid" 2>/dev/null || true
    "$tap_root/build/tests/tools/marked" -k -p ":$1/" "$pid"
    { wait "$pid"; } 2>/dev/null || true
    rm -f "$1/process"
}
