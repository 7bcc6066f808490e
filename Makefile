# Natoma's commands. Each makes or refreshes .venv by itself; none asks anything.
#
#   make run      the whole sample building, live at http://127.0.0.1:8080/
#   make test     all that must hold before a change is taken: style, types, import rules, tests
#   make check    the part of it that takes seconds
#   make scenarios  all twelve scenarios of the simulator, and controllers that must not pass them: `make test` has two
#   make soak     the faults in their long form: fifty kills of each kind, five rounds of an outage, of a full disk and
#                 of a restore, half a minute of a locked log, a minute of standing still, every broken controller
#   make bench    speed and memory, beside a bare echo through the same broker
#   make format   lay out the sources and sort the imports
#   make lock     choose versions anew and write down their hashes
#   make clean    forget what was built and cached; natoma-data stays
#
# ARGS passes words on: make run ARGS="--help"

BIN := .venv/bin
ARGS ?=

.PHONY: run test check scenarios soak bench format lock clean setup setup-test

run: setup
	@exec $(BIN)/natoma demo $(ARGS)

setup:
	@.ci/setup run

setup-test:
	@.ci/setup test

check: setup-test
	@$(BIN)/ruff format --check --quiet . || { echo "make format does it"; exit 1; }
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/lint-imports --no-cache > .venv/imports.log || { cat .venv/imports.log; exit 1; }
	@echo "ruff, mypy --strict and the import rules: nothing to say"

test: check
	@.ci/suite

# One after the other: what they are about is load, and each brings its own. How long is in their settings.
soak: export NATOMA_KILLS ?= 50
soak: export NATOMA_LOCKED_S ?= 30
soak: export NATOMA_FROZEN_S ?= 60
soak: export NATOMA_ROUNDS ?= 5
soak: setup-test
	@$(BIN)/pytest -m soak --timeout 3600 --durations=0 tests $(ARGS)

scenarios: setup-test
	@NATOMA_SCENARIOS=all $(BIN)/pytest -m scenario tests/e2e $(ARGS)

bench: setup-test
	@$(BIN)/python -m tests.bench $(ARGS)

format: setup-test
	@$(BIN)/ruff check --quiet --fix-only .
	@$(BIN)/ruff format --quiet .

lock:
	@.ci/lock

clean:
	rm -rf .venv build dist *.egg-info .coverage .coverage.* .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find controller devices simulator tests -name __pycache__ -type d -prune -exec rm -rf {} +
