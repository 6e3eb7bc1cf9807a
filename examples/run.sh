#!/usr/bin/env bash
# Runs the built collector: against JumpCloud where JUMPCLOUD_API_KEY is set, else against a
# simulated API on loopback. `make run` builds everything and calls this.
set -euo pipefail
cd "$(dirname "$0")/.."

if [[ -n ${JUMPCLOUD_API_KEY:-} ]]; then
  export JUMPCLOUD_REGION=${JUMPCLOUD_REGION:-us}
  export STATE_DIRECTORY=_build/state/jumpcloud
  mkdir -p "$STATE_DIRECTORY"
  echo "Reading events of JumpCloud, region $JUMPCLOUD_REGION. State is kept in $STATE_DIRECTORY. Stop with Ctrl-C."
  exec _build/otelcol-jumpcloud --config examples/jumpcloud.yaml
fi

export STATE_DIRECTORY=_build/state/simulator
mkdir -p "$STATE_DIRECTORY"
echo "JUMPCLOUD_API_KEY is not set, so the events are invented ones, of a simulated API on 127.0.0.1:8791. Stop with Ctrl-C."
echo "To see your own: JUMPCLOUD_API_KEY=... make run (and JUMPCLOUD_REGION=eu or in, where it is not us)."

# With job control each child is its own process group: Ctrl-C reaches this script only, which
# stops the collector first and the simulator after it.
set -m
: >_build/jcsim.log
_build/jcsim -listen 127.0.0.1:8791 -history-window 1h >>_build/jcsim.log 2>&1 &
simulator=$!
trap 'kill "$simulator" 2>/dev/null || true; wait "$simulator" 2>/dev/null || true' EXIT
until grep -q http:// _build/jcsim.log; do
  kill -0 "$simulator" 2>/dev/null || { cat _build/jcsim.log; echo "The simulator did not start."; exit 1; }
  sleep 0.1
done
cat _build/jcsim.log

_build/otelcol-jumpcloud --config examples/simulator.yaml &
collector=$!
trap 'kill "$collector" 2>/dev/null || true' INT TERM
status=0
wait "$collector" || status=$?
while kill -0 "$collector" 2>/dev/null; do # a signal ended the wait, the collector is stopping
  status=0
  wait "$collector" || status=$?
done
exit "$status"
