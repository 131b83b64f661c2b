#!/bin/sh
# The site's test, run inside the image while it is built.
set -eu
site=$1
for page in "$site"/*.html; do
  grep -q '<title>..*</title>' "$page" || {
    echo "$page has no title" >&2
    exit 1
  }
  echo "ok   ${page#"$site"/}: $(sed -n 's|.*<title>\(.*\)</title>.*|\1|p' "$page")"
done
echo "ok   $(wc -l <"$site/releases.txt") releases announced"
