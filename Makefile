# The two commands that matter: `make run` and `make test`. CONTRIBUTING.md has the others.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

BUILD := _build
COLLECTOR := $(BUILD)/otelcol-jumpcloud
SIMULATOR := $(BUILD)/jcsim
DISTRIBUTION := $(BUILD)/distribution
TOOL := go tool -modfile=internal/tools/go.mod
LINTER := go tool -modfile=internal/tools/lint/go.mod golangci-lint
COMMIT := $(or $(shell git describe --match '' --always --abbrev=12 --dirty 2>/dev/null),unknown)
VERSION := $(or $(patsubst v%,%,$(shell git describe --tags --match 'v*' --dirty 2>/dev/null)),0.1.0-dev)

# Without debug information. The commit is for --version.
LINKED := -s -w -X github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/version.commit=$(COMMIT)

# A checkout without history builds too, and the same sources give the same binary. The same flags
# everywhere let all commands share what is compiled; debug information, which the linker strips
# from the collector, is a fifth of the time.
export GOFLAGS := -buildvcs=false -trimpath -gcflags=all=-dwarf=false
export CGO_ENABLED := 0

.PHONY: help run page dist simulator test unit simulation e2e backends kills-backends servers drain ledger baseline mutants measure lint format generate generate-check validate faults faults-check bench fuzz tidy dist-lock clean FORCE

help:                ## show the commands
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 18

VIEW ?= page
run: $(if $(filter page,$(VIEW)),page) dist simulator  ## build and run: with JUMPCLOUD_API_KEY against JumpCloud, else a simulator. VIEW=terminal is without the page
	@VIEW=$(VIEW) ./examples/run.sh

# A first build is minutes of compiling: PROGRESS says how far it is.
PROGRESS := ./internal/tools/progress.sh

page:                ## build the log store that `make run` shows events in, VictoriaLogs, into _build/victoria-logs
	@mkdir -p $(BUILD)
	@cd internal/e2e/backends && ../../../$(PROGRESS) "the page" 310 go build -ldflags='-s -w' -o ../../../$(BUILD)/victoria-logs github.com/VictoriaMetrics/VictoriaLogs/app/victoria-logs

# GOGC: the compiler takes more memory and less time.
dist: $(DISTRIBUTION)/main.go  ## build the collector into _build/otelcol-jumpcloud
	@cd $(DISTRIBUTION) && GOGC=400 $(abspath $(PROGRESS)) "the collector" 1680 go build -ldflags='$(LINKED)' -o ../otelcol-jumpcloud . || \
		{ echo "Where go asks for updates or for checksums, the lock is older than go.mod: run 'make dist-lock'."; exit 1; }

# ocb writes the sources. It does not resolve modules: the lock has every version and checksum. They
# are fetched while ocb is compiled.
$(DISTRIBUTION)/main.go: builder-config.yaml builder-config.go.mod builder-config.go.sum internal/tools/go.mod $(BUILD)/version
	@while read -r module version; do \
		grep -qF "$$module $$version" builder-config.go.mod || \
			{ echo "builder-config.yaml asks for $$module $$version, the lock has another: run 'make dist-lock'."; exit 1; }; \
	done < <(sed -n 's/.*gomod: //p' builder-config.yaml)
	@echo "Preparing the distribution. The first time takes a few minutes: all modules are fetched and compiled."
	@mkdir -p $(DISTRIBUTION)
	@cp builder-config.go.mod $(DISTRIBUTION)/go.mod
	@cp builder-config.go.sum $(DISTRIBUTION)/go.sum
	@(cd $(DISTRIBUTION) && go mod download) & \
	env 'dist.version=$(VERSION)' $(TOOL) builder --config builder-config.yaml --skip-get-modules --skip-compilation \
		>$(BUILD)/builder.log 2>&1 || { cat $(BUILD)/builder.log; wait; exit 1; }; \
	wait $$!
	@$(VERSIONED)
	@touch $@

# --version tells the commit and the collector's version too, which ocb has no setting for.
VERSIONED = awk '{ print } \
	/^import \($$/ { print "\t\"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/version\"" } \
	/^\tcmd := otelcol.NewCommand\(params\)$$/ { print "\tcmd.SetVersionTemplate(version.Template())"; done = 1 } \
	END { exit !done }' $@ >$@.versioned && mv $@.versioned $@ || \
	{ echo "What ocb writes has changed: main.go has no otelcol.NewCommand(params) where it was."; exit 1; }

# Written only when it changes, so that the distribution is prepared anew only then.
$(BUILD)/version: FORCE
	@mkdir -p $(BUILD)
	@echo '$(VERSION)' | cmp -s - $@ || echo '$(VERSION)' >$@

# redis_storage's checksum is in no checksum database. The lock's own is kept and compared; who raises
# its version sets GONOSUMDB to its path once, and reads what the new one holds.
dist-lock:           ## refresh the lock of the distribution after a change of builder-config.yaml or go.mod
	@mkdir -p $(DISTRIBUTION)
	@rm -f $(DISTRIBUTION)/main.go
	@cp builder-config.go.sum $(DISTRIBUTION)/go.sum
	$(TOOL) builder --config builder-config.yaml --skip-compilation --skip-strict-versioning=false
	@cp $(DISTRIBUTION)/go.mod builder-config.go.mod
	@cp $(DISTRIBUTION)/go.sum builder-config.go.sum
	@rm $(DISTRIBUTION)/main.go

simulator:           ## build the simulated API into _build/jcsim
	@go build -o $(SIMULATOR) ./cmd/jcsim

test: generate-check faults-check lint unit simulation validate e2e  ## everything that CI checks

# The race detector makes a test five to ten times as slow, so it sees the short ones.
unit:                ## unit tests, and the short ones with the race detector, which needs a C compiler
	go test -timeout 30m -skip '^TestSimulation' $$(go list ./... | grep -v /internal/e2e)
	CGO_ENABLED=1 go test -race -short -timeout 45m -skip '^TestSimulation_C' $$(go list ./... | grep -v /internal/e2e)

SEEDS ?= 2000
simulation:          ## SEEDS seeds of the simulation, every crash point and every mutant, without the race detector
	go test -count=1 -timeout 45m -run '^TestSimulation' ./receiver/jumpcloudreceiver -seeds $(SEEDS)

# Not a part of `make test`, since it takes minutes. MUTANT is an expression for the ones to try.
MUTANT ?= .
mutants:             ## mistakes in the lines that the guarantee rests on, each of which a test has to notice
	@go run ./internal/mutants -run '$(MUTANT)'

e2e: dist simulator  ## tests of the built collector
	go test -count=1 -timeout 20m ./internal/e2e/...

# Not a part of `make test`: what the backends are built of has to be fetched, and takes a minute or two to compile.
backends: dist servers ## what real backends have, VictoriaLogs and a Kafka broker, compared with what was sent
	cd internal/e2e/backends && go test -count=1 -timeout 10m ./...

KILLS ?= 30
kills-backends: dist servers ## KILLS times SIGKILL in front of VictoriaLogs and of a Kafka broker each
	go test -count=1 -v -timeout 60m -run '^TestKills_RealBackends' ./internal/e2e -backends -kills $(KILLS)

# The backends that are built and run by tests.
servers: page
	cd internal/e2e/backends && go build -ldflags='-s -w' -o ../../../$(BUILD)/broker ./broker

# Nothing else should run meanwhile. BEFORE is the path of another collector, to see what a change brought.
DRAIN ?= 1000000
BEFORE ?=
drain: baseline      ## what reading DRAIN events of history costs the whole process, as tables, profiles and a picture
	@rm -f $(BUILD)/drain.md
	go test -count=1 -v -timeout 60m -run '^TestDrain' ./internal/e2e -drain $(DRAIN) -before '$(abspath $(BEFORE))'
	@go tool pprof -top -nodecount=25 $(BUILD)/cpu.out
	@go tool pprof -top -nodecount=10 -sample_index=inuse_space $(BUILD)/heap.out
	@cp $(BUILD)/drain.svg docs/drain.svg
	@cat $(BUILD)/drain.md

# No shipped source knows of the baseline: while it is compiled, two functions have another name and
# those of the baseline theirs.
BASELINE := $(BUILD)/baseline
baseline: dist
	@mkdir -p $(BASELINE)
	@sed 's/^func decodeBody(/func shippedBody(/' internal/insights/read.go >$(BASELINE)/read.go
	@sed 's/^func (m \*Mapper) Logs(/func (m *Mapper) shipped(/' internal/mapping/mapper.go >$(BASELINE)/mapper.go
	@printf '{"Replace":{"%s":"%s","%s":"%s","%s":"%s","%s":"%s"}}' \
		$(CURDIR)/internal/insights/read.go $(CURDIR)/$(BASELINE)/read.go \
		$(CURDIR)/internal/insights/baseline.go $(CURDIR)/internal/e2e/testdata/baseline/decode.go \
		$(CURDIR)/internal/mapping/mapper.go $(CURDIR)/$(BASELINE)/mapper.go \
		$(CURDIR)/internal/mapping/baseline.go $(CURDIR)/internal/e2e/testdata/baseline/logs.go >$(BASELINE)/overlay.json
	@cd $(DISTRIBUTION) && GOGC=400 go build -overlay ../baseline/overlay.json -ldflags='-s -w' -o ../otelcol-jumpcloud-baseline .

lint:                ## the linters
	$(LINTER) run ./...

format:              ## format the code
	$(LINTER) fmt ./...

generate:            ## what mdatagen makes of metadata.yaml
	go generate ./receiver/...

# What mdatagen writes, with its content's hash. It is compared with itself after a generation,
# so that other uncommitted changes do not matter.
GENERATED = git ls-files --cached --others --exclude-standard --deduplicate -- README.md receiver | \
	grep -E '^README.md|/documentation.md|/generated_' | while read -r file; do \
		test ! -f "$$file" || echo "$$(git hash-object "$$file") $$file"; done

generate-check:
	@mkdir -p $(BUILD)
	@{ $(GENERATED); } >$(BUILD)/generated.before
	@go generate ./receiver/...
	@{ $(GENERATED); } >$(BUILD)/generated.after
	@diff $(BUILD)/generated.before $(BUILD)/generated.after || \
		{ echo "Generated files differed from metadata.yaml. They are up to date now: commit them."; exit 1; }

faults:              ## docs/faults.md: the list of faults and their tests
	@go run ./internal/faultlist

faults-check:
	@cp docs/faults.md $(BUILD)/faults.before
	@go run ./internal/faultlist
	@diff $(BUILD)/faults.before docs/faults.md || { echo "docs/faults.md was not up to date. It is now: commit it."; exit 1; }

validate: dist       ## check the example configurations
	@for config in examples/*.yaml; do \
		JUMPCLOUD_API_KEY=checked-only STATE_DIRECTORY=$(BUILD)/state/validate $(COLLECTOR) validate --config "$$config" || \
			{ echo "$$config is not valid"; exit 1; }; \
	done
	@for config in simulator jumpcloud; do \
		JUMPCLOUD_API_KEY=checked-only STATE_DIRECTORY=$(BUILD)/state/validate $(COLLECTOR) validate --config examples/$$config.yaml \
			--config examples/run/terminal.yaml --config examples/run/page.yaml || { echo "$$config.yaml is not valid for make run"; exit 1; }; \
	done

# On one core, so that the garbage of a path is counted too.
BENCH ?= .
bench:               ## benchmarks that match BENCH, as tables of benchstat, and their ratios
	@mkdir -p $(BUILD)
	go test -run '^$$' -bench '$(BENCH)' -benchmem -count 6 -cpu 1 -timeout 30m ./internal/... ./receiver/... | tee $(BUILD)/bench.txt
	$(TOOL) benchstat -col /path $(BUILD)/bench.txt
	@sort -k1,1 -k3,3g $(BUILD)/bench.txt | awk -f internal/tools/ratios.awk

# The benchmarks of BEFORE, which is a commit, are built from its own sources. The two take turns in short runs, and
# the least of them is printed as well as benchstat's medians: what else the machine does meets both.
LEDGER := $(BUILD)/ledger
LEDGER_BENCH := ^Benchmark(Seen|Commit)$$/./^batch=1000$$/^path=receiver$$
ledger:              ## the checkpoint's benchmarks beside those of the commit BEFORE, in one run
	@git cat-file -e '$(BEFORE)^{commit}' || { echo "Say which commit to compare with: make ledger BEFORE=0ea36e6."; exit 1; }
	@rm -rf $(LEDGER)
	@mkdir -p $(LEDGER)/sources
	@git archive '$(BEFORE)' | tar -x -C $(LEDGER)/sources
	cd $(LEDGER)/sources && go test -c -o ../before ./internal/checkpoint
	go test -c -o $(LEDGER)/today ./internal/checkpoint
	@for turn in 1 2 3; do for built in before today; do \
		echo "Turn $$turn of 3, $$built"; \
		$(LEDGER)/$$built -test.run '^$$' -test.bench '$(LEDGER_BENCH)' -test.count 5 -test.benchtime 20ms -test.cpu 1 >>$(LEDGER)/$$built.txt; \
	done; done
	$(TOOL) benchstat before=$(LEDGER)/before.txt today=$(LEDGER)/today.txt
	@awk -f internal/tools/least.awk $(LEDGER)/before.txt $(LEDGER)/today.txt

measure:             ## how large packages, functions and types are; fails where a limit is exceeded
	@go run -C internal/tools ./measure ../..

FUZZTIME ?= 30s
fuzz:                ## every fuzz target for FUZZTIME each
	@git ls-files --cached --others --exclude-standard -- '*_test.go' | xargs grep -oE '^func Fuzz[A-Za-z0-9_]+' /dev/null | \
	while IFS=: read -r file target; do \
		go test -run '^$$' -fuzz "^$${target#func }$$" -fuzztime $(FUZZTIME) "./$$(dirname "$$file")" </dev/null; \
	done

tidy:                ## go.mod and go.sum of every module
	go mod tidy
	cd internal/e2e/backends && go mod tidy
	cd internal/tools && go mod tidy
	cd internal/tools/lint && go mod tidy
	cd internal/tools/packages && go mod tidy

clean:               ## remove what was built, and the state of `make run`
	rm -rf $(BUILD)

include packaging/packages.mk
