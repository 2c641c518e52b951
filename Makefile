# make run    start the demo gateway; `make` alone lists everything
#
# A machine with Python 3.11 or later and make is enough: the first target that needs something installs it into .venv.

.DEFAULT_GOAL := help
.PHONY: help run test lint bench docs docs-check clean
MAKEFLAGS += --no-print-directory

# The first Python that is new enough; `make PYTHON=/path/to/python` takes another.
PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet install
# What is installed follows from these files; when one changes, it is installed again.
SOURCES := setup.cfg pyproject.toml

help:
	@echo "make run     start the demo gateway (conf/telgw.yaml) in the foreground; Ctrl-C stops it"
	@echo "make test    lint, type check and every test"
	@echo "make lint    lint and type check alone"
	@echo "make bench   the benchmarks, as one table"
	@echo "make docs    write again the pages of docs/ that are made from the code"
	@echo "make clean   remove .venv and everything else that was made here"

run: $(VENV)/.ready
	@exec $(BIN)/telgw run -c conf/telgw.yaml

# Tests run even when lint finds something, so that one run tells everything; their closing line is the last one.
test: $(VENV)/.ready-to-test
	@tools/install_system_packages.sh chromium
	@status=0; \
	$(MAKE) lint || { status=1; echo "telgw: lint or type check failed, see above; the tests run all the same" >&2; }; \
	$(BIN)/python -m pytest || status=$$?; \
	exit $$status

# mypy knows packages by their folders: the folder plugins/ is the package telgw_plugins.
lint: $(VENV)/.ready-to-test
	@mkdir -p $(VENV)/typing && ln -sfn ../../plugins $(VENV)/typing/telgw_plugins
	@status=0; \
	$(BIN)/ruff check . || status=1; \
	MYPYPATH=$(VENV)/typing $(BIN)/mypy -p telgw -p telgw_plugins || status=1; \
	exit $$status

bench: $(VENV)/.ready-to-test
	@$(BIN)/python tools/bench/run.py

docs: $(VENV)/.ready-to-test
	@for tool in tools/configuration_docs.py tools/draw_states.py; do $(BIN)/python $$tool || exit 1; done

docs-check: $(VENV)/.ready-to-test
	@for tool in tools/configuration_docs.py tools/draw_states.py; do \
	$(BIN)/python $$tool --check || { echo "telgw: a page is not up to date: make docs" >&2; exit 1; }; done

$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { echo "telgw needs Python 3.11 or later, and found none: make PYTHON=/path/to/python3" >&2; exit 1; }
	@echo "telgw: making $(VENV) with $(PYTHON)"
	@$(PYTHON) -m venv $(VENV) || { echo "telgw: cannot make $(VENV); on Debian and Ubuntu the package python3-venv is needed" >&2; \
	rm -rf $(VENV); exit 1; }

$(VENV)/.ready: $(SOURCES) | $(VENV)/bin/python
	@echo "telgw: installing telgw and what it needs into $(VENV)"
	@$(PIP) --editable .
	@touch $@

$(VENV)/.ready-to-test: $(SOURCES) | $(VENV)/bin/python
	@echo "telgw: installing telgw and what its tests need into $(VENV)"
	@$(PIP) --editable '.[test,lint]'
	@touch $@ $(VENV)/.ready

clean:
	rm -rf $(VENV) build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
