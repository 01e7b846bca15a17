# Commands of the project. `make help` lists them.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 8000
SIMULATOR_PORT ?= 8001
DATA ?= data
export YANTUAN_DATA ?= $(CURDIR)/$(DATA)
export CI = 1
# Python keeps what it compiled: every process of the product and of its tests then starts in half the time.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help run setup web openapi miniprogram test test-sqlite test-postgres test-stack test-stack-sqlite \
	test-stack-postgres test-browser test-web lint fmt \
	bench bench-peers bench-check bench-day bench-exports lighthouse soak soak-sqlite crash races machine mutants fuzz check backup sbom wheel clean

help: ## List the commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):[^#]*## (.*)/  make \1|\2/' | column -t -s '|'

run: setup web ## Set up, then start the demo: app :8000, simulator :8001
	@$(BIN)/yantuan up --demo --port $(PORT) --simulator-port $(SIMULATOR_PORT)

setup: $(VENV)/installed ## Install the Python side into .venv

$(VENV)/installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed (PYTHON=... to choose one)"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/tools: $(VENV)/installed requirements-tools.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-tools.lock
	@touch $@

WEB_SOURCES := $(shell find web/src web/index.html web/vite*.ts web/package.json -type f 2>/dev/null)

web: src/yantuan/webapp/h5/index.html ## Build the app (H5) that the Python process serves

web/node_modules/.installed: web/package-lock.json
	@command -v npm >/dev/null || { echo "Node 20 with npm is needed to build the app"; exit 1; }
	@cd web && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

src/yantuan/webapp/h5/index.html: web/node_modules/.installed $(WEB_SOURCES)
	@cd web && npm run --silent build:h5 > build-h5.log 2>&1 || { tail -40 build-h5.log; exit 1; }
	@mkdir -p src/yantuan/webapp && rm -rf src/yantuan/webapp/h5 && cp -R web/dist/build/h5 src/yantuan/webapp/h5

openapi: setup ## Write web/openapi.json and the app's typed client from the server
	@$(BIN)/yantuan openapi > web/openapi.json
	@cd web && npm run --silent gen:api

miniprogram: src/yantuan/webapp/mp-weixin/app.json ## Build the WeChat mini-program into web/dist/build/mp-weixin

src/yantuan/webapp/mp-weixin/app.json: web/node_modules/.installed $(WEB_SOURCES)
	@cd web && npm run --silent build:mp-weixin > build-mp.log 2>&1 || { tail -40 build-mp.log; exit 1; }
	@mkdir -p src/yantuan/webapp && rm -rf src/yantuan/webapp/mp-weixin && cp -R web/dist/build/mp-weixin src/yantuan/webapp/mp-weixin

lint: setup ## Style, types, floors
	@$(BIN)/ruff check src tests bench soak fuzz
	@$(BIN)/ruff format --check src tests bench soak fuzz
	@$(BIN)/mypy
	@$(BIN)/lint-imports

fmt: setup ## Format the Python side
	@$(BIN)/ruff check --fix src tests bench soak fuzz
	@$(BIN)/ruff format src tests bench soak fuzz

# Two at a time, the longest first. The app is built before: tests that read it must not see it being replaced.
test: ## Everything that must pass
	@$(MAKE) --no-print-directory -j2 -Otarget lint web miniprogram
	@$(MAKE) --no-print-directory -j2 -Otarget test-postgres test-sqlite test-browser test-stack-sqlite test-stack-postgres test-web

test-sqlite: setup ## Server tests on SQLite
	@$(BIN)/pytest -m "not browser and not stack" --db=sqlite

# These never touch the product's database: once is enough. Other tests that read no row leave themselves out (tests/conftest.py).
NO_DATABASE := tests/simulator tests/gateways tests/demo

test-postgres: setup ## Server tests on a private PostgreSQL
	@$(BIN)/pytest -m "not browser and not stack" --db=postgres $(addprefix --ignore=,$(NO_DATABASE))

test-stack: test-stack-sqlite test-stack-postgres ## The whole job over HTTP on running processes, on both databases

test-stack-sqlite: setup
	@$(BIN)/pytest -m stack --db=sqlite

test-stack-postgres: setup
	@$(BIN)/pytest -m stack --db=postgres tests/story tests/crash

test-web: web miniprogram ## Types, unit tests and sizes of the app, compiled mini-program
	@cd web && npm run --silent type-check && npm test --silent && npm run --silent size

test-browser: setup web miniprogram ## The whole story in headless Chromium at phone size, and on the compiled mini-program
	@scripts/ensure-chromium
	@$(BIN)/pytest -m browser --db=sqlite

bench: setup web $(VENV)/tools ## Measure everything against the machine's own limits; writes bench/REPORT.md
	@scripts/ensure-postgres-client
	@$(BIN)/python -m bench all

bench-peers: setup ## Install Vendure, pretix and django-oscar into a scratch folder and measure them; writes bench/peers.json
	@command -v npm >/dev/null || { echo "Node 20 with npm is needed for Vendure"; exit 1; }
	@$(BIN)/python -m bench.peers install
	@$(BIN)/python -m bench.peers run

bench-day: setup web/node_modules/.installed ## Time what a leader does by hand elsewhere: read a paste, ship from a sheet, pick a large sale, search at the gate
	@$(BIN)/python -m bench.pasting
	@$(BIN)/python -m bench.reading_address
	@$(BIN)/python -m bench.shipping_import
	@$(BIN)/python -m bench.picking
	@$(BIN)/python -m bench.gate_search
	@$(BIN)/python -m bench.leader_pages

bench-exports: setup ## Time sheets of 100,000 orders beside the library alone, and the memory they take
	@$(BIN)/python -m bench.export_orders

lighthouse: setup web ## Judge the group-buy page on a phone with Lighthouse; writes bench/lighthouse.json
	@$(BIN)/python -m bench.lighthouse --write

soak: setup ## Break a running instance in every known way for at most ten minutes; writes soak/REPORT.md
	@scripts/ensure-postgres-client
	@$(BIN)/python -m soak

soak-sqlite: setup ## The same on SQLite; writes soak/REPORT-sqlite.md
	@$(BIN)/python -m soak --db sqlite

crash: setup ## Die at every named point, start again, verify; on both databases
	@YANTUAN_CRASH=all $(BIN)/pytest -m stack tests/crash --db=sqlite
	@YANTUAN_CRASH=all $(BIN)/pytest -m stack tests/crash --db=postgres

races: setup ## Every race at full size on PostgreSQL
	@YANTUAN_RACES=full $(BIN)/pytest --db=postgres tests/races tests/orders/test_races.py tests/payments/test_payment_races.py \
	  tests/aftersales/test_case_races.py

machine: setup ## Long random stories of the whole trade against a model, on both databases
	@for db in sqlite postgres; do \
	  YANTUAN_MACHINE_EXAMPLES=$${YANTUAN_MACHINE_EXAMPLES:-150} YANTUAN_MACHINE_STEPS=$${YANTUAN_MACHINE_STEPS:-60} \
	  $(BIN)/pytest tests/machine/test_machine.py --db=$$db --show-capture=no || exit 1; done

mutants: setup ## Break twenty guards one at a time; the tests must notice
	@$(BIN)/python tests/mutants

fuzz: setup $(VENV)/tools ## Twenty thousand random requests in every role; writes fuzz/REPORT.md
	@$(BIN)/python -m fuzz

sbom: setup $(VENV)/tools web/node_modules/.installed ## Bills of materials of both languages into dist/
	@BIN=$(BIN) scripts/sbom

bench-check: setup ## Time the self-check on a million orders
	@$(BIN)/python -m bench.check_million

check: setup ## Verify the invariants of this instance's data
	@$(BIN)/yantuan check

backup: setup ## Back up this instance and verify the backup
	@$(BIN)/yantuan backup --to backups --verify --prune

wheel: setup web miniprogram ## Build the wheel with the app inside
	@$(BIN)/python -m pip wheel --quiet --no-deps --no-build-isolation -w dist .

clean: ## Remove what was built (never the data folder)
	@rm -rf $(VENV) web/node_modules web/dist src/yantuan/webapp dist
