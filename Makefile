# make run    fabricated faces through every pipeline to a report
# make test   lint, types, import contracts, documentation, tests
# make docs   the documentation as a site, in build/site
# make figures   draw the figures of docs/explanation anew
# make faults kills, full disks, damaged files, spoilt inputs: five minutes (the hour: docs/faults.md)
# make schema writes docs/results.schema.json, after a change to the models of results.json
# make pins   renew requirements.txt (needs uv)
# make advisories   look up known advisories against requirements.txt (needs the network)

# The first Python that the project supports; `make run PYTHON=python3.12` chooses another.
PYTHON ?= $(shell for candidate in python3 python3.13 python3.12 python3.11; do \
	if $$candidate -c 'import ensurepip, sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' 2>/dev/null; \
	then echo $$candidate; break; fi; done)
BIN := .venv/bin
REPORT := data/sample/08_reporting/report.html

.DEFAULT_GOAL := help
.PHONY: help install run test lint types contracts docs figures unit faults schema pins advisories clean

help:
	@sed -n 's/^# make/make/p' Makefile

install: .venv/.installed

# The marker is written last, so that an interrupted installation starts again.
.venv/.installed: requirements.txt pyproject.toml
	@if [ -z "$(PYTHON)" ]; then \
		echo "No Python 3.11, 3.12 or 3.13 with venv was found. Install one (Debian: python3 and python3-venv), or name it: make run PYTHON=/path/to/python3.12"; \
		exit 1; fi
	@echo "Installing into .venv: 3.5 GB on disk, three to five minutes, without further lines."
	@# One that works stays as it is: another Python's would mix both.
	@$(BIN)/python -c "import pip, ssl" 2>/dev/null || $(PYTHON) -m venv --clear .venv
	@# An older pip takes a pin without extras for none where another package asks for extras.
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade "pip>=25"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

run: install
	@echo "Drawing faces, training and reporting: four to ten minutes on two cores."
	$(BIN)/kedro run --env sample --pipelines fabrication,__default__
	@echo "The report of this run on fabricated faces: $(CURDIR)/$(REPORT)"

test: lint types contracts docs unit

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: install
	$(BIN)/mypy

contracts: install
	$(BIN)/lint-imports

# Strict: a link that leads nowhere, or a name without a docstring to show, ends it.
docs: install
	$(BIN)/zensical build --clean --strict

figures: install
	$(BIN)/python docs/figures.py

unit: install
	$(BIN)/pytest -n 2 --dist loadfile

faults: install
	$(BIN)/python -m benchmarks.faults --quick --minutes 5 --folder data/faults

schema: install
	$(BIN)/python -c 'from fer_fairness.reporting.results.schema import schema_text; print(schema_text(), end="")' \
		> docs/results.schema.json

pins:
	uv pip compile pyproject.toml --extra all --group dev --group docs --universal --python-version 3.11 --generate-hashes \
		--no-header --no-emit-index-url --no-annotate --quiet --output-file requirements.txt

# Not part of `test`: what is known today is no property of the code.
advisories: install
	$(BIN)/python -m benchmarks.advisories

clean:
	rm -rf .venv data/sample .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache .viz
