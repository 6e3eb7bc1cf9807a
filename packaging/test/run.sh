#!/usr/bin/env bash
# Boots a clean Debian without a network, and runs inside.sh in it: packaging/test/run.sh packages simulator.
# `make packages-test` calls it. The Debian is made once, into _build/debian-bookworm.tar.
set -euo pipefail
packages=$1 simulator=$2
suite=${SUITE:-bookworm}
base=_build/debian-$suite.tar
work=_build/packages-work

for tool in mmdebstrap systemd-nspawn; do
	command -v "$tool" >/dev/null || { echo "$tool is missing: apt-get install mmdebstrap systemd-container"; exit 1; }
done
[ "$(id -u)" = 0 ] || { echo "A container is booted, which needs root."; exit 1; }

if [ ! -e "$base" ]; then
	mmdebstrap --quiet --variant=minbase --include=systemd,systemd-sysv,dbus,rpm "$suite" "$base.new"
	mv "$base.new" "$base"
fi

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
tar -C "$root" -xf "$base"
mkdir "$root/test"
cp "$simulator" "$root/test/jcsim"
cp packaging/test/inside.sh "$root/test/"
architecture=$(go env GOARCH)
for format in deb rpm; do
	cp "$packages"/*_linux_"$architecture.$format" "$root/test/this.$format"
	# The same, as a later version.
	VERSION=99.0.0 ARCH=$architecture STAGE=$work/stage SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-0} \
		BINARY=$(echo "$work"/*_linux_"$architecture"/otelcol-jumpcloud) \
		$PACKER nfpm package --config packaging/nfpm.yaml --packager "$format" --target "$root/test/later.$format" >/dev/null
done

cat >"$root/etc/systemd/system/packages-test.service" <<-'UNIT'
	[Unit]
	After=multi-user.target
	[Service]
	Type=oneshot
	ExecStart=/test/inside.sh
	ExecStopPost=/bin/systemctl poweroff --no-block
	StandardOutput=append:/test/output
	StandardError=append:/test/output
	[Install]
	WantedBy=multi-user.target
UNIT
ln -s ../packages-test.service "$root/etc/systemd/system/multi-user.target.wants/packages-test.service"
: >"$root/test/output"
tail -f "$root/test/output" &
shown=$!
timeout 600 systemd-nspawn --quiet --boot --register=no --keep-unit --private-network -D "$root" >"$work/boot.log" 2>&1 </dev/null || true
sleep 1
kill "$shown"
grep -qx passed "$root/test/output" || { echo "The packages do not pass; what the boot printed is in $work/boot.log."; exit 1; }
