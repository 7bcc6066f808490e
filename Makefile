# Natoma's commands. Each makes or refreshes .venv by itself; none asks anything.
#
#   make run      the whole sample building, live at http://127.0.0.1:8080/
#   make test     all that must hold before a change is taken: style, types, import rules, tests, coverage
#   make check    the part of it that takes seconds
#   make bench    speed and memory, beside a bare echo through the same broker
#   make format   lay out the sources and sort the imports
#   make lock     choose versions anew and write down their hashes
#   make clean    forget what was built and cached; natoma-data stays
#
# ARGS passes words on: make run ARGS="--help"

BIN := .venv/bin
ARGS ?=

.PHONY: run test check bench format lock clean setup setup-test

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

# Three runs, each with closing lines of its own: all of them are made, and all must pass. End-to-end tests mostly wait
# for real programs, so that more of them than there are cores may do so at once, uncounted; what they promise in
# milliseconds is measured with nothing beside it; the rest computes, a worker for each core.
#
# The figures are limits of shame, not aims: over 90 % of everything, and every branch of the domain, which is where a
# wrong answer opens a door. The first is judged where every program that the tests drive is installed: elsewhere some
# tests are skipped, and their lines with them. The second speaks only when it must, so that pytest has the last word.
#
# What Python compiles is kept even where it is told not to: hundreds of programs start here.
test: export PYTHONDONTWRITEBYTECODE =
test: export PYTHONPYCACHEPREFIX = $(CURDIR)/.venv/bytecode
test: check
	@rm -f .coverage .coverage.*
	@floor=90.01; failed=0; absent=$$($(BIN)/python -m tests.support.components); \
	if [ -n "$$absent" ]; then \
		floor=0; \
		echo "not installed: $$absent. Their tests are skipped, and how much is tested is shown, not judged."; \
	fi; \
	$(BIN)/pytest -n 4 --dist loadgroup -m "not alone" tests/e2e || failed=1; \
	$(BIN)/pytest -m alone tests/e2e || failed=1; \
	$(BIN)/pytest -n auto --maxprocesses 4 --dist loadgroup --ignore=tests/e2e \
		--cov --cov-report= --cov-fail-under=$$floor || failed=1; \
	exit $$failed
	@$(BIN)/coverage report --include='controller/domain/*' --fail-under=100 > .venv/domain.log \
		|| { cat .venv/domain.log; echo "controller/domain: every branch needs a test"; exit 1; }

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
