# `make demo` and `make test` need python3 (3.11 or newer) and make, nothing else: no root, no global package.
# Everything lives in .venv, made from requirements/dev.txt (exact versions, with hashes).

PYTHON ?= python3
BIN := .venv/bin
LOCK := requirements/dev.txt
READY := .venv/ready

export NO_PYTHON := badbuzz needs Python 3.11 or newer, and there is no $(PYTHON) here: install one (Debian, Ubuntu: \
apt-get install python3 python3-venv), or name one: make PYTHON=/path/to/python3 ...

.DEFAULT_GOAL := help
.PHONY: help demo test lint types bench ratios servers lock wheel clean

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 10

demo: $(READY) ## play a scripted crisis: mock platforms, the real daemon, local inboxes
	@$(BIN)/badbuzz demo

test: $(READY) ## every test; says what it could not run and how to get it
	@$(BIN)/python -m pytest -m "not bench" -rs -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder

lint: $(READY) ## style, layers, spelling, dependencies, sizes
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/codespell
	@$(BIN)/deptry .
	@$(BIN)/python .ci/sizes.py

types: $(READY) ## mypy, strict
	@$(BIN)/mypy

bench: $(READY) ## every figure and ratio of the documents, measured on this machine
	@$(BIN)/python -m tests.bench

ratios: $(READY) ## whether the hot path became slower than it was
	@$(BIN)/python -m tests.bench.ratios

servers: ## what the tests talk to (Debian, root)
	@sh .ci/servers
	@sh .ci/kafka/get

lock: $(READY) ## resolve every dependency again, for Python 3.11 to 3.14
	@$(BIN)/python -m pip install --quiet uv
	@$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
	    --all-extras --group dev --custom-compile-command "make lock" --output-file $(LOCK) pyproject.toml
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
	    --extra scale --extra apprise --group image --constraint $(LOCK) \
	    --custom-compile-command "make lock" --output-file requirements/image.txt pyproject.toml

wheel: $(READY) ## dist/badbuzz-*.whl
	@$(BIN)/python -m build --wheel --no-isolation --outdir dist .

clean: ## remove everything that was made here
	rm -rf .venv .servers build dist .coverage .coverage.* .*_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(READY): $(LOCK) pyproject.toml .ci/set_up.py
	@command -v $(PYTHON) >/dev/null || { echo "$$NO_PYTHON" >&2; exit 1; }
	@$(PYTHON) .ci/set_up.py $(LOCK) $(READY)
