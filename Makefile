# Rollcall's targets. `make help` (or `make`) says what each does.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.ONESHELL:
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

# Every debug build uses these flags, so that nothing is compiled twice: a target may import only what Package.swift lets it.
DEBUG_FLAGS := --explicit-target-dependency-import-check error
# Every release build uses these: the programs carry Swift's runtime, so that they run where no Swift is installed.
RELEASE_FLAGS := --configuration release --static-swift-stdlib
PROGRAMS := rollcalld rollcall-agent rollcall
FORMATTED := Sources Agent Controller Tests Package.swift
# Only the tests whose names match, for example: make test FILTER=RegistryTests
FILTER ?=
# The tests that `make test` runs on PostgreSQL too, in three parts, for each test has sessions and threads of its own; StorageTests runs on
# both engines at once.
ON_BOTH_ENGINES := ^(ServingTests|AuditTests|AccessTests|WebTests|RegistryTests)\. ^(EnrollmentTests|CheckInTests|RosterTests)\. \
  ^(HelpDeskTests|ReportsTests|DaemonTests)\.
# Rounds of `make kill-loop`; CI's end-to-end tests do 10.
ROUNDS ?= 200
# Rounds of `make failover`, each of which kills a database or a controller.
FAILOVER_ROUNDS ?= 20
# A folder with programs of 0.1 (those of ba2a4aa) for `make check-deb`; by default the present ones, packed as 0.1.0.
OLDER ?=
# Seconds that `make fuzz` gives to each parser.
SECONDS_EACH ?= 60
PARSERS ?=
# `make bench LONG=--long` also makes 100,000 check-ins of 10,000 devices.
LONG ?=
# Sizes and engines of `make bench-scale`, and what else bench/scale.py is told, such as SCALE="--room /var/tmp".
DEVICES ?= 4000 40000 400000
ENGINES ?= sqlite postgres
SCALE ?=
# What bench/reports.py is told.
BENCH ?=

# What bench/search.py is told besides, such as SEARCH="--users 45000 --devices 40000 --districts 14".
SEARCH ?=

# The browser of `make check-pages`.
CHROMIUM ?= /usr/bin/chromium

# Of `make check-api`: requests made for each operation, and from which number they are made.
CASES ?= 20
SEED ?= 1

.NOTPARALLEL:
.PHONY: help build run test bench bench-agent bench-scale bench-revocation bench-search bench-reports format lint ci fuzz kill-loop e2e-qemu e2e-tpm agent-size check-units check-restricted \
  deb check-deb check-deb-twice failover check-examples check-pages check-api \
  clean packages-run packages-test packages-bench packages-e2e packages-tpm packages-deb packages-examples packages-browser packages-api $(addprefix bin/,$(PROGRAMS))

help: ## what each target does (the default)
	@grep -hE '^[a-z0-9-]+:.*## ' $(firstword $(MAKEFILE_LIST)) | awk -F ':.*## ' '{ printf "make %-18s %s\n", $$1, $$2 }'

run: build ## start a controller with an example district, enrol this machine, show it, stay until Ctrl-C
	@exec scripts/run.sh

build: $(addprefix bin/,$(PROGRAMS)) ## put the release programs rollcalld, rollcall-agent and rollcall into bin/

$(addprefix bin/,$(PROGRAMS)): bin/%: packages-run
	@swift build $(RELEASE_FLAGS) --product $*
	@mkdir -p bin
	@scripts/strip.sh "$$(swift build $(RELEASE_FLAGS) --show-bin-path)/$*" $@

test: packages-run packages-test ## run all tests, those of stores and features on both engines (make test FILTER=RegistryTests: only those)
	@swift build $(DEBUG_FLAGS) --build-tests
	@scripts/test.sh $(DEBUG_FLAGS) --skip-build --disable-xctest $(if $(FILTER),--filter '$(FILTER)')
	@for part in $(if $(FILTER),'$(FILTER)',$(foreach part,$(ON_BOTH_ENGINES),'$(part)')); do \
	  ROLLCALL_TEST_ENGINE=postgres scripts/test.sh $(DEBUG_FLAGS) --skip-build --disable-xctest --filter "$$part" || exit 1; done

bench-agent: bin/rollcalld bin/rollcall-agent bin/rollcall packages-bench ## only the agent, beside C programs that read and post the same
	@python3 bench/run.py --programs bin

bench: build packages-bench ## measure agent and controller beside their peers, for BENCHMARKS.md (LONG=--long: memory too)
	@swift build $(RELEASE_FLAGS) --product rollcall-swarm
	@python3 bench/run.py --programs bin --swarm "$$(swift build $(RELEASE_FLAGS) --show-bin-path)/rollcall-swarm" $(LONG)

bench-scale: build packages-test packages-bench ## seed states of DEVICES on ENGINES, measure each, write var/scale/scale.{json,md,svg}
	@swift build $(RELEASE_FLAGS) --product rollcall-swarm
	@python3 bench/scale.py --programs bin --swarm "$$(swift build $(RELEASE_FLAGS) --show-bin-path)/rollcall-swarm" --devices $(DEVICES) \
	  --engines $(ENGINES) $(SCALE)

bench-reports: build packages-test packages-bench ## the overview, lists and files of a seeded state (BENCH="--devices 400000 --engine postgres")
	@swift build $(RELEASE_FLAGS) --product rollcall-swarm
	@python3 bench/reports.py --programs bin --swarm "$$(swift build $(RELEASE_FLAGS) --show-bin-path)/rollcall-swarm" $(BENCH)

bench-revocation: build packages-test packages-bench ## how soon a revocation at one controller is another's, 50 times on one PostgreSQL
	@python3 bench/revocation.py --programs bin

bench-search: build packages-test packages-bench ## the help desk's search at 400,000 devices and 450,000 people on both engines, into var/search
	@swift build $(RELEASE_FLAGS) --product rollcall-swarm
	@python3 bench/search.py --programs bin --swarm "$$(swift build $(RELEASE_FLAGS) --show-bin-path)/rollcall-swarm" $(SEARCH)

format: ## lay out every Swift file by .swift-format
	@swift format format --in-place --recursive --parallel $(FORMATTED)

lint: ## fail on any Swift file that is not laid out by .swift-format, or breaks its rules
	@swift format lint --strict --recursive --parallel $(FORMATTED)

ci: ## what the build server runs
	@.ci/run

kill-loop: packages-run packages-test ## kill -9 the controller under load ROUNDS times (200) and look for what was acknowledged
	@swift build $(DEBUG_FLAGS) --build-tests
	@ROLLCALL_KILL_ROUNDS=$(ROUNDS) swift test $(DEBUG_FLAGS) --skip-build --disable-xctest --filter KillLoop

fuzz: packages-run ## libFuzzer on each parser of strangers' bytes, SECONDS_EACH (60) long; PARSERS="csv gzip": only those
	@SECONDS_EACH="$(SECONDS_EACH)" PARSERS="$(PARSERS)" scripts/fuzz.sh

e2e-qemu: build packages-e2e ## a QEMU machine with SMBIOS, NVMe and TPM enrols, checks in, is reset, and is shown
	@scripts/e2e-qemu/run.sh

e2e-tpm: build packages-tpm ## the agent enrols and checks in with its key in a TPM, which is software here
	@timeout --kill-after=30 300 python3 scripts/e2e-tpm/run.py --programs bin

agent-size: bin/rollcall-agent ## fail where the stripped agent is larger than 16 MB
	@scripts/check-agent-size.sh bin/rollcall-agent

check-units: packages-test ## verify the systemd units and the limits of their exposure
	@scripts/check-units.sh

check-restricted: build packages-test ## run the real programs under the units' restrictions, without systemd
	@scripts/check-restricted.sh

deb: build packages-deb ## Debian packages of the three programs, into deb/
	@rm -rf deb && scripts/deb/build.sh bin deb
	@lintian --profile debian $$([[ $$EUID != 0 ]] || echo --allow-root) --fail-on error,warning deb/*.changes
	@ls -l deb/*.deb

check-deb: build packages-deb ## pack twice and compare; install, upgrade, interrupt, downgrade, purge in a small Debian (root)
	@scripts/deb/check.sh bin $(OLDER)

check-deb-twice: packages-run packages-deb ## also build the programs twice from nothing, and compare the packages' bytes (slow)
	@scripts/deb/twice.sh

failover: packages-test $(addprefix bin/,$(PROGRAMS)) ## kill -9 databases and controllers FAILOVER_ROUNDS times (20), and count what was acknowledged
	@swift build $(RELEASE_FLAGS) --product rollcall-swarm
	@python3 scripts/failover/run.py --programs bin --swarm "$$(swift build $(RELEASE_FLAGS) --show-bin-path)/rollcall-swarm" \
	  --rounds $(FAILOVER_ROUNDS)

check-pages: build packages-browser ## a real Chromium (CHROMIUM) signs in by keyboard and looks at every page, with axe; pictures in var/pages
	@[[ -x var/browser/bin/playwright ]] || python3 -m venv var/browser
	@var/browser/bin/pip install --quiet --requirement scripts/browser/requirements.txt
	@var/browser/bin/python scripts/browser/run.py --programs bin --chromium $(CHROMIUM) --screenshots var/pages

check-api: packages-run packages-api ## Schemathesis asks a real controller, as its OpenAPI document says, CASES (20) times an operation, from SEED (1)
	@[[ -x var/api/bin/schemathesis ]] || python3 -m venv var/api
	@var/api/bin/pip install --quiet --requirement scripts/api/requirements.txt
	@for program in $(PROGRAMS); do swift build $(DEBUG_FLAGS) --product $$program; done
	@var/api/bin/python scripts/api/run.py --programs "$$(swift build $(DEBUG_FLAGS) --show-bin-path)" --cases $(CASES) --seed $(SEED)

check-examples: packages-examples build ## run docs/examples, a namespace for each machine; then one thing fails after another (root)
	@swift build $(RELEASE_FLAGS) --product rollcall-swarm
	@python3 scripts/examples/run.py --programs bin --swarm "$$(swift build $(RELEASE_FLAGS) --show-bin-path)/rollcall-swarm"

clean: ## remove what was built (var/ stays: it holds data)
	@rm -rf .build .build-deb bin deb

packages-run packages-test packages-bench packages-e2e packages-tpm packages-deb packages-examples packages-browser packages-api: packages-%:
	@scripts/install-packages.sh $*
