#!/usr/bin/env bash
# Runs Bazel from the Debian root folder beside this script, in the current directory.
#
#   bazel7 ARGS...   what `bazel ARGS...` does, on the machine's own files and network
#   bazel7 --stop    ends the Bazel servers that were left running, and with them the mounts
#
# Every top-level folder of the machine that is no part of an operating system (/home, /root, /tmp, /work, …) is
# seen at its own path. The mounts live in a namespace that a sleeping process keeps: a Bazel server can only be
# reached again from the namespace that it was started in.
set -euo pipefail

# A test may run this with next to no PATH, and the administrator's programs are used here.
path=${PATH:-}
PATH=${PATH:+$PATH:}/usr/sbin:/usr/bin:/sbin:/bin
self=$(realpath "$0")
name=${self##*/}
home=${self%/bin/*}
root=$home/root
keeper_file=$home/keeper

fail() {
    echo "$name: $*" >&2
    exit 1
}

# Prints the process that keeps the mounts, if it still does. Its number may belong to another process by now.
keeper() {
    local pid
    pid=$(cat "$keeper_file" 2>/dev/null) || return 1
    grep -qF " $root/proc " "/proc/$pid/mountinfo" 2>/dev/null || return 1
    echo "$pid"
}

start_keeper() {
    local pid
    pid=$(ROOT=$root setsid unshare --mount bash -euc '
        mount --rbind /proc "$ROOT/proc"
        mount --rbind /dev "$ROOT/dev"
        for file in /etc/hosts /etc/resolv.conf; do
            [ -e "$file" ] || continue
            touch "$ROOT$file"
            mount --bind "$file" "$ROOT$file"
        done
        for folder in /*; do
            [ -d "$folder" ] && [ ! -L "$folder" ] || continue
            case $folder in
            /bin | /boot | /dev | /etc | /lib* | /lost+found | /proc | /run | /sbin | /sys | /usr | /var) continue ;;
            esac
            mkdir -p "$ROOT$folder"
            mount --rbind "$folder" "$ROOT$folder"
        done
        echo $$
        exec sleep infinity >/dev/null 2>&1' </dev/null 2>"$home/keeper.log" 9>&- &) || true
    [ -n "$pid" ] || fail "cannot mount the machine's folders: $(tail -n 1 "$home/keeper.log")"
    echo "$pid" >"$keeper_file"
}

stop() {
    local pid space process
    pid=$(keeper) || return 0
    space=$(readlink "/proc/$pid/ns/mnt")
    for process in /proc/[0-9]*; do
        process=${process#/proc/}
        [ "$process" != "$pid" ] && [ "$(readlink "/proc/$process/ns/mnt" 2>/dev/null)" = "$space" ] || continue
        kill "$process" 2>/dev/null || true
    done
    kill "$pid"
    rm -f "$keeper_file"
}

[ "$(id -u)" = 0 ] || fail "needs root: it mounts the machine's folders into $root"

# Callers that arrive together must not start two keepers. The lock is gone before Bazel starts.
exec 9>"$home/keeper.lock"
flock 9
if [ "${1:-}" = --stop ]; then
    stop
    exit
fi
keeper >/dev/null || start_keeper
pid=$(keeper) || fail "the process that keeps the mounts has ended: $(tail -n 1 "$home/keeper.log")"
exec 9>&-

directory=$(pwd -P)
nsenter --target "$pid" --mount test -d "$root$directory" ||
    fail "cannot see $directory from its root folder (a new top-level folder is seen after \`$name --stop\`)"
# The machine's JDK is not in the root; the other tools of `cargo xtask tools` are, for `bazel mod tidy`. By its whole
# name, because a `bazel` on the caller's PATH may be this script.
exec nsenter --target "$pid" --mount chroot "$root" env --unset=JAVA_HOME --chdir="$directory" \
    PATH="${home%/*}/bin:${path:+$path:}/usr/sbin:/usr/bin:/sbin:/bin" /usr/bin/bazel "$@"
