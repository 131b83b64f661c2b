#!/usr/bin/env bash
# Makes assets/release.svg and assets/console.svg: the last commands of a demo's run, and the console after it, as a
# terminal showed them.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=assets/services.sh
source "$root/assets/services.sh"
state=$root/target/demo

mkdir -p "$state"
install_missing "$state" 'script bsdutils' 'python3 python3' 'tmux tmux'
bash "$root/assets/demo.sh" --headless

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
shows_a_release() { screen capture-pane -p | grep -q 'verify .*match'; }
leave() { screen kill-server 2>/dev/null || true; }
trap leave EXIT
LC_ALL=C.UTF-8 screen -f /dev/null new-session -d -x 120 -y 28 windlass
wait_for 30 shows_a_release || die "the console shows no release"
screen capture-pane -e -p >../console.ansi
python3 "$root/assets/ansi_to_svg.py" 'The console: releases, the steps of one, and its log' <../console.ansi >../console.svg
mv ../console.svg "$root/assets/console.svg"
say "made assets/release.svg and assets/console.svg; end what the demo started: assets/demo.sh --stop"
