# Everything here works on a machine that has only make and Python 3.11 or later with pip.
# `make` alone explains the targets.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check

# Arguments for pytest, as in: make test ARGS="-k jvp -x"
ARGS ?=

# The targets share one .venv, so two of them must not install into it at once.
.NOTPARALLEL:
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
.PHONY: help demo test test-slow test-peers check lint format types imports docs-check bench clean

define HELP
wengert: automatic differentiation of ordinary NumPy code, shown step by step.

Start here:
  make demo        fit two measured data sets with exact derivatives, then explain one derivative
  make test        run the test suite

While you work:
  make check       everything that CI checks; run it before you commit
  make lint        ruff: style and likely mistakes     (make format mends what it can)
  make types       mypy, strict, on src/wengert
  make imports     the import contract: imports point down only
  make docs-check  run every example in the docstrings, the README and docs/
  make test-slow   the sweeps that are too heavy for `make test`
  make test-peers  the tests against PyTorch and HIPS autograd (installs them, some 200 MB)
  make bench       the benchmarks against the same peers
  make clean       remove .venv, caches and build results

The first target you run creates .venv and installs what it needs into it; later runs reuse it.
Another interpreter:  make demo PYTHON=python3.12      Fewer tests:  make test ARGS="-k jvp -x"
endef
export HELP

help:
	@echo "$$HELP"

demo: $(VENV)/.has-package
	$(BIN)/python examples/demo.py

test: $(VENV)/.has-test $(VENV)/.has-browser
	$(BIN)/python -m pytest -n auto $(ARGS)

# pytest ends with status 5 where no test carries the marker; that is no failure.
test-slow: $(VENV)/.has-test
	$(BIN)/python -m pytest -n auto -m "slow and not peers" $(ARGS) || test $$? -eq 5

test-peers: $(VENV)/.has-test $(VENV)/.has-peers
	$(BIN)/python -m pytest -n auto -m peers $(ARGS) || test $$? -eq 5

check: test lint types imports docs-check

lint: $(VENV)/.has-lint
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: $(VENV)/.has-lint
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

types: $(VENV)/.has-lint $(VENV)/.has-test
	$(BIN)/mypy

imports: $(VENV)/.has-lint
	$(BIN)/lint-imports

docs-check: $(VENV)/.has-test
	$(BIN)/python -m pytest -n auto --doctest-modules src tests/test_docs.py

bench: $(VENV)/.has-peers
	$(BIN)/python -m benchmarks.small_programs
	$(BIN)/python -m benchmarks.derivative_programs
	$(BIN)/python -m benchmarks.field --sizes small

clean:
	rm -rf $(VENV) build dist .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find . -type d -name __pycache__ -prune -exec rm -rf {} +

# Installing. A stamp file says what .venv holds, so that a second run starts at once; a change to pyproject.toml
# makes the stamps out of date.

$(VENV)/.has-package: pyproject.toml $(VENV)/.created
	@echo "installing wengert into $(VENV) ..."
	@$(PIP) install --editable .
	@touch $@

$(VENV)/.has-%: pyproject.toml $(VENV)/.created
	@echo "installing wengert and its [$*] tools into $(VENV) ..."
	@$(PIP) install --editable ".[$*]"
	@touch $@

$(VENV)/.has-browser: tests/browser/install.sh $(VENV)/.created
	@sh tests/browser/install.sh
	@touch $@

# Some systems ship Python without ensurepip; there the interpreter's own pip fills the environment.
$(VENV)/.created:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "wengert needs Python 3.11 or later and $(PYTHON) is %d.%d; name another one: make PYTHON=python3.11" % sys.version_info[:2])'
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null \
		&& $(PYTHON) -m venv $(VENV) \
		|| { $(PYTHON) -m venv --without-pip $(VENV) \
		     && $(PYTHON) -m pip --quiet --python $(BIN)/python install pip; }
	@touch $@
