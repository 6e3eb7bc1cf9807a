#!/bin/sh
# Before a removal, of the deb and of the rpm. An upgrade changes nothing here: the old one runs until the new one is there.
set -e

case "$1" in
remove | 0)
	if [ -d /run/systemd/system ]; then
		systemctl disable --now otelcol-jumpcloud.service || true
	fi
	;;
esac
