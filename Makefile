# The two commands that matter: `make run` and `make test`. CONTRIBUTING.md has the others.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

BUILD := _build
COLLECTOR := $(BUILD)/otelcol-jumpcloud
SIMULATOR := $(BUILD)/jcsim
DISTRIBUTION := $(BUILD)/distribution
TOOL := go tool -modfile=internal/tools/go.mod
LINTER_VERSION := v2.15.0
LINTER := $(BUILD)/tools/golangci-lint-$(LINTER_VERSION)
REDIS_STORAGE := github.com/open-telemetry/opentelemetry-collector-contrib/extension/storage/redisstorageextension
GO_FILES := $(shell git ls-files '*.go' 2>/dev/null)

export GOFLAGS ?= -buildvcs=false
export CGO_ENABLED ?= 0

.PHONY: help run dist simulator test unit e2e lint format generate generate-check validate bench fuzz tidy dist-lock clean

help:                ## show the commands
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 18

run: dist simulator  ## build the collector and run it: with JUMPCLOUD_API_KEY against JumpCloud, else against a simulator
	@./examples/run.sh

dist: $(DISTRIBUTION)/main.go  ## build the collector into _build/otelcol-jumpcloud
	@cd $(DISTRIBUTION) && go build -trimpath -ldflags='-s -w' -o ../otelcol-jumpcloud .

# The lock has the checksums of every module of the distribution: they are compared, not asked for.
$(DISTRIBUTION)/main.go: builder-config.yaml builder-config.go.sum go.mod internal/tools/go.mod
	@echo "Preparing the distribution. The first time takes a few minutes: all modules are fetched and compiled."
	@mkdir -p $(DISTRIBUTION)
	@cp builder-config.go.sum $(DISTRIBUTION)/go.sum
	@$(TOOL) builder --config builder-config.yaml --skip-compilation 2>$(BUILD)/builder.log || { cat $(BUILD)/builder.log; exit 1; }
	@touch $@

simulator:           ## build the simulated API into _build/jcsim
	@go build -trimpath -o $(SIMULATOR) ./cmd/jcsim

test: generate-check lint unit validate e2e  ## everything that CI checks

unit:                ## unit tests, with the race detector
	CGO_ENABLED=1 go test -race -timeout 15m $$(go list ./... | grep -v /internal/e2e)

e2e: dist simulator  ## tests of the built collector
	go test -count=1 -timeout 20m ./internal/e2e/...

lint: $(LINTER)      ## the linters
	$(LINTER) run ./...

format: $(LINTER)    ## format the code
	$(LINTER) fmt ./...

$(LINTER):
	@mkdir -p $(dir $@)
	@GOBIN=$(abspath $(dir $@)) go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(LINTER_VERSION)
	@mv $(dir $@)golangci-lint $@

generate:            ## what mdatagen makes of metadata.yaml
	go generate ./receiver/...

generate-check: generate
	@test -z "$$(git status --porcelain -- README.md $$(git ls-files receiver | grep -E 'generated_|documentation.md'))" || \
		{ echo "Generated files differ from metadata.yaml: run 'make generate' and commit what it changes."; git diff --stat; exit 1; }

validate: dist       ## check the example configurations
	@for config in examples/*.yaml; do \
		JUMPCLOUD_API_KEY=checked-only JUMPCLOUD_STATE=$$(mktemp -d) $(COLLECTOR) validate --config $$config || { echo "$$config is not valid"; exit 1; }; \
	done

bench:               ## benchmarks, as tables of benchstat
	go test -run '^$$' -bench . -benchmem -count 6 ./internal/... | tee $(BUILD)/bench.txt
	$(TOOL) benchstat $(BUILD)/bench.txt

FUZZTIME ?= 30s
fuzz:                ## every fuzz target for FUZZTIME each
	@for target in $$(grep -rhoE 'func Fuzz[A-Za-z]+' --include='*_test.go' . | sed 's/func //' | sort -u); do \
		package=$$(dirname $$(grep -rlE "func $$target\(" --include='*_test.go' .)); \
		echo "$$package $$target"; go test -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZTIME) $$package; \
	done

tidy:                ## go.mod and go.sum of every module
	go mod tidy && cd internal/tools && go mod tidy

# One module's checksum is in no checksum database: it is taken on trust once, here, and then compared.
dist-lock:           ## refresh the checksums of the distribution
	GONOSUMDB=$(REDIS_STORAGE) $(TOOL) builder --config builder-config.yaml --skip-compilation
	cp $(DISTRIBUTION)/go.sum builder-config.go.sum

clean:               ## remove what was built, and the state of `make run`
	rm -rf $(BUILD)
