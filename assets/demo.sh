#!/usr/bin/env bash
# A whole release on this machine, from nothing: installs and starts an engine and a registry, makes a sample
# project, stores a secret, releases, opens the console on it, and shows what the registry serves beside what was
# recorded.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=assets/services.sh
source "$root/assets/services.sh"

needs=(
  'dockerd docker.io'
  'docker-registry docker-registry'
  'busybox busybox-static'
  'htpasswd apache2-utils'
  'curl curl'
  'git git'
  'cc gcc libc6-dev' # to build the crates that hold C: SQLite and ring
)
state=$root/target/demo
target=${CARGO_TARGET_DIR:-$root/target}

usage() {
  cat <<'TEXT'
usage: assets/demo.sh [--headless | --stop]

Releases a sample project on this machine, opens the console on the release, and verifies it once the console was
left. Data and logs are in target/demo.

  --headless  no console: print the release, the side-by-side table and the verdict
  --stop      end the engine and the registry that the demo started; their data stays
TEXT
}

stop() {
  local stopped=
  stop_registry "$state" && stopped=yes
  stop_engine "$state" && stopped=yes
  [[ $stopped ]] || say "nothing that the demo started is running"
}

# git_here COMMAND…: the project's git, without this user's identity, signing key or hooks.
git_here() {
  GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null git -C "$state/project" \
    -c user.name=Demo -c user.email=demo@example.org "$@"
}

# A project with one more commit than before, pushed to its remote, as policy asks of a release.
make_project() {
  local project=$state/project
  if [[ ! -d $state/remote.git ]]; then
    rm -rf "$project"
    git init --quiet --bare --initial-branch=master "$state/remote.git"
    git init --quiet --initial-branch=master "$project"
    git_here remote add origin ../remote.git
  fi
  cp -R "$root/assets/demo/." "$project"
  rm "$project/windlass.toml.in"
  sed "s|@REGISTRY@|127.0.0.1:$(<"$state/registry.port")|" "$root/assets/demo/windlass.toml.in" \
    >"$project/windlass.toml"
  mkdir -p "$project/bin"
  cp "$(command -v busybox)" "$project/bin/busybox"
  printf 'release %s, %s\n' "$(($(git_here rev-list --all --count) + 1))" "$(date -u '+%Y-%m-%d %H:%M:%S UTC')" \
    >>"$project/site/releases.txt"
  git_here add --all
  git_here commit --quiet --message 'Tell the visitors about this release'
  git_here push --quiet --set-upstream origin master
}

make_login() {
  [[ -s $state/password ]] || (
    umask 077
    head -c 18 /dev/urandom | base64 | tr -d '\n' >"$state/password"
  )
  htpasswd -iBn demo <"$state/password" >"$state/htpasswd" 2>/dev/null
}

# Shows a command as one would type it in the project, then runs it.
run() {
  printf '\n$ %s\n' "$*"
  "$@"
}

release() {
  install_missing "$state" "${needs[@]}"
  need_rust
  say "building windlass"
  (cd "$root" && cargo build --release --locked)
  start_engine "$state"
  make_login
  start_registry "$state"
  make_project

  export WINDLASS_HOME=$state/home PATH=$target/release:$PATH
  cd "$state/project"
  printf '\n$ %s\n' 'windlass secret set --username demo --password-stdin < ../password'
  windlass secret set --username demo --password-stdin <../password
  run windlass secret check
  if [[ $1 == console ]]; then
    run windlass release --yes --detach
    run windlass
    run windlass show @ --watch # the release goes on when the console is left
  else
    run windlass release --yes
    run windlass show @
  fi
  run windlass tags --fresh
  local verdict=0
  run windlass verify || verdict=$?
  say ''
  say "The project is target/demo/project, its state target/demo/home (WINDLASS_HOME)."
  say "End what the demo started: assets/demo.sh --stop"
  return "$verdict"
}

case $#${1:-} in
  0 | 1--headless)
    enter_engine_group "$0" "$@"
    mkdir -p "$state"
    if [[ ${1:-} != --headless && -t 0 && -t 1 ]]; then release console; else release headless; fi
    ;;
  1--stop) stop ;;
  1--help | 1-h) usage ;;
  *)
    usage >&2
    exit 2
    ;;
esac
