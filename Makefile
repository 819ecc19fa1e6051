# The targets a developer needs; `make help` lists them.
# PYTHON picks the interpreter of a new .venv: make venv PYTHON=python3.12

PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.ready
KERNELS := .venv/.kernels
PACKAGES := schemas loaders cad api
COMPILED := $(wildcard loaders/kernel/*.py) $(shell grep -rl --include='*.py' '^from numba' cad)
TYPED := $(PACKAGES) benchmarks
# One test process per core; a module stays with one process, as its fixtures are costly.
PYTEST_ARGS ?= -n logical --dist loadscope --no-loadscope-reorder --durations=20

.DEFAULT_GOAL := help
.PHONY: help venv system demo test lint bench docs lock clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' Makefile

venv: $(STAMP) $(KERNELS) ## everything, extras and development tools included, into .venv

# uv comes first, by pip, with the version and hashes the lock gives it; it installs the rest.
# Packages that come as source (pyspark) are built with the setuptools of the lock.
$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2> /dev/null || \
	  { echo "make venv: $(PYTHON) is missing or older than Python 3.11; name one: make venv PYTHON=python3.12" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@awk '/^[^ ]/ { keep = /^uv==/ } keep' requirements.lock > .venv/uv.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r .venv/uv.txt
	$(BIN)/uv pip sync --quiet --compile-bytecode --python $(BIN)/python --require-hashes \
	  --build-constraints requirements.lock requirements.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

# Compiled once, here: bytecode, so that commands start in a moment, and the kernels that read VCF,
# count and test, which are compiled anew when their sources change.
$(KERNELS): $(STAMP) $(COMPILED)
	@$(BIN)/python -m compileall -q $(PACKAGES)
	@$(BIN)/python -m cad.warm
	@touch $@

# Outside oracles of tests and benchmarks; CAD itself needs none of them.
system: ## plink2, bcftools, tabix and chromium, installed when root on a Debian system
	@missing=; for tool in plink2 bcftools tabix chromium; do \
	  command -v $$tool > /dev/null || missing="$$missing $$tool"; done; \
	if [ -z "$$missing" ]; then exit 0; fi; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get > /dev/null; then \
	  { apt-get -qq update && \
	    DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends $$missing; \
	  } > /dev/null && exit 0; \
	fi; \
	echo "make system: please install$$missing (tests and benchmarks compare with them)" >&2

demo: venv ## simulate a cohort, push three nights, build, check every count
	$(BIN)/cad demo

test: venv system ## all tests; real data where CAD_TESTDATA names their folder
	$(BIN)/pytest $(PYTEST_ARGS)

lint: $(STAMP) ## style, types and the one direction of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy --strict $(wildcard $(TYPED))
	$(BIN)/lint-imports

bench: venv system ## measure against the peers; fails when counts disagree
	$(BIN)/python -m benchmarks generate
	$(BIN)/python -m benchmarks run
	$(BIN)/python -m benchmarks compare

docs: venv ## write the generated pages anew
	$(BIN)/cad docs

lock: venv ## resolve requirements.lock anew; UPGRADE=--upgrade moves every version
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --all-extras --generate-hashes \
	  --no-emit-index-url --custom-compile-command "make lock" $(UPGRADE) \
	  pyproject.toml --output-file requirements.lock

clean: ## remove .venv, caches and build output
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
