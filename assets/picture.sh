#!/usr/bin/env bash
# Makes the pictures in assets/: the last commands of a demo's run, and the console after it, as a terminal showed them.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=assets/services.sh
source "$root/assets/services.sh"
state=$root/target/demo

mkdir -p "$state"
install_missing "$state" 'script bsdutils' 'python3 python3' 'tmux tmux'
# Rows enough for lists to be lists.
for _ in 1 2 3 4 5; do bash "$root/assets/demo.sh" --headless; done

cat >"$state/picture.bash" <<'COMMANDS'
stty cols "$1" rows 50
for command in 'windlass show @' 'windlass tags --fresh' 'windlass verify'; do
  printf '\e[1;32m$\e[0m \e[1m%s\e[0m\n' "$command"
  $command || failed=$?
  echo
done
exit "${failed:-0}"
COMMANDS
columns=150
export WINDLASS_HOME=$state/home PATH=${CARGO_TARGET_DIR:-$root/target}/release:$PATH
export CLICOLOR_FORCE=1 TERM=xterm-256color
unset NO_COLOR
cd "$state/project"
script --quiet --return --command "bash ../picture.bash $columns" ../picture.ansi </dev/null >/dev/null
python3 "$root/assets/ansi_to_svg.py" 'A release, the side-by-side table and the verdict' \
  <../picture.ansi >../picture.svg
mv ../picture.svg "$root/assets/release.svg"

screen() { tmux -L windlass-picture "$@"; }
shows() { screen capture-pane -p | grep -q -- "$1"; }
leave() { screen kill-server 2>/dev/null || true; }
trap leave EXIT

# see NAME WORDS TITLE: what is on the screen once it shows these words, as assets/NAME.svg.
see() {
  wait_for 60 shows "$2" || die "the console never shows: $2"
  screen capture-pane -e -p >"../$1.ansi"
  python3 "$root/assets/ansi_to_svg.py" "$3" <"../$1.ansi" >"../$1.svg"
  mv "../$1.svg" "$root/assets/$1.svg"
}

open_console() { LC_ALL=C.UTF-8 screen -f /dev/null new-session -d -x 120 -y 32 windlass; }

open_console
wait_for 60 shows 'verify .*match' || die "the console shows no release"
screen send-keys S
wait_for 60 shows 'Steps .*cached' || die "the console shows no steps"
see console 'writing image' 'The console: releases, the steps of one and of its build, and its log'
screen send-keys q

# What the table is for: a frozen tag that somebody pushed over, and a tag that nobody recorded. Then it is undone.
registry=127.0.0.1:$(<../registry.port)
export DOCKER_CONFIG=$state/docker
docker login --username demo --password-stdin "$registry" <../password >../docker.log 2>&1
frozen=$(windlass tags --json | grep -o 'master-[0-9-]*' | sort | sed -n 2p)
push_over() {
  for tag; do
    docker tag "$image" "$registry/demo/harbour:$tag" && docker push "$registry/demo/harbour:$tag"
  done >>../docker.log 2>&1
}
image=$(printf 'FROM scratch\nCOPY check.sh /\n' | docker build --quiet --file - .)
before=$(windlass tags --json | python3 -c 'import json, sys
print(*(row["registry"]["config_digest"] for row in json.load(sys.stdin)["rows"] if row["tag"] == sys.argv[1]))' "$frozen")
push_over "$frozen" hotfix
open_console
wait_for 60 shows 'verify .*match' || die "the console shows no release"
screen send-keys 2
wait_for 60 shows 'as of' || die "the console shows no tags"
screen send-keys r
wait_for 60 shows '✓ match ' || die "the console judges no tag"
screen send-keys g g j j j
see tags "├ $frozen" 'The tags: what the registry serves beside what was recorded, with a verdict and its evidence'
screen send-keys q
image=$before push_over "$frozen"
unset DOCKER_CONFIG

# A build that fails, so that there is a card; then the project is as it was.
printf '%s\n' 'RUN echo "error: links.html leads nowhere: /harbour/map"; exit 1' >>Dockerfile
as_demo() { git -c user.name=Demo -c user.email=demo@example.org -c commit.gpgsign=false "$@"; }
as_demo commit --quiet --all --message 'Check the links'
git push --quiet
windlass release --yes >../failed.txt 2>&1 && die "the build did not fail"
as_demo revert --no-edit HEAD >/dev/null
git push --quiet
open_console
see card 'what went wrong' 'A release that failed: why, what is in the registry, and the keys that help'
screen send-keys q
say "made assets/{release,console,tags,card}.svg; end what the demo started: assets/demo.sh --stop"
