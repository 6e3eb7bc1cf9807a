#!/usr/bin/env bash
# Runs the built collector: against JumpCloud where JUMPCLOUD_API_KEY is set, else against a
# simulated API on loopback. `make run` builds everything and calls this.
set -euo pipefail
cd "$(dirname "$0")/.."

if [[ -n ${JUMPCLOUD_API_KEY:-} ]]; then
  export JUMPCLOUD_REGION=${JUMPCLOUD_REGION:-us}
  export JUMPCLOUD_STATE=_build/state/jumpcloud
  echo "Reading events of JumpCloud, region $JUMPCLOUD_REGION. State is kept in $JUMPCLOUD_STATE. Stop with Ctrl-C."
  mkdir -p "$JUMPCLOUD_STATE"
  exec _build/otelcol-jumpcloud --config examples/jumpcloud.yaml
fi

export JUMPCLOUD_STATE=_build/state/simulator
mkdir -p "$JUMPCLOUD_STATE"
echo "JUMPCLOUD_API_KEY is not set, so the events are invented ones, of a simulated API on 127.0.0.1:8791."
echo "To see your own: JUMPCLOUD_API_KEY=... make run (and JUMPCLOUD_REGION=eu or in, where it is not us)."
_build/jcsim -listen 127.0.0.1:8791 &
simulator=$!
trap 'kill "$simulator" 2>/dev/null || true; wait "$simulator" 2>/dev/null || true' EXIT
trap : INT TERM
sleep 0.5
kill -0 "$simulator" 2>/dev/null || { echo "The simulator did not start: is 127.0.0.1:8791 in use?"; exit 1; }
_build/otelcol-jumpcloud --config examples/simulator.yaml &
collector=$!
trap 'kill -TERM "$collector" 2>/dev/null || true' INT TERM
wait "$collector" || true
wait "$collector" 2>/dev/null || true
