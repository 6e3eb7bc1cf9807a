# What is installed: archives, deb and rpm, the container image, a list of what is inside each, and checksums. The
# same commit gives the same bytes, on any machine.

PACKAGES := $(BUILD)/packages
PACKER := go tool -modfile=internal/tools/packages/go.mod
PLATFORMS ?= linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64 windows/arm64
# The time of all that is inside.
export SOURCE_DATE_EPOCH := $(or $(shell git log -1 --format=%ct 2>/dev/null),315532800)

.PHONY: packages packages-check packages-test

packages: $(DISTRIBUTION)/main.go  ## deb, rpm, archives, container image, SBOM and checksums for PLATFORMS, into _build/packages
	@VERSION='$(VERSION)' COMMIT='$(COMMIT)' LINKED='$(LINKED)' PACKER='$(PACKER)' \
		DISTRIBUTION='$(DISTRIBUTION)' OUTPUT='$(PACKAGES)' packaging/build.sh $(PLATFORMS)

# In another folder, with other rights of new files and another time zone. What is not committed is not in it.
packages-check: dist packages  ## the packages are valid, and a second build of the same commit has the same bytes
	cd internal/tools/packages && PACKAGES='$(CURDIR)/$(PACKAGES)' COLLECTOR='$(CURDIR)/$(COLLECTOR)' go test -count=1 ./...
	@rm -rf $(BUILD)/again && umask 077 && git clone -q . $(BUILD)/again/checkout
	umask 077 && cd $(BUILD)/again/checkout && TZ=Pacific/Kiritimati $(MAKE) --no-print-directory packages PLATFORMS='$(PLATFORMS)'
	diff -r $(PACKAGES) $(BUILD)/again/checkout/$(PACKAGES)
	@echo "Both builds have the same bytes."

packages-test: simulator  ## install, upgrade and remove the deb and the rpm in a Debian of their own; needs root, systemd-nspawn and mmdebstrap
	@$(MAKE) --no-print-directory packages PLATFORMS=linux/$$(go env GOARCH)
	@PACKER='$(PACKER)' packaging/test/run.sh $(PACKAGES) $(SIMULATOR)
