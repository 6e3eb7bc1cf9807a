#!/usr/bin/env bash
# progress.sh WHAT PACKAGES COMMAND...: runs a `go build` and tells every ten seconds how many packages are compiled, of
# about PACKAGES where none was before. It is silent where nothing takes as long.
set -euo pipefail
what=$1 packages=$2
shift 2
compiled=$(mktemp)
trap 'rm -f "$compiled"' EXIT
# With -v, go names each package that it compiles.
"$1" "$2" -v "${@:3}" 2> >(while IFS= read -r line; do
  if [[ $line =~ ^[a-z0-9./_-]+$ || $line =~ ^[A-Za-z0-9.]+/[^\ :]+$ ]]; then echo >>"$compiled"; else printf '%s\n' "$line" >&2; fi
done) &
build=$!
began=$SECONDS
while kill -0 "$build" 2>/dev/null; do
  sleep 1
  waited=$((SECONDS - began))
  if ((waited > 0 && waited % 10 == 0)) && kill -0 "$build" 2>/dev/null; then
    echo "Building $what: $(wc -l <"$compiled" | tr -d ' ') packages are compiled after $waited s; a first build compiles about $packages."
  fi
done
wait "$build"
