# Two commands matter: `make demo` and `make test`. Each sets itself up in .venv and touches nothing else.
.DELETE_ON_ERROR:
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: demo test test-all check lint types walls unit long audit benchmark benchmark-short schemas wheel clean

demo: $(STAMP)
	$(BIN)/frostglass demo

test: check unit

test-all: test long

check: lint types walls

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(STAMP)
	$(BIN)/mypy

walls: $(STAMP)
	$(BIN)/lint-imports

unit: $(STAMP)
	$(BIN)/pytest -n 2 --dist worksteal -m "not long"

long: $(STAMP)
	$(BIN)/pytest -n 2 --dist worksteal -m long

audit: $(STAMP)
	$(BIN)/python -m audits.run

benchmark: $(STAMP)
	$(BIN)/python -m benchmarks.run

benchmark-short: $(STAMP)
	$(BIN)/python -m benchmarks.run --short

schemas: $(STAMP)
	$(BIN)/python -P tools/schemas.py
	$(BIN)/python tools/errors_page.py

wheel: $(STAMP)
	$(BIN)/python -m build

clean:
	rm -rf build dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache

$(STAMP): pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "frostglass needs Python 3.11 or newer; say: make PYTHON=python3.11")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch $@
