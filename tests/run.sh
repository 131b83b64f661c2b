#!/usr/bin/env bash
# Everything that must hold before a change is in: format, lints, documentation, and all tests, those against a
# real engine and a real registry included. Installs and starts what they need, and ends what it started.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=assets/services.sh
source "$root/assets/services.sh"

needs=(
  'dockerd docker.io'
  'docker docker-cli|docker.io' # newer distributions have the client in a package of its own
  'podman podman' # the other engine; it brings conmon alone, runc is docker's too
  'docker-registry docker-registry'
  'busybox busybox-static'
  'htpasswd apache2-utils'
  'skopeo skopeo'
  'zstd zstd'
  'age age'
  'ssh-keygen openssh-client'
  'curl curl'
  'git git'
  'groff groff-base'
  'cc gcc libc6-dev' # to build the crates that hold C: SQLite, ring and zstd
)
state=$root/target/tests
limit=$((43 * 60)) # seconds for all stages: a test that hangs must not hold a machine for ever
report=()
current='preparation'
job=
result='failed'

# The mark by which whatever a test leaves behind is found, in whichever session it hides.
mark=WINDLASS_TEST_RUN=$$-$RANDOM$RANDOM

left_behind() {
  local file pids=()
  for file in /proc/[0-9]*/environ; do
    if grep -qzxF "$mark" "$file" 2>/dev/null; then
      file=${file#/proc/}
      pids+=("${file%/*}")
    fi
  done
  echo "${pids[@]}"
}
nothing_left() { [[ -z $(left_behind) ]]; }

# Ends the stage's process group and everything that left it.
end_job() {
  local signal pids
  for signal in TERM KILL; do
    [[ -z $job ]] || kill -s "$signal" -- "-$job" 2>/dev/null || true
    pids=$(left_behind)
    # shellcheck disable=SC2086 # words on purpose
    [[ -z $pids ]] || kill -s "$signal" $pids 2>/dev/null || true
    wait_for 10 nothing_left && break
  done
  job=
}

finish() {
  local code=$? line
  trap '' INT TERM HUP PIPE # what ends the run must not end its cleaning up
  trap - EXIT
  set +e
  end_job
  if stop_engine "$state"; then as_root rm -rf --one-file-system "$state/engine"; fi
  echo
  for line in "${report[@]}"; do echo "$line"; done
  if ((code == 0)); then
    echo "all passed in $(minutes "$SECONDS")"
  else
    echo "$current $result after $(minutes "$SECONDS") (exit code $code)"
  fi
  exit "$code"
}

minutes() { printf '%d min %02d s' $(($1 / 60)) $(($1 % 60)); }

# stage NAME COMMAND…: in a process group of its own, which ends with the stage.
stage() {
  local started=$SECONDS left=$((limit - SECONDS)) code=0
  current=$1
  shift
  printf '\n── %s\n' "$current"
  set -m
  timeout --kill-after=10 "$((left > 1 ? left : 1))" env "$mark" "$@" </dev/null &
  job=$!
  set +m
  wait "$job" || code=$?
  end_job
  if ((code == 124)); then result="was ended: the limit for all stages is $(minutes "$limit")"; fi
  ((code == 0)) || exit "$code"
  report+=("$(printf '%-16s passed in %s' "$current" "$(minutes $((SECONDS - started)))")")
}

(($# == 0)) || {
  echo "usage: tests/run.sh" >&2
  exit 2
}
enter_engine_group "$0"
cd "$root"
mkdir -p "$state"
trap finish EXIT
trap 'result="was interrupted"; exit 130' INT
trap 'result="was interrupted"; exit 143' TERM
trap 'result="was interrupted"; exit 129' HUP
trap 'exit 141' PIPE

install_missing "$state" "${needs[@]}"
need_rust
# rustup's minimal profile has neither.
if ! cargo fmt --version >/dev/null 2>&1 || ! cargo clippy --version >/dev/null 2>&1; then
  rustup component add rustfmt clippy
fi

stage format cargo fmt --check
stage clippy cargo clippy --locked --all-targets -- -D warnings
stage documentation env RUSTDOCFLAGS='-D warnings' cargo doc --locked --no-deps
current=engine
start_engine "$state"
# Frames that are others than the accepted ones fail, and none is written beside them.
stage tests env INSTA_UPDATE=no cargo test --locked
