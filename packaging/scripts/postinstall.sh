#!/bin/sh
# After an installation or an upgrade, of the deb and of the rpm.
set -e

key=/etc/otelcol-jumpcloud/api_key
if [ ! -e "$key" ]; then
	(umask 077 && : >"$key")
fi

systemd_runs() { [ -d /run/systemd/system ]; }

if systemd_runs; then
	systemctl daemon-reload || true
	systemctl try-restart otelcol-jumpcloud.service || true
fi

# dpkg tells the version before, rpm how many there are.
case "$1:$2" in
configure: | 1:)
	echo "otelcol-jumpcloud is installed. To start it:"
	echo "  1. write the API key into $key, which root alone can read"
	echo "  2. set region and endpoint in /etc/otelcol-jumpcloud/config.yaml"
	echo "  3. systemctl enable --now otelcol-jumpcloud"
	;;
esac
