# Inbeeld: needs make and Python 3.11 or 3.12, nothing else. `make` sets up .venv and lists the targets.
PYTHON ?= python3
MINUTES ?= 20
VENV := .venv
BIN := $(VENV)/bin
PIP := -m pip install -qq --disable-pip-version-check --no-deps
# A development environment can do all that the runtime one can.
READY := $(if $(wildcard $(VENV)/.dev),$(VENV)/.dev,$(VENV)/.runtime)

.DEFAULT_GOAL := setup
.PHONY: setup help demo regions test faults lint format bench lock clean python browser

setup: $(READY) help ## install what a run needs into .venv (the default)

help: ## show the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' Makefile

demo: $(READY) ## install what a run needs, reconcile the shipped samples into ./demo, show what was found
	$(BIN)/inbeeld demo

regions: $(READY) ## run the four regions, each from its own folder of settings and samples, into ./demo/regions
	$(BIN)/inbeeld demo --regions

test: $(VENV)/.dev browser ## install the development tools and run all tests
	$(BIN)/python -m pytest -n 2 --dist worksteal

faults: $(VENV)/.dev ## break things on purpose, at length, and print what came of it (a suite takes MINUTES=20 and a little)
	$(BIN)/python -m tests.faults --minutes $(MINUTES)

lint: $(VENV)/.dev ## check style, format and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(VENV)/.dev ## put the code in its format
	$(BIN)/ruff check --fix --quiet . || true
	$(BIN)/ruff format .

bench: .venv-bench/.bench .venv-bench-pseudo/.bench .venv-bench-mismo/.bench ## measure side by side with peers (in environments of their own)
	.venv-bench/bin/python -m benchmarks

lock: ## maintainers: write the lock files anew (needs uv)
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	  --upgrade --quiet pyproject.toml -o requirements.lock
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	  --upgrade --quiet --extra dev pyproject.toml -o requirements-dev.lock
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	  --upgrade --quiet --extra dev --extra bench pyproject.toml -o requirements-bench.lock
	for name in pseudo mismo; do \
	  uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	    --upgrade --quiet benchmarks/$$name.in -o requirements-bench-$$name.lock || exit 1; \
	done

clean: ## remove the environments, the demo and all caches
	rm -rf $(VENV) .venv-bench .venv-bench-pseudo .venv-bench-mismo demo build benchmarks/out *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The locks name every package, so nothing is resolved here, and each file must match its hash.
# setuptools only builds, so it stands in the development lock.
$(VENV)/.runtime: requirements.lock pyproject.toml | python
	$(call install,$(VENV),requirements.lock)
	@touch $@

$(VENV)/.dev: requirements-dev.lock pyproject.toml | python
	$(call install,$(VENV),requirements-dev.lock)
	@touch $@

.venv-bench/.bench: requirements-bench.lock pyproject.toml | python
	$(call install,.venv-bench,requirements-bench.lock)
	@touch $@

# What cannot stand beside the others: neither has Inbeeld in it.
.venv-bench-%/.bench: requirements-bench-%.lock | python
	@echo "installing $< into $(@D)"
	@test -x $(@D)/bin/python || $(PYTHON) -m venv $(@D)
	@$(@D)/bin/python $(PIP) --require-hashes -r $<
	@touch $@

define install
	@echo "installing $(2) into $(1) (a few minutes the first time)"
	@test -x $(1)/bin/python || $(PYTHON) -m venv $(1)
	@$(1)/bin/python $(PIP) --require-hashes -r $(2)
	@awk '/^[^ ]/ { wanted = /^setuptools==/ } wanted' requirements-dev.lock >$(1)/build.txt
	@$(1)/bin/python $(PIP) --require-hashes -r $(1)/build.txt
	@$(1)/bin/python $(PIP) --no-build-isolation --editable .
endef

python:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 12))' || { \
	  echo "Inbeeld needs Python 3.11 or 3.12, $(PYTHON) is not: try make PYTHON=python3.11" >&2; exit 1; }

# The web tests drive a real browser; without one they are skipped, and say so.
browser:
	@if command -v chromium >/dev/null 2>&1; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then \
	  echo "installing chromium for the web tests"; \
	  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium; } \
	    >/dev/null 2>&1 || echo "WARNING: chromium could not be installed, the web tests WILL BE SKIPPED" >&2; \
	else echo "WARNING: no chromium, the web tests WILL BE SKIPPED" >&2; fi
