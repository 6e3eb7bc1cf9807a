#!/usr/bin/env bash
# Takes the pictures of docs/tour.md: opens the links of some questions in the page of a running `make run`, with a
# headless Chromium, in light and in dark.
set -euo pipefail
cd "$(dirname "$0")/../.."
page=${PAGE_LISTEN:-127.0.0.1:9428}
for picture in admins:3 denied:5 countries:7; do
  link=$(grep '^\[Open\]' docs/tour.md | sed -n "${picture#*:}p" | sed -E "s/^\[Open\]\((.*)\)$/\1/; s/127\.0\.0\.1:9428/$page/")
  for theme in light dark; do
    dark=()
    if [[ $theme = dark ]]; then
      dark=(--blink-settings=preferredColorScheme=0)
    fi
    chromium --headless --no-sandbox --hide-scrollbars --window-size=1280,760 --virtual-time-budget=9000 "${dark[@]}" \
      --screenshot="docs/tour/${picture%:*}-$theme.png" "$link" 2>/dev/null
  done
done
