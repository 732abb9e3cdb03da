PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/.installed
DEMO := count examples/coins.png "coins" --draw out/coins.png

.PHONY: demo test lint fix bench docs

demo: $(INSTALLED)
	@mkdir -p out
	$(BIN)/molmo-point $(DEMO)

test: lint
	$(BIN)/python -m pytest

lint: $(INSTALLED)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy --strict
	$(BIN)/lint-imports

fix: $(INSTALLED)
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

bench: $(INSTALLED)
	@set -e; for file in benchmarks/*.py; do echo "== $$file"; $(BIN)/python "$$file"; done

docs: $(INSTALLED)
	$(BIN)/codespell
	$(BIN)/python -m pytest tests/house/test_docs.py

$(INSTALLED): pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[bag,big,browser,desktop,dev,gpu,mcp,ocr,ros,server,smolagents,tabletop,train]"
	@touch $@
