#!/bin/bash
# Runs in the booted container of run.sh: what a user does with the deb and with the rpm, beside a simulated API and
# a collector as the backend.
set -euo pipefail
cd /test
unit=otelcol-jumpcloud
etc=/etc/otelcol-jumpcloud
state=/var/lib/private/otelcol-jumpcloud
at_the_end() {
	if [ $? != 0 ]; then journalctl -q --no-pager -u $unit -u backend -u api | cut -c1-400 | tail -40; fi
}
trap at_the_end EXIT

# must and must_not end the test; a bare `! command`, or one before &&, would not.
must() { "$@" || { say "not so: $*"; exit 1; }; }
must_not() { if "$@"; then say "should not be so: $*"; exit 1; fi; }
say() { echo "$format: $*"; }
# until_true waits for a command for two minutes at the most.
until_true() {
	for _ in $(seq 240); do
		if "$@"; then return; fi
		sleep 0.5
	done
	echo "not in time: $*"
	return 1
}
is() { [ "$(systemctl show -P "$1" $unit)" = "$2" ]; }
restarted() { [ "$(systemctl show -P NRestarts $unit)" -ge "$1" ]; }
ids() { grep -o '"log.record.uid","value":{"stringValue":"[^"]*"' /test/received/events.json 2>/dev/null || true; }
received() { [ "$(ids | wc -l)" -ge "$1" ]; }

install_package() { if [ "$format" = deb ]; then dpkg -i "$1.deb"; else rpm -U --nodeps "$1.rpm"; fi; }
remove_package() { if [ "$format" = deb ]; then dpkg -r $unit; else rpm -e --nodeps $unit; fi; }

# The backend is the same program, from a copy, with other pipelines.
start_surroundings() {
	rm -rf received && mkdir received
	cp /usr/bin/otelcol-jumpcloud backend
	systemd-run -q --unit=backend /test/backend --config 'yaml:{
		receivers: {otlp: {protocols: {http: {endpoint: "127.0.0.1:4318"}}}},
		exporters: {file: {path: /test/received/events.json, flush_interval: 100ms}},
		service: {telemetry: {metrics: {level: none}}, pipelines: {logs: {receivers: [otlp], exporters: [file]}}}}'
	systemd-run -q --unit=api /test/jcsim -api-key a-key-of-a-test -rate 5 -max-delay 1s
}

check_install() {
	install_package this
	say "installed: $(otelcol-jumpcloud --version | tr '\n' ' ')"
	must_not systemctl -q is-active $unit
	must_not systemctl -q is-enabled $unit
	must test "$(stat -c '%a %U' $etc/api_key)" = "600 root"
}

check_start() {
	echo a-key-of-a-test >$etc/api_key
	sed -i 's|region: .*|endpoint: http://127.0.0.1:8791\n    poll_interval: 1s|' $etc/config.yaml
	systemctl enable --now -q $unit
	until_true received 20
	say "events arrive: $(ids | wc -l)"
	must test "$(stat -c %a $state)" = 700
	must test "$(stat -c %u $state)" -ge 61184 # a dynamic user
	score=$(systemd-analyze security --no-pager $unit | sed -n 's/.*exposure level for.*: \([0-9.]*\) .*/\1/p')
	say "systemd-analyze security: $score"
	must awk "BEGIN { exit !($score <= 1.5) }"
}

check_failures() {
	sed -i 's/receivers: \[jumpcloud\]/receivers: [nothing]/' $etc/config.yaml
	must_not systemctl reload $unit
	must is ActiveState active
	say "a reload of a configuration with a mistake is refused, and the old one goes on"
	# The first start is waited for and fails; those after it are systemd's own.
	systemctl restart $unit || true
	until_true restarted 5
	must_not is ActiveState failed
	journalctl -q --no-pager -u $unit | grep -o 'Error: .*nothing.*' | tail -1
	sed -i 's/receivers: \[nothing\]/receivers: [jumpcloud]/' $etc/config.yaml
	until_true is SubState running
	until_true received $(($(ids | wc -l) + 5))
	say "after $(systemctl show -P NRestarts $unit) failures it goes on by itself, once the mistake is mended"
	kill -9 "$(systemctl show -P MainPID $unit)"
	until_true received $(($(ids | wc -l) + 5))
	say "after a kill it goes on"
}

check_upgrade() {
	before=$(systemctl show -P MainPID $unit)
	since=$(date +%s)
	install_package later
	must_not is MainPID "$before"
	until_true received $(($(ids | wc -l) + 10))
	must grep -q 'Continuing from the stored checkpoint' <(journalctl -q --no-pager --since "@$since" -u $unit)
	must grep -q 127.0.0.1:8791 $etc/config.yaml
	must grep -q a-key-of-a-test $etc/api_key
	must test "$(ids | sort | uniq -d | wc -l)" -le 1000 # a kill may repeat a batch
	say "an upgrade keeps configuration, key and checkpoint: $(ids | wc -l) events, $(ids | sort | uniq -d | wc -l) of them twice"
}

check_remove() {
	remove_package
	must_not systemctl -q is-active $unit
	must_not test -e /usr/bin/otelcol-jumpcloud
	must test -n "$(ls $state)"
	must test -e $etc/api_key
	say "a removal keeps the checkpoint and the key"
	systemctl stop backend api
	if [ "$format" = deb ]; then
		dpkg -P $unit
		left=$(find / -xdev -not -path '/test/*' -not -path '/proc/*' -not -path '/sys/*' -name '*otelcol-jumpcloud*' || true)
		must test -z "$left"
		say "a purge removes everything"
	fi
}

for format in deb rpm; do
	check_install
	start_surroundings
	check_start
	check_failures
	check_upgrade
	check_remove
	systemctl reset-failed
done
echo passed
