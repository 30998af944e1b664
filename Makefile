# What people expect: run, test, dev, lint, bench, docs. The first target that needs it makes the environment from the lock.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
WORKSPACE ?= data/demo
AS_OF ?= 2026-09-30
# Where this is set, every command would compile every library anew.
export PYTHONDONTWRITEBYTECODE :=
CODE := orchestration ingestion reconciliation simulation tests benchmarks

.PHONY: run test dev lint format bench fuzz docs clean help

help:  ## show the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*##/\t/' | expand -t 10

# uv from PyPI where it can be had, pip otherwise; both check every hash of the lock.
$(READY): requirements.lock pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@if $(BIN)/python -m pip install --quiet --disable-pip-version-check uv; then \
		$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements.lock && \
		$(BIN)/uv pip install --quiet --python $(BIN)/python --no-build-isolation --no-deps -e . ; \
	else \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock && \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps -e . ; \
	fi
	@touch $(READY)

run: $(READY)  ## make the demo company and run the nightly job on it
	@test -d $(WORKSPACE)/landing || $(BIN)/tieout simulate --out $(WORKSPACE)
	@$(BIN)/tieout run --workspace $(WORKSPACE) --as-of $(AS_OF)

test: $(READY)  ## run all tests
	@$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

dev: $(READY)  ## the Dagster UI on the workspace
	@$(BIN)/tieout dev --workspace $(WORKSPACE)

lint: $(READY)  ## style, types, SQL
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check $(CODE)
	@$(BIN)/mypy
	@$(BIN)/sqlfluff lint --processes 2 --disable-progress-bar dbt_project/models dbt_project/tests

format: $(READY)  ## put the code in the house's format
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format $(CODE)

bench: $(READY)  ## measure what the docs claim about speed and quality
	@$(BIN)/python -m benchmarks

fuzz: $(READY)  ## damaged files for the readers, orders of arrival for the loading, longer than CI does
	@TIEOUT_FUZZ=long $(BIN)/python -m pytest tests/ingestion tests/orchestration/test_identity_properties.py -k fuzz

docs: $(READY)  ## the data dictionary and the dbt docs
	@$(BIN)/tieout docs

clean:  ## forget the demo's data, keep its config
	@rm -rf $(WORKSPACE)/landing $(WORKSPACE)/truth $(WORKSPACE)/archive $(WORKSPACE)/quarantine $(WORKSPACE)/published \
		$(WORKSPACE)/warehouse.duckdb $(WORKSPACE)/warehouse.duckdb.wal $(WORKSPACE)/.dagster $(WORKSPACE)/.dbt
