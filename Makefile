# Shopkeeper's commands; `make` alone lists them.
#
# Settings pass through: `PORT=8600 make run`. Python is looked for, or named:
# `make install PYTHON=python3.12`.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.SUFFIXES:

VENV := .venv
PY := $(VENV)/bin/python
STAMP := $(VENV)/.installed
LOCKS := requirements.lock requirements-torch.lock requirements-torch-cpu.lock
PIP := $(PY) -m pip --disable-pip-version-check --no-input
# The locks name everything, so nothing but what they name is looked for, and nothing is built.
LOCKED := $(PIP) install --quiet --no-deps --only-binary :all: --require-hashes --requirement
PYTEST := $(PY) -m pytest
FAST := not processes and not browser
AT_ONCE := --dist loadfile -n logical
# Real processes are mostly waited for, so there is room for more of these tests than cores.
# They are begun in the order of tests/conftest.py.
WAITING := --dist loadfile --no-loadscope-reorder -n 4
# What real processes and browsers do on a busy machine may fail once. Such a test is tried
# again, a few in all, and the summary shows why it failed: it is to be mended all the same.
AGAIN := --reruns 1 --max-suite-reruns 5 --rerun-show-tracebacks
PYTHON ?=

.PHONY: help install lock house audit run test test-fast check browser mariadb bench bench-lanes bench-peers screenshots clean uninstall

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(STAMP) ## Install everything into .venv (a second time: nothing to do)

$(STAMP): $(LOCKS)
	@python=; \
	for candidate in $(PYTHON) python3 python3.14 python3.13 python3.12 python3.11; do \
	  if "$$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	    python=$$candidate; break; fi; \
	done; \
	if [ -z "$$python" ]; then \
	  echo "Shopkeeper needs Python 3.11 or newer and found none; install it, or name it: make install PYTHON=/path/to/python3" >&2; exit 1; \
	fi; \
	if [ ! -x $(PY) ] || ! $(PY) -m pip --version >/dev/null 2>&1; then \
	  echo "Creating .venv with $$($$python --version)"; \
	  if ! "$$python" -c 'import ensurepip, venv' 2>/dev/null; then \
	    version=$$("$$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])'); \
	    echo "This Python cannot create environments; on Debian and Ubuntu: apt install python$$version-venv" >&2; exit 1; \
	  fi; \
	  "$$python" -m venv $(VENV) || exit 1; \
	fi
	@echo "Installing packages (about 2 GB on disk, a few minutes the first time) …"
	@$(LOCKED) requirements.lock
	@# The small build where pip is shown one that is known; else the one of PyPI.
	@$(LOCKED) requirements-torch-cpu.lock 2>/dev/null || $(LOCKED) requirements-torch.lock
	@touch $@
	@echo "Installed. Start it with: make run"

lock: install ## Look anew which packages and files requirements.txt comes down to
	@$(PY) .ci/lock.py

house: install ## Write anew what every module owns, docs/house.md
	@$(PY) .ci/house.py

audit: install ## See whether an installed package has a known vulnerability
	@$(PY) .ci/audit.py

run: install ## Start Shopkeeper at http://localhost:8501 (PORT=… for another); Ctrl-C ends it
	@exec $(PY) -m core.services run

test: install browser mariadb ## Run all tests: the fast ones, real processes, then those of the real model
	@$(PYTEST) $(AT_ONCE) -m "$(FAST)"
	@$(PYTEST) $(WAITING) $(AGAIN) -m "not ($(FAST)) and not alone"
	@$(PYTEST) $(AGAIN) -m alone

test-fast: install ## Run only the fast tests, for instance on every save
	@$(PYTEST) $(AT_ONCE) -m "$(FAST)"

check: install audit ## Check format, style, types and known vulnerabilities
	@$(PY) -m ruff format --check .
	@$(PY) -m ruff check .
	@$(PY) -m mypy
	@$(PY) -m mypy app.py

browser: install ## See to it that there is a browser for the tests
	@set -e; \
	found() { command -v chromium || command -v chromium-browser || command -v google-chrome || $(PY) -c 'import pathlib, sys; from playwright.sync_api import sync_playwright as start; p = start().start(); path = p.chromium.executable_path; p.stop(); sys.exit(not pathlib.Path(path).exists())'; }; \
	if found >/dev/null 2>&1; then exit 0; fi; \
	echo "Installing a browser for the tests …"; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium; } >/dev/null 2>&1 || true; \
	fi; \
	if found >/dev/null 2>&1; then exit 0; fi; \
	$(PY) -m playwright install chromium >/dev/null 2>&1 || true; \
	if found >/dev/null 2>&1; then exit 0; fi; \
	echo "Could not install a browser. Install Chromium or Google Chrome, then try again; or run the tests without it: make test-fast" >&2; \
	exit 1

mariadb: ## See to it that there is a MariaDB for the tests of MySQL, which are skipped without
	@PATH=$$PATH:/usr/sbin; found() { command -v mariadbd && command -v mariadb-install-db && command -v my_print_defaults; }; \
	if found >/dev/null 2>&1; then exit 0; fi; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  echo "Installing MariaDB's programs for the tests …"; \
	  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends mariadb-server-core mariadb-client-core; } >/dev/null 2>&1 || true; \
	fi; \
	found >/dev/null 2>&1 || echo "There is no MariaDB (on Debian and Ubuntu: apt install mariadb-server-core mariadb-client-core), so the tests of MySQL are skipped."

bench: install ## Measure speed and quality anew (see benchmarks/)
	@$(PY) -m benchmarks

bench-lanes: install ## Measure chat beside background jobs, and draw it for the README (25 minutes)
	@$(PY) -m benchmarks.lanes_fake
	@$(PY) -m benchmarks.lanes --fifo --plot docs/lanes.png

bench-peers: install ## Measure jobs beside other ways to run them: speed, faults, manners (half an hour)
	@$(PY) -m benchmarks.peers --rows 20000 --plot docs/peers.png
	@$(PY) -m benchmarks.faults
	@$(PY) -m benchmarks.manners

screenshots: install browser ## Take pictures of every page, light and dark, wide and narrow
	@$(PY) -m benchmarks.screenshots

clean: ## Remove caches; data, models and .venv stay
	@rm -rf .pytest_cache .mypy_cache .ruff_cache
	@find . -name __pycache__ -type d -not -path './$(VENV)/*' -prune -exec rm -rf {} +
	@echo "Caches removed."

uninstall: ## Tell what to remove to get rid of Shopkeeper; removes nothing itself
	@if [ -x $(PY) ]; then $(PY) -c 'from core.settings import PROJECT, load_settings; \
	settings = load_settings(); \
	print("Stop it (Ctrl-C), then remove:"); \
	print(f"  {settings.home}\n    your data: catalogs, results, conversations"); \
	print(f"  {settings.cache}\n    the model files"); \
	print(f"  {PROJECT}\n    the program and its packages")'; \
	else echo "Nothing is installed; remove this folder."; fi
