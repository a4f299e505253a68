# Everything a newcomer needs. `make help` lists it.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
UV := uv==0.13.9

# The first of these that is new enough makes the environment; `make PYTHON=… ` chooses another.
PYTHON ?= $(firstword $(foreach name,python3 python3.13 python3.12 python3.11,$(if $(shell \
	$(name) -c 'import sys; print(sys.version_info >= (3, 11) or "")' 2>/dev/null),$(name))))

# How many test files run side by side, each lane on a broker of its own. Tests mostly wait for processes to start.
LANES ?= 2

# What follows the command: make demo ARGS="--events 5000", make test ARGS="-k settings".
ARGS ?=

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: demo
demo: $(READY) ## Set up and show it all: broker, roles, real traffic, kills, a summary
	@$(BIN)/orderlog demo $(ARGS)

.PHONY: test
test: $(READY) ## Set up and run the whole test suite
	@$(BIN)/pytest -n $(LANES) --dist loadfile $(ARGS)

.PHONY: check
check: $(READY) ## Lint, format, types, layers, topic names
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/pytest -q tests/house/test_layers.py tests/house/test_topic_names.py tests/house/test_files.py

.PHONY: bench
bench: $(READY) ## Measure, side by side with the peers
	@$(BIN)/python -m tests.bench $(ARGS)

.PHONY: setup
setup: $(READY) ## Only make the environment (.venv)

.PHONY: lock
lock: $(READY) ## Choose the versions of all dependencies anew
	@compile() { $(BIN)/uv pip compile pyproject.toml --quiet --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-emit-find-links --no-header --no-annotate "$$@"; }; \
	compile --upgrade --extra dev --output-file requirements.lock; \
	compile --constraints requirements.lock --output-file requirements-runtime.lock

.PHONY: clean
clean: ## Remove what make has made: environment, caches, local data
	@rm -rf $(VENV) .orderlog .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis bench-results build dist
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(READY): pyproject.toml requirements.lock
	@if [ -z "$(PYTHON)" ]; then \
		echo "Orderlog needs Python 3.11 or newer, and found none: install it, or say make PYTHON=/path/to/python" >&2; exit 1; fi
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Orderlog needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version 2>&1)" >&2; exit 1; }
	@echo "Setting up $(VENV) (once)"
	@[ -x $(BIN)/python ] || $(PYTHON) -m venv $(VENV) || { \
		echo "$(PYTHON) cannot make environments: install its venv module (Debian, Ubuntu: python3-venv)" >&2; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check "$(UV)"
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes --requirement requirements.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@
