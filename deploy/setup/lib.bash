# What the set-up scripts share. Sourced, never run.
# shellcheck shell=bash

set -euo pipefail

# Programs of the administrator (dockerd) are not on everybody's PATH.
PATH="$PATH:/usr/sbin:/sbin"

SETUP=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck disable=SC2034  # read by the scripts that source this
ROOT=$(cd "$SETUP/../.." && pwd)
# What is worth keeping between clones: programs, the base image. `slipway up` looks here too. As root it
# starts programs under accounts that cannot enter /root.
# shellcheck disable=SC2034
if [ "$(id -u)" = 0 ]; then CACHE=/var/cache/slipway; else CACHE="${XDG_CACHE_HOME:-$HOME/.cache}/slipway"; fi

say() { printf 'setup: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }
as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

# A port nobody is likely to hold: below the range that the kernel hands to outgoing connections.
random_port() { echo $((20000 + RANDOM % 12000)); }

# gone PID: whether that process has ended, even if nobody has collected its exit status yet.
gone() { [ ! -e "/proc/$1" ] || grep -q '^State:[[:space:]]*Z' "/proc/$1/status" 2>/dev/null; }

# alive PIDFILE: whether the process whose id the file holds still runs.
alive() { [ -s "$1" ] && ! gone "$(head -n 1 "$1")"; }

# await SECONDS COMMAND...: run it until it succeeds.
await() {
    local deadline=$((SECONDS + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        [ "$SECONDS" -lt "$deadline" ] || return 1
        sleep 0.05
    done
}

# end PIDFILE [SIGNAL]: stop that one process and wait for it.
end() {
    local pid
    alive "$1" || { rm -f "$1"; return 0; }
    pid=$(head -n 1 "$1")
    as_root kill "-${2:-TERM}" "$pid" 2>/dev/null || true
    await 30 gone "$pid" || { say "process $pid does not stop; killing it"; as_root kill -KILL "$pid" || true; }
    rm -f "$1"
}
