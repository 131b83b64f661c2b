#!/usr/bin/env bash
# The speed budgets, each measured side by side with the tool that people use today: what must hold are ratios of
# one run on one machine. Installs and starts what it needs, and ends what it started.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=assets/services.sh
source "$root/assets/services.sh"

needs=(
  'dockerd docker.io'
  '/usr/bin/docker docker-cli|docker.io' # the distribution's own client is the peer, not another in the PATH
  'docker-registry docker-registry'
  'busybox busybox-static'
  'htpasswd apache2-utils'
  'skopeo skopeo'
  'zstd zstd'
  'python3 python3'
  '/usr/bin/time time' # in bash, `time` is also a word of the language
  'lnav lnav'
  'less less'
  'curl curl'
  'git git'
  'cc gcc libc6-dev' # to build the crates that hold C: SQLite, ring and zstd
)
state=$root/target/benches
target=${CARGO_TARGET_DIR:-$root/target}

usage() {
  cat <<'TEXT'
usage: benches/run.sh [--runs N] [--only NAME]…

Measures wall time and peak memory of windlass and of its peers in turn, and of the console also what it writes and how
long a key waits; prints medians as a Markdown table.
Ends with 1 if a budget does not hold. Run it on a quiet machine: other load makes the figures worse, and the ratios too.

  --runs N     runs of each (7)
  --only NAME  release, context, archive, tags, flood, live, open, search, wrap, start or idle; without it all of them
TEXT
}

finish() {
  local code=$?
  trap '' INT TERM HUP
  trap - EXIT
  set +e
  stop_registry "$state" 2>/dev/null
  if stop_engine "$state" 2>/dev/null; then as_root rm -rf --one-file-system "$state/engine"; fi
  rm -rf "$state/registry" "$state/work"
  exit "$code"
}

case ${1:-} in
  --help | -h)
    usage
    exit
    ;;
esac
enter_engine_group "$0" "$@"
mkdir -p "$state"
install_missing "$state" "${needs[@]}"
need_rust
say "building windlass"
(cd "$root" && cargo build --release --locked)
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
trap 'exit 129' HUP

[[ -s $state/password ]] || (
  umask 077
  head -c 18 /dev/urandom | base64 | tr -d '\n' >"$state/password"
)
htpasswd -iBn bench <"$state/password" >"$state/htpasswd" 2>/dev/null
start_engine "$state"
start_registry "$state"
python3 "$root/benches/budgets.py" --windlass "$target/release/windlass" --docker /usr/bin/docker \
  --registry "127.0.0.1:$(<"$state/registry.port")" --password-file "$state/password" --work "$state/work" "$@"
