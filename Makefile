# `make help` prints what stands behind the targets' `##`.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
# More arguments for pytest or the measurements, as in: make test ARGS="-k peering -x"
ARGS ?=

.PHONY: help
help: ## Print this help
	@sed -n 's/^\([a-z][a-z-]*\):.*## \(.*\)/  make \1#\2/p' $(MAKEFILE_LIST) | awk -F'#' '{printf "%-18s %s\n", $$1, $$2}'

# ---- use ------------------------------------------------------------------------------------------------------------

.PHONY: setup
setup: $(VENV)/.dev ## Make .venv with peerway and what its tests and checks need

.PHONY: demo
demo: $(VENV)/.runtime ## Run the main job end to end on real packets and tell what happens
	@scripts/prepare system nft ip
	@$(BIN)/python examples/main_job.py $(ARGS)

# ---- develop --------------------------------------------------------------------------------------------------------

# Files side by side, as many as there are processors; each file's tests one after another, since they share what they start. In
# the order of folders, so that the long ones, which have few tests, don't come last.
TESTS = $(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder

.PHONY: test
test: $(VENV)/.dev ## Run the tests, without the slow ones (ARGS="-k peering -x" narrows)
	@scripts/prepare system nft ip
	@scripts/prepare kernel
	@$(TESTS) -m "not slow" $(ARGS)

.PHONY: test-all
test-all: $(VENV)/.dev ## Run all tests
	@scripts/prepare system nft ip
	@scripts/prepare kernel
	@$(TESTS) $(ARGS)

.PHONY: bench
bench: $(VENV)/.bench ## Measure, and print the table of docs/benchmarks.md
	@scripts/prepare system nft ip iperf3 ovn-northd
	@scripts/prepare kernel
	@$(BIN)/python -m bench $(ARGS)

.PHONY: check
check: $(VENV)/.dev ## Lint, check format, types and import directions
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

.PHONY: fix
fix: $(VENV)/.dev ## Mend what ruff can mend, and format
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

.PHONY: clean
clean: ## Remove the environment, caches and what builds leave
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# ---- environment ----------------------------------------------------------------------------------------------------
# The stamps make repeated calls instant. Each lock contains the one before it, with the same versions.

$(BIN)/python:
	@scripts/prepare python

LOCKED = $(PIP) install --require-hashes --no-build-isolation
# Most modules of the SDKs are never imported: compiling them all would take longer than the download.
LOCKED_SDKS = $(LOCKED) --no-compile --use-pep517
EDITABLE = $(PIP) install --no-build-isolation --no-deps --editable .

$(VENV)/.runtime: requirements/runtime.txt pyproject.toml | $(BIN)/python
	@echo "setup: installing what peerway needs" >&2
	@$(LOCKED) -r $<
	@$(EDITABLE)
	@touch $@

# Some SDKs come as source only, and are built with this.
$(VENV)/.source: requirements/source.txt | $(BIN)/python
	@$(LOCKED) -r $<
	@touch $@

# SDKs that can't stand beside the others have a folder each, which a test gives to a process of its own as PYTHONPATH.
APART := $(patsubst requirements/sdk-%.txt,$(VENV)/sdk/%/.installed,$(wildcard requirements/sdk-*.txt))

$(VENV)/sdk/%/.installed: requirements/sdk-%.txt | $(VENV)/.source
	@echo "setup: installing the SDK $*, apart from the others" >&2
	@rm -rf $(@D)
	@$(LOCKED_SDKS) --target $(@D) -r $<
	@touch $@

$(VENV)/.dev: requirements/dev.txt pyproject.toml $(APART) | $(VENV)/.source
	@echo "setup: installing what peerway, its tests and its checks need" >&2
	@$(LOCKED_SDKS) -r $<
	@$(EDITABLE)
	@touch $(VENV)/.runtime $@

$(VENV)/.bench: requirements/bench.txt pyproject.toml $(APART) | $(VENV)/.source
	@echo "setup: installing what the measurements need" >&2
	@$(LOCKED_SDKS) -r $<
	@$(EDITABLE)
	@touch $(VENV)/.runtime $(VENV)/.dev $@

# ---- locks ----------------------------------------------------------------------------------------------------------
# Names, versions and hashes, and no address, so that the locks hold for every mirror. uv is needed only here.

RESOLVE = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
	--no-emit-index-url --no-emit-find-links $(ARGS)
COMPILE = $(RESOLVE) pyproject.toml requirements/build.in
ALONE = $(patsubst requirements/%.in,%,$(wildcard requirements/sdk-*.in)) source

.PHONY: lock
lock: $(VENV)/.dev ## Renew the locks within what pyproject.toml allows (ARGS=--upgrade takes the newest)
	$(PIP) install uv
	$(COMPILE) --output-file requirements/runtime.txt
	$(COMPILE) --extra dev --extra sdk --constraint requirements/runtime.txt --output-file requirements/dev.txt
	$(COMPILE) --extra dev --extra sdk --extra bench --constraint requirements/dev.txt --output-file requirements/bench.txt
	@set -e; for lock in $(ALONE); do \
		$(RESOLVE) requirements/$$lock.in --output-file requirements/$$lock.txt; \
	done
