# The same verbs here and in .ci/run: run, build, test, check, bench.
VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= python3
VIEWER := web_viewer/dist/index.html
VIEWER_SOURCES := $(shell find web_viewer -path web_viewer/node_modules -prune -o -path web_viewer/dist -prune -o -type f \( -name '*.ts' -o -name '*.css' -o -name '*.html' -o -name '*.json' \) -print 2>/dev/null)

.PHONY: run build serve test check bench environment viewer clean

run: build serve

build: environment viewer
	$(BIN)/machizu build
	@if ls data/published/candidates/[0-9]*/candidate.json >/dev/null 2>&1; then \
	  $(BIN)/machizu publish --approved-by 見本-決裁1号; fi

serve:
	$(BIN)/machizu serve --port 8000

test: environment viewer
	cd web_viewer && npm test
	$(BIN)/python -m pytest

check: environment viewer
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy gis_pipeline tile_server tests tools bench
	cd web_viewer && npm run check
	$(BIN)/python -m pytest -q tests/test_architecture.py

bench: environment viewer
	$(BIN)/python -m bench

environment: $(VENV)/.ready

$(VENV)/.ready: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("machizu needs Python 3.11 or newer; this is " + sys.version.split()[0] if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

viewer: $(VIEWER)

$(VIEWER): $(VIEWER_SOURCES)
	cd web_viewer && npm ci --no-audit --no-fund --loglevel=error && npm run build
	touch $@

clean:
	rm -rf $(VENV) web_viewer/dist web_viewer/node_modules data/work data/published/c* data/published/releases
