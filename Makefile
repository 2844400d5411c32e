# Verbs for people and for CI. Each sets up what it needs in .venv first, and finds it there again.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test test-pythons test-train test-vllm check-vscode test-vscode test-page page fuzz bench bench-load lint train lock lock-vllm clean

PYTHON ?= $(shell scripts/find_python)
BIN := .venv/bin
INSTALL := -m pip install --quiet --disable-pip-version-check --require-hashes
EDITABLE := -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
TORCH := torch==2.13.0
NEEDS_PYTHON = test -n "$(PYTHON)" || \
  { echo "Foreframe needs Python 3.11 or newer; name one: make PYTHON=/path/to/python3" >&2; exit 1; }

help: ## what there is
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 15

demo: .venv/.runtime ## predict examples/strawberry.py, check it against a real run
	$(BIN)/foreframe trace examples/strawberry.py --function count_letter \
	  --args "'strawberry', 'r'" --check --max-frames 60

test: .venv/.dev ## the tests that need no other model, on this Python
	$(BIN)/pytest -m "not vllm and not browser"

test-pythons: ## the tests of protocol and models on each other supported Python found here
	scripts/test_pythons

test-train: .venv/.train ## the tests that need torch
	$(BIN)/pytest tests/models/training

test-vllm: .venv-vllm/.vllm ## the tests against a real vLLM server, in an environment of its own
	.venv-vllm/bin/pytest -m vllm tests/vllm

check-vscode: ## lint the extension and test its pure parts (needs Node)
	tests/vscode/check

test-vscode: .venv/.dev ## the extension in a real VS Code (needs Node and Chromium)
	tests/vscode/install
	tests/vscode/run

test-page: .venv/.dev ## the page of `foreframe serve` in a browser (needs Node and Chromium)
	tests/page/install
	tests/page/check
	$(BIN)/pytest -m browser tests/page

page: ## bundle anew what the page takes from others (needs Node)
	tests/page/check --write

fuzz: .venv/.dev ## 200,000 mutated messages, and requests made of the OpenAPI document
	$(BIN)/python tests/fuzz/run.py

bench: .venv/.dev ## speed and memory, as one table
	$(BIN)/python tests/bench/run.py

bench-load: .venv/.dev ## 200 sessions at once over HTTP and WebSocket (ten minutes)
	$(BIN)/python tests/bench/load.py

lint: .venv/.dev ## style and types
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

train: .venv/.train ## train the small model (hours on a CPU; resumable)
	$(BIN)/foreframe train

clean: ## remove the environments
	rm -rf .venv .venv-vllm .venv-py*

# The environments. A stamp is newer than the lock file that it was installed from.

.venv/bin/python:
	@$(NEEDS_PYTHON)
	$(PYTHON) -m venv .venv

.venv/.runtime: requirements/runtime.txt pyproject.toml | .venv/bin/python
	$(BIN)/python $(INSTALL) -r requirements/runtime.txt
	$(BIN)/python $(EDITABLE)
	touch $@

.venv/.dev: requirements/dev.txt .venv/.runtime
	$(BIN)/python $(INSTALL) -r requirements/dev.txt
	touch $@

# torch is pinned without hashes: which build is right depends on the machine (CPU, CUDA).
.venv/.train: requirements/train.txt .venv/.dev
	$(BIN)/python $(INSTALL) --no-deps -r requirements/train.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check $(TORCH)
	touch $@

# vLLM brings its own torch, and pins of its own: never in one environment with Foreframe's.
.venv-vllm/.vllm: requirements/vllm.txt pyproject.toml
	@$(NEEDS_PYTHON)
	test -x .venv-vllm/bin/python || $(PYTHON) -m venv .venv-vllm
	.venv-vllm/bin/python $(INSTALL) --no-deps -r requirements/vllm.txt
	.venv-vllm/bin/python -m pip install --quiet --disable-pip-version-check $(TORCH)
	.venv-vllm/bin/python $(EDITABLE)
	touch $@

# The locks: for every platform and Python, without the name of any registry.

LOCK := UV_CUSTOM_COMPILE_COMMAND="make lock" uv pip compile --quiet --generate-hashes --no-emit-index-url --python-version 3.11

lock: ## bring requirements/*.txt up to date with pyproject.toml (needs uv; UPGRADE=--upgrade for newer ones)
	$(LOCK) $(UPGRADE) --universal pyproject.toml requirements/build.in --extra dev -o requirements/dev.txt
	$(LOCK) $(UPGRADE) --universal pyproject.toml requirements/build.in -c requirements/dev.txt -o requirements/runtime.txt
	# resolved as for a platform where torch brings no CUDA packages along; the hashes are of all platforms
	echo "$(TORCH)" | MACOSX_DEPLOYMENT_TARGET=14.0 $(LOCK) $(UPGRADE) --python-platform macos pyproject.toml - --extra train \
	  -c requirements/dev.txt --no-emit-package torch -o requirements/train.txt

lock-vllm: ## the same for vLLM on Linux; UV_FIND_LINKS names a folder with torch's CPU build
	$(LOCK) $(UPGRADE) pyproject.toml requirements/build.in requirements/vllm.in \
	  --override requirements/vllm-overrides.txt --no-emit-package torch -o requirements/vllm.txt
