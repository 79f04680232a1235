# shellcheck shell=bash
# Functions of all scripts: messages on stderr, URLs, free ports, bounded waiting, starting and stopping processes.
# Sourced, never run. The caller has set `set -euo pipefail`.

# shellcheck disable=SC2034
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# The services are the folders of services/.
SERVICES=("$ROOT"/services/*/)
SERVICES=("${SERVICES[@]%/}")
# shellcheck disable=SC2034  # read by the scripts that source this file
SERVICES=("${SERVICES[@]##*/}")
# shellcheck disable=SC2034
TOOLS=${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/ev-tools
# shellcheck disable=SC2034
STATE_HOME="${EV_STATE_DIR:-${XDG_STATE_HOME:-${HOME:-/tmp}/.local/state}/ev}"

# Some CI runners close standard input, which child processes treat as an error.
if ! { : <&0; } 2>/dev/null; then exec 0</dev/null; fi

note() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }
die() {
  note "$*"
  exit 1
}
# usage [STATUS]: prints the comment at the beginning of the script.
usage() {
  sed -n '2,/^set -/s/^# \{0,1\}//p' "$0" | sed '$d'
  exit "${1:-2}"
}
have() { command -v "$1" >/dev/null 2>&1; }
is_root() { [ "$(id -u)" -eq 0 ]; }

# The build directory of cargo.
target_dir() {
  if [ -n "${CARGO_TARGET_DIR:-}" ]; then printf '%s' "$CARGO_TARGET_DIR"; else
    (cd "$ROOT" && cargo metadata --no-deps --format-version 1) | sed 's/.*"target_directory":"\([^"]*\)".*/\1/'
  fi
}

# part_of_url URL user|password|host|port DEFAULT: prints a part of the URL, or DEFAULT.
part_of_url() {
  local rest=${1#*://} auth='' found=''
  rest=${rest%%[/?]*}
  case "$rest" in *@*) auth=${rest%@*} rest=${rest##*@} ;; esac
  case "$2" in
    user) found=${auth%%:*} ;;
    password) case "$auth" in *:*) found=${auth#*:} ;; esac ;;
    host) found=${rest%%:*} ;;
    port) case "$rest" in *:*) found=${rest##*:} ;; esac ;;
  esac
  printf '%s' "${found:-$3}"
}

# sql_on URL ARGUMENT…: runs the client of MariaDB or MySQL with user, password, host and port of the URL.
sql_on() {
  local url=$1
  shift
  MYSQL_PWD=$(part_of_url "$url" password '') "$(command -v mariadb || command -v mysql)" --no-defaults --protocol=tcp \
    -h "$(part_of_url "$url" host 127.0.0.1)" -P "$(part_of_url "$url" port 3306)" -u "$(part_of_url "$url" user root)" "$@"
}

port_answers() { (exec 3<>"/dev/tcp/$1/$2") 2>/dev/null; }

# give_port: sets GIVEN_PORT to a free port below the kernel's range for outgoing connections.
# A port that this process has given is not given again, even while nothing listens on it yet.
GIVEN_PORTS=" "
give_port() {
  local port
  for _ in $(seq 200); do
    port=$((20000 + RANDOM % 12000))
    case "$GIVEN_PORTS" in *" $port "*) continue ;; esac
    if ! port_answers 127.0.0.1 "$port"; then
      GIVEN_PORTS+="$port "
      # shellcheck disable=SC2034  # the result: a subshell could not update GIVEN_PORTS
      GIVEN_PORT=$port
      return 0
    fi
  done
  die "no free port found between 20000 and 32000"
}

# await SECONDS WHAT CMD…: runs CMD until it succeeds, or fails after SECONDS naming WHAT.
await() {
  local seconds=$1 what=$2 deadline
  shift 2
  deadline=$((SECONDS + seconds))
  until "$@" >/dev/null 2>&1; do
    if [ "$SECONDS" -ge "$deadline" ]; then
      note "$what did not answer within $seconds s"
      return 1
    fi
    sleep 0.2
  done
}

# start PIDFILE LOGFILE CMD…: runs CMD in its own process group, detached from the terminal.
# The caller's standard output is not inherited, or a pipe behind the caller would wait for the daemon.
start() {
  local pidfile=$1 log=$2
  shift 2
  setsid "$@" </dev/null >>"$log" 2>&1 &
  echo $! >"$pidfile"
}

started_and_alive() {
  local pidfile=$1 pid
  [ -s "$pidfile" ] || return 1
  pid=$(cat "$pidfile")
  kill -0 "$pid" 2>/dev/null
}

# stop PIDFILE [SECONDS]: sends SIGTERM to the process group, then SIGKILL after SECONDS.
stop() {
  local pidfile=$1 seconds=${2:-20} pid deadline
  if started_and_alive "$pidfile"; then
    pid=$(cat "$pidfile")
    deadline=$((SECONDS + seconds))
    kill -TERM -- "-$pid" 2>/dev/null || kill -TERM "$pid" 2>/dev/null || true
    while kill -0 "$pid" 2>/dev/null && [ "$SECONDS" -lt "$deadline" ]; do sleep 0.1; done
    if kill -0 "$pid" 2>/dev/null; then
      note "$(basename "$pidfile" .pid) did not stop in $seconds s: killed"
      kill -KILL -- "-$pid" 2>/dev/null || true
    fi
  fi
  rm -f "$pidfile"
}

# apt_install PACKAGE…: installs Debian packages without starting their daemons.
APT_UPDATED=
apt_install() {
  local policy=/usr/sbin/policy-rc.d ours=
  is_root || return 1
  have apt-get || return 1
  note "installing $*"
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
    ours=1
  fi
  local status=0
  {
    if [ -z "$APT_UPDATED" ]; then
      apt-get -qq update || note "apt-get update failed: using the existing package lists"
      APT_UPDATED=1
    fi
    DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300 \
      install --no-install-recommends "$@" </dev/null
  } >&2 || status=$?
  if [ -n "$ours" ]; then rm -f "$policy"; fi
  return "$status"
}

# from_pypi PACKAGE…: installs Python packages, and the programs that they bring, into the virtual environment TOOLS.
from_pypi() {
  have python3 || return
  [ -x "$TOOLS/bin/pip" ] || python3 -m venv "$TOOLS" || return
  note "installing $*"
  "$TOOLS/bin/pip" install -q "$@" >&2
}

# run_then_stop CMD…: runs CMD in the background, forwards signals to it, and returns its status.
# A foreground child would delay the traps of the script until it ends.
run_then_stop() {
  local status=0 child
  "$@" <&0 &
  child=$!
  # shellcheck disable=SC2064  # expanded now: the child of this call
  trap "kill -TERM $child 2>/dev/null || true" INT TERM
  wait "$child" || status=$?
  while kill -0 "$child" 2>/dev/null; do
    status=0
    wait "$child" || status=$?
  done
  trap - INT TERM
  return "$status"
}

# sql_address: host and port of TEST_MYSQL_URL.
sql_address() { printf '%s:%s' "$(part_of_url "$TEST_MYSQL_URL" host 127.0.0.1)" "$(part_of_url "$TEST_MYSQL_URL" port 3306)"; }

# stack_url PROCESS: the address of a process of scripts/stack, such as `wallet` or `wallet-2`.
stack_url() {
  local variable=${1^^}
  variable=STACK_${variable//-/_}_URL
  echo "${!variable}"
}

milliseconds() { echo $(($(date +%s%N) / 1000000)); }
# resident PID: its resident memory, in MiB.
resident() { awk '/^VmRSS/ { printf "%d MiB\n", $2 / 1024 }' "/proc/$1/status"; }

# on_private_stack STATE [OPTIONS] -- CMD…: runs CMD in a temporary stack of existing binaries, with servers of its own in
# the folder STATE, so that no other server is restarted.
on_private_stack() {
  local state=$1
  shift
  run_then_stop env -u TEST_MYSQL_URL -u TEST_AMQP_URL -u TEST_REDIS_URL -u TEST_RABBITMQCTL -u STACK_HAS_SERVICES \
    -u STACK_NAME -u STACK_ADDR SERVICES_PRIVATE=1 EV_STATE_DIR="$state" CARGO_TARGET_DIR="$(target_dir)" \
    "$ROOT/scripts/stack" run --no-limits --no-build "$@"
}
