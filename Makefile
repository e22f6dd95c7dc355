# Two commands do everything on a fresh machine: `make demo` and `make test`. A third, `make docs`, builds the site.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt
WORKERS ?= 2

.PHONY: demo test docs lint fast cover deep bench validation clean

demo: $(VENV)/.installed  ## install, and rank an invented force
	$(BIN)/rfgscore demo --out out/demo
	@echo "To have the rfgscore command found in this terminal: . $(BIN)/activate"

test: lint fast cover  ## install, and run every check

docs: $(VENV)/.developed  ## the documentation site, in out/docs; reads no network, a warning is an error
	rm -rf out/docs
	$(BIN)/sphinx-build -W --keep-going --fresh-env -q -b html -d out/doctrees docs out/docs
	@echo "The site begins at out/docs/index.html"

lint: $(VENV)/.developed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

fast: $(VENV)/.developed  ## tests as users run the code: kernels compiled
	$(BIN)/python -m pytest -n $(WORKERS) tests rfgscore --doctest-modules

# Compiled code hides its branches from coverage, so this pass runs the kernels as plain Python. Tests that
# start processes of their own, or repeat a finished run in many ways, add no branch and stay out.
cover: $(VENV)/.developed
	NUMBA_DISABLE_JIT=1 RFG_EXAMPLES=100 $(BIN)/python -m pytest -n $(WORKERS) tests -m "not compiled" \
		--cov=rfgscore --cov-branch --cov-report=term --cov-fail-under=95

deep: $(VENV)/.developed  ## long suites; results go to docs/deep.md
	$(BIN)/python tools/deep.py

bench: $(VENV)/.developed  ## measure against pandas, polars and DuckDB; results go to docs/performance.md
	$(BIN)/python benchmarks/windows.py
	$(BIN)/python benchmarks/end_to_end.py

validation: $(VENV)/.developed  ## rankings and models on the real input; results go to docs/validation.md
	$(BIN)/python tools/validate.py

clean:
	rm -rf $(VENV) out .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage*

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check "pip==$$(sed -n 's/^pip==//p' constraints.txt)"

$(VENV)/.installed: $(VENV)/bin/python pyproject.toml constraints.txt
	$(PIP) -e ".[excel]"
	touch $@

$(VENV)/.developed: $(VENV)/.installed
	$(PIP) --group dev
	touch $@
