# Everything a fresh machine needs is made by these targets, in .venv; each can be run again.
#   make app    open the workbench on the needle sample
#   make test   lint, types, import contracts, unit and browser tests
#   make test-all  the tests that take longer, too
#   make bench  compare speed with etspy      make docs   build the documentation
#   make binder do what mybinder.org does, and drive its page in a browser
#   make pictures  make the pictures of README and documentation from real runs

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
VENV := .venv
BIN := $(VENV)/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# an activated environment or a PYTHONPATH of the caller must not leak into ours
unexport VIRTUAL_ENV PYTHONPATH PYTHONHOME CONDA_PREFIX

PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do \
	$$p -c 'import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null && echo $$p && break; done)

.PHONY: help app test test-all lint types contracts unit bench docs pictures binder chromium clean

help:
	@sed -n '2,8p' Makefile | cut -c3-

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "etwidgets needs Python 3.11 to 3.13 with venv (Debian: apt-get install python3-venv)"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --upgrade pip

$(VENV)/.app: pyproject.toml | $(BIN)/python
	$(BIN)/pip install --quiet --editable '.[app,samples,spectral]'
	@touch $@

$(VENV)/.test: pyproject.toml | $(BIN)/python
	$(BIN)/pip install --quiet --editable '.[test]'
	@touch $@ $(VENV)/.app

$(VENV)/.docs: pyproject.toml | $(BIN)/python
	$(BIN)/pip install --quiet --editable '.[docs]'
	@touch $@

app: $(VENV)/.app
	$(BIN)/etwidgets app --sample needle

test: $(VENV)/.test chromium
	@$(MAKE) --no-print-directory -j3 lint types contracts
	@$(MAKE) --no-print-directory unit

lint: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/codespell

types: $(VENV)/.test
	$(BIN)/mypy

contracts: $(VENV)/.test
	$(BIN)/lint-imports

test-all: $(VENV)/.test lint types contracts chromium
	MPLBACKEND=agg $(BIN)/pytest -m 'slow or not slow'

# Two processes with two threads of OpenBLAS each wait for one another: its small matrices need one.
# A browser needs both processors to itself: its tests run alone, after the others.
unit: $(VENV)/.test
	MPLBACKEND=agg OPENBLAS_NUM_THREADS=1 $(BIN)/pytest -n 2 --dist loadgroup --durations=25 -m 'not browser and not slow'
	MPLBACKEND=agg $(BIN)/pytest --durations=15 -m 'browser and not slow'

chromium:
	@tools/install-chromium

bench: $(VENV)/.test
	@for file in tests/benchmarks/bench_*.py; do $(BIN)/python $$file; done

docs: $(VENV)/.docs
	$(BIN)/sphinx-build -W --keep-going -q -b html docs docs/_build/html
	$(BIN)/python docs/check_links.py docs/_build/html

pictures: $(VENV)/.test chromium
	@for file in docs/make_*.py; do $(BIN)/python $$file; done

binder: $(VENV)/.test chromium
	$(BIN)/python binder/check.py

clean:
	rm -rf $(VENV) docs/_build build dist test-artifacts .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
