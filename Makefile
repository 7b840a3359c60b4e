# Everything here needs only git, make and Python 3.11 or newer; `make run` brings the rest.
.DEFAULT_GOAL := help
.PHONY: run setup semantic dev test sure bench bench-search bench-triage demo seed reset lock help

# Compiled once, not at each start, whatever the shell says; it all stays in folders that git ignores.
unexport PYTHONDONTWRITEBYTECODE

PYTHON ?= python3
# Where the tests are: `make test T=tests/sla`, or a single one: T='tests/sla/test_clock.py::test_a_name'.
T ?=
# Processes that the whole suite is spread over; a part of it runs in one.
N ?= 2
SPREAD = $(if $(T),,-n $(N) --dist worksteal)

run: ## start everything on http://127.0.0.1:8080 (PORT, HOST); Ctrl-C stops it
	@$(PYTHON) bin/setup runtime
	@exec .venv/bin/hive-support up

setup: ## make .venv with all that development needs
	@$(PYTHON) bin/setup dev

semantic: ## add what searching by meaning needs (110 MB); then set SEARCH_SEMANTIC=yes
	@$(PYTHON) bin/setup semantic

dev: setup ## the same as run, reloading the web server when code changes
	@exec .venv/bin/hive-support up --reload

test: setup ## every test with its own Redis, PostgreSQL and Chromium; a part of them: make test T=tests/sla
	@.venv/bin/python -m tests.services chromium
	@.venv/bin/python -m pytest $(SPREAD) $(T)

sure: setup ## lint, types, templates and every test: all that CI runs
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/djlint --lint --quiet templates
	@$(MAKE) --no-print-directory test T=

bench: setup ## the benchmarks; shorter: make bench SIZES=10000 ENGINES=sqlite
	@SIZES="$(SIZES)" ENGINES="$(ENGINES)" .venv/bin/python -m bench.run
	@.venv/bin/python -m bench.knowledge
	@.venv/bin/python -m bench.sla

bench-search: setup ## how well search finds beside Fuse.js, MiniSearch, BM25F; other entries: make bench-search DATA=folder
	@DATA="$(DATA)" HALF="$(HALF)" ONLY="$(ONLY)" MOST="$(MOST)" .venv/bin/python -m bench.search

bench-triage: setup ## how many emergencies the rules of triage find, on tickets tuned on and on unseen ones
	@.venv/bin/python -m bench.triage

demo: ## load the demo company into the database; bigger: make demo TICKETS=10000
	@$(PYTHON) bin/setup runtime
	@.venv/bin/hive-support demo load $(if $(TICKETS),--tickets $(TICKETS))

seed: demo ## another name for demo

reset: ## forget the data of this machine: database, queues, index, attachments
	@$(PYTHON) bin/setup runtime
	@.venv/bin/hive-support reset

lock: setup ## write requirements/*.txt anew after a change of requirements/*.in
	@$(PYTHON) bin/lock

help: ## these lines
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
