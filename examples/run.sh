#!/usr/bin/env bash
# Runs the built collector: against JumpCloud where JUMPCLOUD_API_KEY is set, else against a simulated API on
# loopback. Each event is a line in the terminal, and is kept in a VictoriaLogs with a page to search in, unless
# VIEW=terminal. `make run` builds everything and calls this.
set -euo pipefail
cd "$(dirname "$0")/.."

view=${VIEW:-page}
if [[ $view != page && $view != terminal ]]; then
  echo "VIEW is $view: write VIEW=page, or VIEW=terminal to run without the page."
  exit 1
fi
page_listen=${PAGE_LISTEN:-127.0.0.1:9428}
simulator_listen=${SIMULATOR_LISTEN:-127.0.0.1:8791}

page='' simulator='' collector=''
stop() { # stop PROCESS: asks it to end, and waits until it has
  [[ -n $1 ]] || return 0
  kill "$1" 2>/dev/null || true
  wait "$1" 2>/dev/null || return $?
}
end() {
  local status=$?
  trap '' INT TERM HUP
  if [[ -n $collector ]]; then
    status=0
    stop "$collector" || status=$?
  fi
  stop "$simulator" || true
  stop "$page" || true
  exit "$status"
}
# With job control each child is its own process group: Ctrl-C, and the end of the terminal, reach this
# script only, which stops the collector first and what it talks to after it. A collector that gets the
# terminal's hangup itself takes it for a wish to reload its configuration, and stays.
set -m
trap end EXIT
trap exit INT TERM HUP

answers() { (exec 3<>"/dev/tcp/${1%:*}/${1##*:}") 2>/dev/null; }
refuse_taken() { # refuse_taken ADDRESS WHAT VARIABLE
  if answers "$1"; then
    echo "$2 cannot start: another program already listens on $1."
    echo "Stop that program, or choose another port: $3=${1%:*}:$((${1##*:} + 1)) make run"
    exit 1
  fi
}
await() { # await PROCESS ADDRESS LOG WHAT
  until answers "$2"; do
    if ! kill -0 "$1" 2>/dev/null; then
      tail -n 5 "$3"
      echo "$4 did not start. The lines above are the end of $3."
      exit 1
    fi
    sleep 0.1
  done
}

key=${JUMPCLOUD_API_KEY:-}
if [[ -n $key ]]; then
  mode=jumpcloud region=${JUMPCLOUD_REGION:-us}
  case $region in
    us) endpoint=https://api.jumpcloud.com ;;
    eu | in) endpoint=https://api.$region.jumpcloud.com ;;
    *) echo "JUMPCLOUD_REGION is $region: it must be us, eu or in."; exit 1 ;;
  esac
  export JUMPCLOUD_ENDPOINT=${JUMPCLOUD_ENDPOINT:-$endpoint}
  # Another key, or another region, is another organization: it begins by itself.
  state=_build/state/$region-$(printf '%s %s' "$key" "$JUMPCLOUD_ENDPOINT" | git hash-object --stdin | cut -c 1-12)
else
  mode=simulator state=_build/state/simulator
  export JUMPCLOUD_ENDPOINT=http://$simulator_listen JUMPCLOUD_API_KEY=any-key-will-do
fi
export STATE_DIRECTORY=$state
mkdir -p "$state"

if [[ $mode = simulator ]]; then
  refuse_taken "$simulator_listen" "The simulated API" SIMULATOR_LISTEN
fi
overlays=(--config examples/run/terminal.yaml)
if [[ $view = page ]]; then
  refuse_taken "$page_listen" "The page" PAGE_LISTEN
  _build/victoria-logs -storageDataPath "$state/page" -httpListenAddr "$page_listen" -retentionPeriod 100y >"$state/page.log" 2>&1 &
  page=$!
  await "$page" "$page_listen" "$state/page.log" "The page"
  export PAGE_ENDPOINT=http://$page_listen
  overlays+=(--config examples/run/page.yaml)
fi

if [[ $mode = jumpcloud ]]; then
  echo "Reading the events of JumpCloud at $JUMPCLOUD_ENDPOINT. The first start begins one hour ago."
else
  _build/jcsim -listen "$simulator_listen" -history-window 720h -incidents >"$state/simulator.log" 2>&1 &
  simulator=$!
  await "$simulator" "$simulator_listen" "$state/simulator.log" "The simulated API"
  echo "No JUMPCLOUD_API_KEY is set: the events are invented, and come from a simulated API on $simulator_listen."
fi
echo "What was read is remembered in $state. The collector's own log is $state/collector.log."
if [[ $view = page ]]; then
  cat <<PAGE

Search in the events: $PAGE_ENDPOINT/select/vmui
Three queries worth trying there:
  jumpcloud.event.outcome:=failure
  _time:1h | stats by (user.name, geo.country.iso_code) count() logins | sort by (logins desc)
  user_update | fields _time, user.name, jumpcloud.changed_fields
docs/tour.md has ten more, each for a question of a security team.
PAGE
fi
if [[ $mode = simulator ]]; then
  echo
  echo "Next, your own events: JUMPCLOUD_API_KEY=... make run (with JUMPCLOUD_REGION=eu or in, where it is not us)."
fi
echo "For production: docs/install.md. Stop with Ctrl-C."
echo
echo "time                  organization  service  type  outcome  actor  address  country"

# Each event's line begins with its date; the headings between them are left out. What the collector says of itself
# goes into its log, and warnings, errors and the receiver's own lines into the terminal as well, without their
# fields. Both readers outlive a signal and the terminal: a collector whose output is closed dies of it.
event_lines() {
  trap '' INT TERM HUP
  grep --line-buffered -E '^[0-9]{4}-' || true
  cat >/dev/null
}
own_lines() {
  trap '' INT TERM HUP
  local line at level caller message fields
  while IFS= read -r line; do
    printf '%s\n' "$line" >>"$STATE_DIRECTORY/collector.log"
    IFS=$'\t' read -r at level caller message fields <<<"$line"
    if [[ $message = "Opening the storage"* ]]; then
      continue
    elif [[ $level = warn || $level = error || $level = fatal || $fields = *'"jumpcloud"'* ]]; then
      printf '[collector] %s: %s\n' "$level" "$message" 2>/dev/null || true
    elif [[ $line = Error:* ]]; then
      printf '[collector] %s\n' "$line" 2>/dev/null || true
    fi
  done
}
exec 4>&1
_build/otelcol-jumpcloud --config "examples/$mode.yaml" "${overlays[@]}" > >(event_lines) 2> >(own_lines >&4) &
collector=$!
wait "$collector"
