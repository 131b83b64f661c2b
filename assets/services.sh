# shellcheck shell=bash
# The engine and the registry that the demo and the tests run on: installs them from the distribution's
# packages, starts them without a service manager, and ends exactly what was started. To be sourced.
#
# What runs already is reused and never ended. What is started here leaves its pid, log and data in the state
# folder the caller names, and runs in a session of its own without a descriptor of the caller's terminal or pipe.

# Debian keeps daemons out of a user's PATH; rustup is not yet in the PATH of a shell that was open before it.
PATH=$PATH:/usr/sbin:/sbin:${HOME:-/root}/.cargo/bin

# A loopback registry is reached by an engine on this machine alone, so docker contexts do not choose it.
DOCKER_HOST=${DOCKER_HOST:-unix:///var/run/docker.sock}
export DOCKER_HOST
unset DOCKER_CONTEXT
engine_socket=${DOCKER_HOST#unix://}

say() { printf '%s\n' "$*" >&2; }

die() {
  say "$1"
  shift
  for line; do say "  $line"; done
  exit 1
}

as_root() { if ((EUID == 0)); then "$@"; else sudo -- "$@"; fi; }

# need_root WHY
need_root() {
  ((EUID == 0)) || command -v sudo >/dev/null || die "cannot $1: this needs root or sudo" \
    "Run this as root, or have somebody do it once on this machine."
}

# wait_for SECONDS COMMAND…: until the command succeeds; fails when the time is up.
wait_for() {
  local deadline=$((SECONDS + $1))
  shift
  until "$@"; do
    ((SECONDS < deadline)) || return 1
    sleep 0.1
  done
}

# ---- Packages ------------------------------------------------------------------------------------------------

# Whether a command is there and fit: an image FROM scratch has no libraries for a dynamic busybox.
is_installed() {
  command -v "$1" >/dev/null || return 1
  [[ $1 != busybox ]] || ! ldd "$(command -v busybox)" 2>/dev/null | grep '=>' >/dev/null
}

# The first of `a|b` that this release of the distribution has.
package_of() {
  local name
  for name in ${1//|/ }; do
    if apt-cache show "$name" >/dev/null 2>&1; then
      echo "$name"
      return
    fi
  done
  return 1
}

# Packages bring services that would start on their own, on ports of their choice, or fail to where there is no
# service manager. Debian's policy-rc.d keeps them off; this one disarms itself when the installing shell is gone.
apt_install() (
  log=$1
  shift
  policy=/usr/sbin/policy-rc.d
  if [[ ! -e $policy ]]; then
    trap 'as_root rm -f "$policy"' EXIT
    # shellcheck disable=SC2016 # expanded by the root shell
    as_root sh -c 'printf "#!/bin/sh\n[ -d /proc/%s ] && exit 101\nexit 0\n" "$1" >"$2" && chmod 755 "$2"' \
      sh "$BASHPID" "$policy"
  fi
  # needrestart's mode `l`: services of this machine are not restarted behind its owner's back.
  as_root env DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=l apt-get install --yes --no-install-recommends \
    -o DPkg::Lock::Timeout=300 "$@" </dev/null >>"$log" 2>&1
)

apt_update() {
  as_root apt-get update -o DPkg::Lock::Timeout=300 </dev/null >>"$1" 2>&1 || {
    tail -n 5 "$1" >&2
    die "apt-get update failed" "Is this machine online? The whole output: $1"
  }
}

# install_missing STATE 'COMMAND PACKAGE…'…: installs the packages whose command is not there.
install_missing() {
  local log=$1/install.log missing=() packages=() need command names name updated=
  shift
  for need; do
    read -r command names <<<"$need"
    # shellcheck disable=SC2206 # words on purpose
    is_installed "$command" || missing+=($names)
  done
  ((${#missing[@]})) || return 0

  command -v apt-get >/dev/null || die "not installed here: ${missing[*]}" \
    "These are the names of Debian's and Ubuntu's packages; there is no apt-get on this machine to install them."
  need_root "install ${missing[*]}"
  : >"$log"
  for name in "${missing[@]}"; do
    if ! package_of "$name" >/dev/null && [[ ! $updated ]]; then
      apt_update "$log"
      updated=yes
    fi
    name=$(package_of "$name") || die "no package ${name//|/ or } in the sources of apt"
    [[ " ${packages[*]} " == *" $name "* ]] || packages+=("$name")
  done
  say "installing ${packages[*]}"
  apt_install "$log" "${packages[@]}" && return
  # A list older than the mirror names files that are gone.
  if [[ ! $updated ]]; then
    apt_update "$log"
    apt_install "$log" "${packages[@]}" && return
  fi
  tail -n 15 "$log" >&2
  die "apt-get could not install ${packages[*]}" "The whole output: $log"
}

need_rust() {
  command -v cargo >/dev/null || die "cargo is not installed here" "A Rust toolchain: https://rustup.rs"
}

# ---- Processes -----------------------------------------------------------------------------------------------

# Run as `sh -c "$DETACHED" sh PIDFILE LOG COMMAND…`, by root where needed. HUP is ignored until the new session
# stands, because sudo may take its terminal down before.
# shellcheck disable=SC2016 # expanded by sh
readonly DETACHED='umask 022; trap "" HUP; pidfile=$1 log=$2; shift 2
setsid "$@" </dev/null >"$log" 2>&1 & echo $! >"$pidfile"'

# running PIDFILE ARGUMENT: prints the pid if that process still is the one started, which has ARGUMENT on its
# command line; pids are used again.
running() {
  local pid
  [[ -s $1 ]] && pid=$(<"$1") && grep -qzxF -- "$2" "/proc/$pid/cmdline" 2>/dev/null && echo "$pid"
}

gone() { ! running "$@" >/dev/null; }

signal() {
  if [[ -O /proc/$2 ]]; then
    kill -s "$1" "$2"
  else
    # shellcheck disable=SC2016 # expanded by the root shell
    as_root sh -c 'kill -s "$1" "$2"' sh "$1" "$2"
  fi
}

# end NAME PIDFILE ARGUMENT: asks the process to end and waits for it; fails if there was none.
end() {
  local name=$1 pid
  shift
  pid=$(running "$@") || {
    rm -f "$1"
    return 1
  }
  signal TERM "$pid" || true
  if ! wait_for 60 gone "$@"; then
    say "$name did not end within 60 s and is killed"
    signal KILL "$pid" || true
    wait_for 10 gone "$@" || die "$name (pid $pid) cannot be ended"
  fi
  rm -f "$1"
  say "ended $name (pid $pid)"
}

# show_log FILE: the last lines, for somebody who must find out why.
show_log() {
  say "the end of $1:"
  tail -n 15 "$1" | cut -c 1-300 | sed 's/^/  /' >&2
}

# ---- The engine ----------------------------------------------------------------------------------------------

engine_answers() {
  curl --silent --fail --max-time 10 --noproxy '*' --unix-socket "$engine_socket" \
    http://localhost/version >/dev/null
}

# The pid of a dockerd that shares this network, where a second one would take the bridge away from the first.
neighbour() {
  local comm pid name here
  here=$(readlink /proc/self/ns/net)
  for comm in /proc/[0-9]*/comm; do
    pid=${comm//[^0-9]/}
    { read -r name <"$comm"; } 2>/dev/null || continue
    if [[ $name == dockerd && $(as_root readlink "/proc/$pid/ns/net") == "$here" ]]; then
      echo "$pid"
      return
    fi
  done
  return 1
}

# enter_engine_group SCRIPT ARGUMENT…: where the engine's socket is closed to this user, the script starts again
# with the socket's group. Nothing on the machine changes, as it would by adding the user to that group.
enter_engine_group() {
  local group
  [[ -S $engine_socket && ! -w $engine_socket ]] || return 0
  group=$(stat -c %G "$engine_socket")
  [[ $(id -gn) != "$group" ]] || die "$engine_socket is closed to $(id -un) and to its group $group"
  need_root "use the engine at $engine_socket as $(id -un)"
  say "using the engine at $engine_socket with the group $group"
  exec sudo -g "$group" --preserve-env="$(compgen -e | paste -sd,)" -- env PATH="$PATH" bash "$@"
}

# unix sockets below it have room for 108 bytes, which a deep project folder would use up.
engine_run_folder() { echo "/run/windlass-$(cksum <<<"$1" | cut -d ' ' -f 1)"; }

# dockerd gives its socket to root and the group docker; the one started here is this user's.
engine_answers_or_ended() {
  [[ ! -S $engine_socket || -w $engine_socket ]] || as_root chown "$(id -u)" "$engine_socket"
  engine_answers || gone "$@"
}

# launch_engine STATE OPTION…: starts dockerd and waits until it answers or has ended.
launch_engine() {
  local state=$1 run data
  run=$(engine_run_folder "$1")
  data=--data-root=$state/engine
  shift
  echo '{}' >"$state/engine.json" # the machine's own daemon.json may contradict the options here
  as_root rm -f "$engine_socket"
  as_root sh -c "$DETACHED" sh "$state/engine.pid" "$state/engine.log" dockerd "$data" --exec-root="$run" \
    --pidfile="$run/docker.pid" --config-file="$state/engine.json" --host="unix://$engine_socket" "$@"
  wait_for 60 engine_answers_or_ended "$state/engine.pid" "$data" || true
  engine_answers && ! gone "$state/engine.pid" "$data"
}

# start_engine STATE: an engine answers at DOCKER_HOST afterwards, the one that runs or a new one.
start_engine() {
  local state=$1 options=() pid reason
  [[ $DOCKER_HOST == unix://* ]] || die "DOCKER_HOST is $DOCKER_HOST" \
    "The registry listens on this machine's loopback, so the engine must be this machine's: unset DOCKER_HOST."
  if engine_answers; then
    say "reusing the engine at $engine_socket"
    return
  fi
  need_root "start dockerd"
  if pid=$(neighbour); then
    wait_for 60 engine_answers || die "dockerd runs (pid $pid) but does not answer at $engine_socket" \
      "A second one would delete its bridge: set DOCKER_HOST to its socket, or end it."
    say "reusing the engine at $engine_socket"
    return
  fi

  mkdir -p "$state"
  until launch_engine "$state" "${options[@]}"; do
    stop_engine "$state" || true
    reason=$(grep 'failed to start daemon' "$state/engine.log" | tail -n 1) || true
    if [[ $reason == *iptables* && "${options[*]}" != *iptables* ]]; then
      options+=(--iptables=false) # a kernel without netfilter's modules; images are built without a network, too
    elif [[ $reason =~ graphdriver|overlay|snapshotter && "${options[*]}" != *vfs* ]]; then
      options+=(--storage-driver=vfs) # overlay2 does not lie on every file system; this one does
    else
      show_log "$state/engine.log"
      die "dockerd does not come up"
    fi
    say "dockerd did not come up; trying with ${options[*]}"
  done
  say "started an engine at $engine_socket (pid $(<"$state/engine.pid"), log $state/engine.log)"
}

# containerd_of RUN: the pid of the containerd that a dockerd with this --exec-root started.
containerd_of() {
  local file
  for file in /proc/[0-9]*/cmdline; do
    if grep -qzxF -- "$1/containerd/containerd.toml" "$file" 2>/dev/null; then
      file=${file#/proc/}
      echo "${file%/*}"
      return
    fi
  done
  return 1
}
no_containerd() { ! containerd_of "$1" >/dev/null; }

# stop_engine STATE: ends the engine that start_engine started there, with its containerd; fails if there was none.
stop_engine() {
  local state=$1 run
  run=$(engine_run_folder "$state")
  end "the engine" "$state/engine.pid" "--data-root=$state/engine" || return
  # dockerd ends its containerd itself, unless it had to be killed.
  if ! wait_for 10 no_containerd "$run"; then
    signal TERM "$(containerd_of "$run")" || true
    wait_for 30 no_containerd "$run" || die "containerd (pid $(containerd_of "$run")) does not end"
  fi
  # dockerd leaves two kinds of mounts: its network namespaces, and its data folder upon itself.
  # shellcheck disable=SC2016 # expanded by the root shell
  as_root sh -c 'umount "$1"/netns/* "$2" 2>/dev/null; rm -rf --one-file-system "$1"' sh "$run" "$state/engine"
}

# ---- The registry --------------------------------------------------------------------------------------------

# registry_answers PORT: with the question for a login that this registry is set up to ask.
registry_answers() {
  [[ $(curl --silent --max-time 5 --noproxy '*' --output /dev/null --write-out '%{http_code}' \
    "http://127.0.0.1:$1/v2/") == 401 ]]
}

registry_answers_or_ended() { registry_answers "$1" || gone "$2" "$3"; }

taken() { (: <"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# start_registry STATE: a registry with logins from STATE/htpasswd; its port is in STATE/registry.port, and stays
# the same from one start to the next as long as nobody else takes it.
start_registry() {
  local state=$1 port=5055 config=$1/registry.yml
  local pidfile=$state/registry.pid log=$state/registry.log
  [[ ! -s $state/registry.port ]] || port=$(<"$state/registry.port")
  if ! gone "$pidfile" "$config"; then
    wait_for 30 registry_answers "$port" || die "the registry does not answer on port $port" "Its log: $log"
    say "reusing the registry at 127.0.0.1:$port"
    return
  fi
  for ((; ; port++)); do
    ((port < 5155)) || die "no port for the registry is free up to $port"
    ! taken "$port" || continue
    cat >"$config" <<YML
version: 0.1
log: { level: info }
storage:
  filesystem: { rootdirectory: '$state/registry' }
  delete: { enabled: true }
http: { addr: '127.0.0.1:$port' }
auth:
  htpasswd: { realm: windlass, path: '$state/htpasswd' }
YML
    sh -c "$DETACHED" sh "$pidfile" "$log" docker-registry serve "$config"
    wait_for 60 registry_answers_or_ended "$port" "$pidfile" "$config" || true
    ! gone "$pidfile" "$config" || {
      grep -q 'address already in use' "$log" && continue
      show_log "$log"
      die "the registry does not come up"
    }
    registry_answers "$port" || die "the registry does not answer on port $port" "Its log: $log"
    break
  done
  echo "$port" >"$state/registry.port"
  say "started a registry at 127.0.0.1:$port (pid $(<"$pidfile"), log $log)"
}

# stop_registry STATE: ends the one that start_registry started there; fails if there was none.
stop_registry() { end "the registry" "$1/registry.pid" "$1/registry.yml"; }
