#!/usr/bin/env bash
# Makes everything that is installed, for the platforms that are its arguments. `make packages` calls it with what it needs.
set -euo pipefail
umask 022
: "${VERSION:?}" "${COMMIT:?}" "${LINKED:?}" "${PACKER:?}" "${DISTRIBUTION:?}" "${OUTPUT:?}" "${SOURCE_DATE_EPOCH:?}"

name=otelcol-jumpcloud
work=$(dirname "$OUTPUT")/packages-work
rm -rf "$OUTPUT" "$work"
mkdir -p "$OUTPUT" "$work"

# What stands beside the collector in each package, with one time and one set of rights.
export STAGE=$work/stage
mkdir -p "$STAGE"
cp packaging/otelcol-jumpcloud.service packaging/config.yaml LICENSE README.md CHANGELOG.md "$STAGE"
chmod 644 "$STAGE"/*
dated() { find "$@" -exec touch -d "@$SOURCE_DATE_EPOCH" {} +; }
dated "$STAGE"

(cd internal/tools/packages && go build -o "$OLDPWD/$work/" ./archive ./image)

# The list of what is inside a binary. Its number and time would be others each time.
inventory() {
	$PACKER cyclonedx-gomod bin -json -std -noserial -notimestamp -version "v$VERSION" -output "$2" "$1" 2>"$work/inventory.log" ||
		{ cat "$work/inventory.log" >&2; return 1; }
}

images=()
for platform in "$@"; do
	export GOOS=${platform%/*} GOARCH=${platform#*/}
	file=${name}_${VERSION}_${GOOS}_${GOARCH}
	echo "$platform"
	folder=$work/$file
	mkdir -p "$folder"
	executable=$name
	archive=$OUTPUT/$file.tar.gz
	if [ "$GOOS" = windows ]; then
		executable=$name.exe
		archive=$OUTPUT/$file.zip
	fi
	(output=$PWD/$folder/$executable && cd "$DISTRIBUTION" && GOGC=400 go build -ldflags="$LINKED" -o "$output" .)
	export BINARY=$folder/$executable ARCH=$GOARCH
	unset GOOS GOARCH
	cp "$STAGE"/{config.yaml,LICENSE,README.md,CHANGELOG.md} "$folder"
	dated "$folder"
	inventory "$BINARY" "$OUTPUT/$file.cdx.json"
	"$work/archive" -time "$SOURCE_DATE_EPOCH" -output "$archive" "$folder"
	if [[ $platform = linux/* ]]; then
		images+=("$platform=$BINARY")
		for format in deb rpm; do
			$PACKER nfpm package --config packaging/nfpm.yaml --packager "$format" --target "$OUTPUT/$file.$format" >/dev/null
		done
	fi
done

if [ ${#images[@]} -gt 0 ]; then
	echo "image"
	"$work/image" -version "$VERSION" -commit "$COMMIT" -time "$SOURCE_DATE_EPOCH" -config packaging/config.yaml \
		-output "$OUTPUT/image" "${images[@]}"
	"$work/archive" -time "$SOURCE_DATE_EPOCH" -output "$OUTPUT/${name}_${VERSION}_image.tar" "$OUTPUT/image"
fi

(cd "$OUTPUT" && find . -maxdepth 1 -type f ! -name SHA256SUMS -printf '%P\n' | sort | xargs sha256sum >SHA256SUMS)
echo "They are in $OUTPUT."
