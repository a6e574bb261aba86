# Everything on a fresh machine with python3 (3.11 or newer) and make: each target first makes .venv from the lock.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test check bench faults pictures words lock clean

demo: $(VENV)/.runs
	$(BIN)/coupon-bot demo

# `auto` is said in tests/conftest.py; who has done his share takes over of the others'. They start the program many
# times: without its bytecode kept, each start would compile all of it.
test: export PYTHONDONTWRITEBYTECODE =
test: $(VENV)/.compiled
	$(BIN)/pytest -p no:inline_snapshot -n auto --dist worksteal

check: $(VENV)/.ready
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/deptry .

# Many minutes: the long form of what `make test` does in short, of the kill and race campaigns first.
faults: export PYTHONDONTWRITEBYTECODE =
faults: $(VENV)/.compiled
	$(BIN)/pytest -p no:inline_snapshot tests/faults --long
	$(BIN)/pytest -p no:inline_snapshot -n auto --dist worksteal --long --ignore tests/faults

bench: $(VENV)/.ready $(VENV)/wechatpayv3/.ready
	$(BIN)/python -m benchmarks

# For README and docs, from the sandbox page. Needs Chromium.
pictures: $(VENV)/.ready
	$(BIN)/python -m tests.page.pictures

# After a change of a sentence for people: the catalogue gets the new ones, empty, and loses those not used.
CATALOGUE := handlers/views/locale/zh_CN/LC_MESSAGES/coupon.po
words: $(VENV)/.ready
	$(BIN)/python -m babel.messages.frontend -q extract -F pyproject.toml --no-location --omit-header \
		-o $(VENV)/coupon.pot handlers bot console
	$(BIN)/python -m babel.messages.frontend -q update -i $(VENV)/coupon.pot -o $(CATALOGUE) -l zh_CN \
		--no-fuzzy-matching --ignore-obsolete --omit-header --width=110

# After a change of the dependencies in pyproject.toml. Names no index and no host.
lock: $(VENV)/.ready
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate --python-version 3.11 \
		pyproject.toml --output-file requirements/run.txt
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate --python-version 3.11 \
		pyproject.toml --extra audit-ui --constraint requirements/run.txt --output-file requirements/audit-ui.txt
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate --python-version 3.11 \
		pyproject.toml --extra audit-ui --group dev --constraint requirements/run.txt --output-file requirements/dev.txt
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate --python-version 3.11 \
		--group build --constraint requirements/dev.txt --output-file requirements/build.txt
	echo uv | $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate \
		--python-version 3.11 - --constraint requirements/dev.txt --output-file requirements/uv.txt
	# Another client that must accept the WeChat Pay stand-in; no part of the product.
	echo wechatpayv3==2.0.4 | $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header \
		--no-annotate --python-version 3.11 - --output-file requirements/witnesses.txt

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

# Hashes for everything. uv does it in seconds: the one of the path, else the locked one, which pip puts into the
# environment first. Where it cannot be had, or where only pip knows this machine's index, pip does all.
PIP := -m pip install --quiet --disable-pip-version-check
define install
	@uv=$$(command -v uv || echo $(BIN)/uv); \
	"$$uv" pip install --quiet --python $(1) $(2) 2>$(VENV)/uv.log \
		|| { echo "uv cannot ($(VENV)/uv.log says why): pip installs, which takes longer" >&2; \
			$(1) $(PIP) $(2); }
endef

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "coupon-bot needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) -V)" >&2; exit 2; }
	$(PYTHON) -m venv $(VENV)
	@command -v uv >/dev/null || $(BIN)/python $(PIP) --only-binary :all: --require-hashes -r requirements/uv.txt \
		|| true

# What the bot and its console need, and the project itself, built with the locked hatchling: nothing else gets in.
$(VENV)/.runs: requirements/audit-ui.txt requirements/build.txt pyproject.toml | $(VENV)/bin/python
	$(call install,$(BIN)/python,--require-hashes -r requirements/audit-ui.txt -r requirements/build.txt)
	$(call install,$(BIN)/python,--no-build-isolation --no-deps --editable .)
	@touch $@

$(VENV)/.ready: requirements/dev.txt $(VENV)/.runs
	$(call install,$(BIN)/python,--require-hashes -r requirements/dev.txt)
	@touch $@

# Once, and not once in each of the processes that share the tests: they all begin with the same files.
$(VENV)/.compiled: export PYTHONDONTWRITEBYTECODE =
$(VENV)/.compiled: $(VENV)/.ready
	@$(BIN)/pytest --collect-only -qq tests/[a-f]* >/dev/null & $(BIN)/pytest --collect-only -qq tests/[g-z]* >/dev/null; wait
	@touch $@

# To compare with; apart from the environment of the product.
$(VENV)/wechatpayv3/.ready: requirements/witnesses.txt | $(VENV)/.ready
	$(BIN)/python -m venv $(VENV)/wechatpayv3
	$(call install,$(VENV)/wechatpayv3/bin/python,--require-hashes -r $<)
	@touch $@
