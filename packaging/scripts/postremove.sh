#!/bin/sh
# After a removal, of the deb and of the rpm. Purging the deb removes the key and the checkpoint too.
set -e

case "$1" in
purge)
	rm -f /etc/otelcol-jumpcloud/api_key /etc/otelcol-jumpcloud/environment
	rmdir /etc/otelcol-jumpcloud 2>/dev/null || true
	rm -rf /var/lib/private/otelcol-jumpcloud /var/lib/otelcol-jumpcloud
	rm -rf /etc/systemd/system/otelcol-jumpcloud.service.d
	;;
esac
case "$1" in
remove | purge | 0)
	if [ -d /run/systemd/system ]; then
		systemctl daemon-reload || true
	fi
	;;
esac
