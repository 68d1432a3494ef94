# Everything a person or a build machine does with casemgr. PYTHON names the interpreter the virtual environment is made of.
PYTHON ?= python3
PORT ?= 8000
SERVE ?= 1
ARGS ?=
NAME ?=

VENV := .venv/bin/python
SETUP = command -v $(PYTHON) >/dev/null || { echo "casemgr: there is no $(PYTHON) here; install Python 3.11 or newer, or name one: make PYTHON=..."; exit 1; }; \
	$(PYTHON) -I casemgr/bootstrap.py
COMPILE := $(VENV) -m uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate
# On all cores, up to eight: each of pytest's workers has a database of its own, and takes work from another when idle.
ALL_CORES := --numprocesses auto --maxprocesses 8 --dist worksteal
TESTBED := $(VENV) -m casemgr.supervisor --root var/test --fast --max-connections 200 exec --
BENCHBED := $(VENV) -m casemgr.supervisor --root var/bench --max-connections 200 exec --

export PORT SERVE
unexport PYTHONDONTWRITEBYTECODE  # compiled files halve the time of the next start

.PHONY: help demo demo-stop demo-reset test check bench soak lock setup setup-dev

help: ## show this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 14

demo: setup ## play the whole job once and serve the result on 127.0.0.1 (PORT=8000; SERVE=0 ends after the story)
	@$(VENV) -m casemgr.run demo

demo-stop: ## stop what `make demo` started
	@if [ -x $(VENV) ]; then $(VENV) -m casemgr.run stop; else echo "Nothing runs: casemgr has not been set up here."; fi

demo-reset: ## stop the demo and delete its data
	@if [ -x $(VENV) ]; then $(VENV) -m casemgr.run reset; else echo "Nothing to delete: casemgr has not been set up here."; fi

test: setup-dev ## every test, on all cores (ARGS= goes to pytest, for example ARGS=tests/cases or ARGS="-n0 -x")
	@$(TESTBED) $(VENV) -m pytest $(ALL_CORES) -m "not soak" $(ARGS)

check: setup-dev ## style, types, import contracts, migrations, deployment settings
	$(VENV) -m ruff check .
	$(VENV) -m ruff format --check .
	@$(TESTBED) $(VENV) -m mypy .
	.venv/bin/lint-imports --no-cache
	@$(TESTBED) $(VENV) manage.py makemigrations --check --dry-run
	@HTTPS=1 ALLOWED_HOSTS=casemgr.example SECRET_KEY=$$($(VENV) -c 'import secrets; print(secrets.token_urlsafe(64))') \
		$(TESTBED) $(VENV) manage.py check --deploy --fail-level WARNING

bench: setup-dev ## run one measurement (NAME=)
	@test -n "$(NAME)" || { echo "Name a measurement: make bench NAME=..., one of: $$(ls benchmarks | sed -n '/^[a-z]/s/\.py$$//p' | tr '\n' ' ')"; exit 2; }
	@$(BENCHBED) $(VENV) -m benchmarks.$(NAME) $(ARGS)

soak: setup-dev ## the long form of the proofs
	@$(TESTBED) $(VENV) -m pytest -m soak --timeout 3600 $(ARGS)

lock: setup-dev ## compile requirements/*.in into locks with hashes (ARGS=--upgrade takes newer versions)
	cd requirements && ../$(COMPILE) $(ARGS) dev.in -o dev.txt
	cd requirements && for name in demo base setup s3 spark; do ../$(COMPILE) $$name.in -c dev.txt -o $$name.txt || exit 1; done
	cd requirements && for name in clients clients-thehive4 peers; do ../$(COMPILE) $(ARGS) --no-deps $$name.in -o $$name.txt || exit 1; done

setup:
	@$(SETUP) demo

setup-dev:
	@$(SETUP) dev
