#!/usr/bin/env bash
# Runs the built collector: against JumpCloud where JUMPCLOUD_API_KEY is set, else against a
# simulated API on loopback. `make run` builds everything and calls this.
set -euo pipefail
cd "$(dirname "$0")/.."

simulator='' collector=''
end() {
  local status=$?
  trap '' INT TERM HUP
  if [[ -n $collector ]]; then
    kill "$collector" 2>/dev/null || true
    status=0
    wait "$collector" || status=$?
  fi
  if [[ -n $simulator ]]; then
    kill "$simulator" 2>/dev/null || true
    wait "$simulator" 2>/dev/null || true
  fi
  exit "$status"
}
# With job control each child is its own process group: Ctrl-C, and the end of the terminal, reach this
# script only, which stops the collector first and the simulator after it. A collector that gets the
# terminal's hangup itself takes it for a wish to reload its configuration, and stays.
set -m
trap end EXIT
trap exit INT TERM HUP

mode=jumpcloud
if [[ -z ${JUMPCLOUD_API_KEY:-} ]]; then
  mode=simulator
fi
export STATE_DIRECTORY=_build/state/$mode
mkdir -p "$STATE_DIRECTORY"

if [[ $mode = jumpcloud ]]; then
  case ${JUMPCLOUD_REGION:-us} in
    us) endpoint=https://api.jumpcloud.com ;;
    eu | in) endpoint=https://api.$JUMPCLOUD_REGION.jumpcloud.com ;;
    *) echo "JUMPCLOUD_REGION is $JUMPCLOUD_REGION: it must be us, eu or in."; exit 1 ;;
  esac
  export JUMPCLOUD_ENDPOINT=${JUMPCLOUD_ENDPOINT:-$endpoint}
  echo "Reading events of JumpCloud at $JUMPCLOUD_ENDPOINT. State is kept in $STATE_DIRECTORY. Stop with Ctrl-C."
else
  listen=${SIMULATOR_LISTEN:-127.0.0.1:8791}
  echo "JUMPCLOUD_API_KEY is not set, so the events are invented ones, of a simulated API on $listen. Stop with Ctrl-C."
  echo "To see your own: JUMPCLOUD_API_KEY=... make run (and JUMPCLOUD_REGION=eu or in, where it is not us)."
  : >_build/jcsim.log
  _build/jcsim -listen "$listen" -history-window 1h >>_build/jcsim.log 2>&1 &
  simulator=$!
  until grep -q http:// _build/jcsim.log; do
    kill -0 "$simulator" 2>/dev/null || { cat _build/jcsim.log; echo "The simulator did not start."; exit 1; }
    sleep 0.1
  done
  cat _build/jcsim.log
  export JUMPCLOUD_ENDPOINT=http://$listen JUMPCLOUD_API_KEY=any-key-will-do
fi

_build/otelcol-jumpcloud --config "examples/$mode.yaml" &
collector=$!
wait "$collector"
