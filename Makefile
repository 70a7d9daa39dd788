# What a developer types. `make help` lists it; docs/development.md explains it.
# Stamps in .venv, client/node_modules and .cache keep a second run quick.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

PORT ?= 8080
ARGS ?=
PYTEST_ARGS ?=
FUZZ_SECONDS ?= 60
QUALITY ?=
LOAD ?=
PYTHON ?= python3

# An activated virtual environment of somebody else's must not receive our packages.
export VIRTUAL_ENV := $(CURDIR)/.venv
export PATH := $(CURDIR)/.venv/bin:$(PATH)

VENV_PYTHON := .venv/bin/python
RUNTIME := .venv/.runtime-installed
DEV := .venv/.dev-installed
FUZZER := .venv/.fuzzer-installed
NODE_MODULES := client/node_modules/.installed
PAGE := trio_sfu/page/index.html
NATIVE := .venv/.native-built
BROWSERS := .cache/browsers-installed

RUST_SOURCES := $(shell find native -path native/target -prune -o -path native/fuzz -prune -o \
	-type f \( -name '*.rs' -o -name 'Cargo.*' \) -print)
PAGE_SOURCES := $(shell find client -path client/node_modules -prune -o -path client/test -prune \
	-o -path client/dist -prune -o -type f -print)
CARGO := cd native && cargo

.PHONY: help
help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 12

# ---- set up ----------------------------------------------------------------------

.PHONY: setup
setup: $(RUNTIME) $(NATIVE) $(PAGE) ## Everything `trio-sfu serve` needs

.PHONY: setup-dev
setup-dev: setup $(DEV) ## The same, and what the checks and tests need

$(VENV_PYTHON):
	tools/install-packages cc:gcc make:make pkg-config:pkg-config
	$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' \
		|| { echo "trio-sfu needs Python 3.11, 3.12 or 3.13: make PYTHON=python3.11 ..." >&2; exit 1; }
	$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || tools/install-packages :python3-venv
	$(PYTHON) -m venv .venv

$(RUNTIME): requirements/runtime.txt | $(VENV_PYTHON)
	$(VENV_PYTHON) -m pip install --quiet --disable-pip-version-check --no-deps -r $<
	touch $@

$(DEV): requirements/dev.txt requirements/runtime.txt | $(RUNTIME)
	$(VENV_PYTHON) -m pip install --quiet --disable-pip-version-check --no-deps -r $<
	touch $@

$(FUZZER): requirements/fuzz.txt | $(DEV)
	$(VENV_PYTHON) -m pip install --quiet --disable-pip-version-check --no-deps -r $<
	touch $@

$(NATIVE): $(RUST_SOURCES) pyproject.toml | $(RUNTIME)
	@command -v cargo >/dev/null || { echo "trio-sfu needs Rust (cargo) 1.88 or newer" >&2; exit 1; }
	PIP_QUIET=1 .venv/bin/maturin develop --quiet --release --locked
	touch $@

$(NODE_MODULES): client/package.json client/package-lock.json
	@command -v npm >/dev/null || { echo "trio-sfu needs Node.js 20.19 or newer" >&2; exit 1; }
	@# Not `npm ci`: it refuses a lock file that was written where the registry has only
	@# this platform's optional packages. Versions are exact and the lock is obeyed all the same.
	cd client && npm install --no-save --no-audit --no-fund --loglevel=error
	touch $@

$(PAGE): $(NODE_MODULES) $(PAGE_SOURCES)
	cd client && npm run --silent build
	touch $@

$(BROWSERS): tools/install-packages
	tools/install-packages chromium:chromium firefox-esr:firefox-esr ip:iproute2 nft:nftables \
		systemd-analyze:systemd systemd-nspawn:systemd-container dbus-daemon:dbus \
		turnserver:coturn promtool:prometheus nginx:nginx caddy:caddy
	mkdir -p $(@D)
	touch $@

# ---- use -------------------------------------------------------------------------

.PHONY: run
run: setup ## Start the daemon: make run [PORT=8080] [ARGS="..."]
	@echo "trio-sfu: http://localhost:$(PORT)/  (Ctrl-C stops it)"
	@exec .venv/bin/trio-sfu serve --http-port $(PORT) $(ARGS)

.PHONY: dist
dist: $(RUNTIME) $(DEV) $(PAGE) ## A wheel and an sdist with the built page inside, and what is in them, into dist/
	rm -rf dist
	$(VENV_PYTHON) -m tools.bill dist
	mv dist/third-party-licenses.txt trio_sfu/
	tools/build-wheel dist
	.venv/bin/maturin sdist --out dist
	$(VENV_PYTHON) -m tools.check_dist dist

.PHONY: client-package
client-package: $(NODE_MODULES) ## The browser library as a package for npm, into client/dist/
	cd client && npm run --silent build:lib && npm pack --silent --pack-destination dist ./dist

.PHONY: deb
deb: dist ## A Debian package of the wheel and all that it needs, into dist/
	tools/install-packages dpkg-deb:dpkg
	$(VENV_PYTHON) -m tools.deb dist/*.whl dist
	$(VENV_PYTHON) -m tools.check_dist dist

# ---- check -----------------------------------------------------------------------

.PHONY: check
check: setup-dev ## Formatting, lints, types, drift: everything that needs no running program
	tools/check

.PHONY: format
format: $(DEV) $(NODE_MODULES) ## Format every language
	.venv/bin/ruff format .
	.venv/bin/ruff check --fix-only --quiet . || true
	$(CARGO) fmt --all
	cd client && npm run --silent format

.PHONY: test
test: setup-dev $(BROWSERS) ## cargo test, vitest, pytest with real browsers
	tools/test $(PYTEST_ARGS)

.PHONY: fuzz
fuzz: setup-dev $(FUZZER) ## Fuzz every target for FUZZ_SECONDS each
	native/fuzz/run.sh $(FUZZ_SECONDS)
	tests/fuzz/run.sh $(FUZZ_SECONDS)

.PHONY: soak
soak: setup-dev $(BROWSERS) $(FUZZER) ## Fuzz everything (FUZZ_SECONDS a target) and run the long loops
	tools/soak $(FUZZ_SECONDS)

.PHONY: bench-memory
bench-memory: setup-dev ## Measure how much memory a peer costs the daemon
	$(VENV_PYTHON) -m benchmarks.memory

.PHONY: bench-join
bench-join: setup-dev $(BROWSERS) ## Time the join of a Chromium page, 20 times
	$(VENV_PYTHON) -m benchmarks.join

.PHONY: bench-load
bench-load: setup-dev ## Load the daemon, Janus and the floor in turn (root): LOAD="meeting --rounds 3", or all
	tools/install-packages janus:janus perf:linux-perf
	$(VENV_PYTHON) -m benchmarks.load $(LOAD)

.PHONY: bench-quality
bench-quality: setup-dev $(BROWSERS) ## Play calls on bad networks (root): QUALITY="drop --runs 3", or all
	tools/install-packages iperf3:iperf3 tesseract:tesseract-ocr
	$(VENV_PYTHON) -m benchmarks.quality $(QUALITY)

.PHONY: screenshot
screenshot: setup-dev $(BROWSERS) ## Take the pictures of the page in docs/images from real calls
	$(VENV_PYTHON) -m tools.screenshot

.PHONY: screenshot-tree
screenshot-tree: setup-dev $(BROWSERS) ## Take docs/images/tree.png from a real call
	$(VENV_PYTHON) -m tools.screenshot_tree

.PHONY: pins
pins: $(DEV) ## Write requirements/*.txt anew from what is installed in .venv
	$(VENV_PYTHON) tools/pin.py

.PHONY: clean
clean: ## Remove what was built (not .venv and node_modules: `make distclean`)
	rm -rf trio_sfu/page trio_sfu/_native*.so trio_sfu/third-party-licenses.txt dist artifacts .cache native/target native/fuzz/target \
		.mypy_cache .ruff_cache .pytest_cache .hypothesis $(NATIVE)
	find . -name __pycache__ -not -path './.venv/*' -not -path '*/node_modules/*' -prune -exec rm -rf {} +

.PHONY: distclean
distclean: clean ## Remove everything that git does not know
	rm -rf .venv client/node_modules
