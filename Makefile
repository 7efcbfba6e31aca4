# Two targets do everything on a fresh machine: `make synth` and `make test`.
PYTHON ?= python3
VENV := .venv
CDK_CLI := aws-cdk@2.1148.1
PYRIGHT := pyright@1.1.414
# What an environment does without, as a pattern of package names, and what it has of npm: for tests that need less.
WITHOUT ?= nothing
NPM_PACKAGES ?= $(CDK_CLI) $(PYRIGHT)
READY := $(VENV)/.ready
DOCS := $(VENV)-docs
# Files side by side: the tests of one file share what they build.
JOBS ?= auto
# Of Hypothesis: "ci" tests properties with the same examples each time, so that a commit gets one answer; else with new ones.
PROFILE ?= default
PYTEST := python -m pytest --numprocesses $(JOBS) --dist loadfile --no-loadscope-reorder --hypothesis-profile=$(PROFILE)
# jsii wants the Node.js that requirements.txt brings, before any other on the path.
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)
# Byte-code of what is imported, and none beside the sources: aws-cdk-lib alone has 300 MB that nothing imports.
export PYTHONPYCACHEPREFIX := $(CURDIR)/$(VENV)/pycache
unexport PYTHONDONTWRITEBYTECODE
export CDK_DISABLE_CLI_TELEMETRY := 1

.PHONY: synth environment test test-quick test-pythons lint docs bench bench-engine tools wheel release clean

synth: $(READY)
	cdk synth --quiet --no-notices
	python -m optimizer plan cdk.out

environment: $(READY)

test: $(READY)
	$(PYTEST)

# All that needs no container engine.
test-quick: $(READY)
	$(PYTEST) --ignore tests/engine $(TESTS)

# The same, or the TESTS that are named, under the oldest and the newest Python of this machine, in environments of their own.
test-pythons:
	set -e; for python in $$(PYTHON="$(PYTHON)" .ci/pythons); do \
	  $(MAKE) test-quick PYTHON="$$python" VENV=".venv-$$("$$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')$(if $(filter-out nothing,$(WITHOUT)),-less)"; \
	done

lint: $(READY)
	lint-imports
	ruff check .
	ruff format --check .
	mypy optimizer
	python -m maintenance.types

# The documentation as a site, below build/site; a link that leads nowhere is an error. Not --quiet: what is not shown is not counted either.
docs: $(DOCS)/.ready
	NO_MKDOCS_2_WARNING=1 $(DOCS)/bin/mkdocs build

bench: $(READY)
	python -m benchmarks.synth
	python -m benchmarks.contexts
	python -m benchmarks.lint
	python -m benchmarks.planner
	python -m benchmarks.packing
	python -m benchmarks.packing_fleet
	python -m benchmarks.audit
	python -m benchmarks.report

# These build images: they need an engine, and root.
bench-engine: $(READY)
	python -m benchmarks.first_minutes
	python -m benchmarks.fleet_life
	python -m benchmarks.bytecode
	python -m benchmarks.installers
	python -m benchmarks.linking
	python -m benchmarks.publish
	python -m benchmarks.push
	python -m benchmarks.sam

# Asks PyPI and npm for the newest versions of the tools that stages bring.
tools: $(READY)
	python -m maintenance.tools
	python -m tests.write_pages

# Needs no environment, but pip. What an earlier build left beside the sources would be taken into this one.
wheel:
	rm -rf build/lib build/bdist.*
	$(PYTHON) -m pip wheel --quiet --no-deps --wheel-dir dist .

# The wheel and the source archive of the version in optimizer/version.py, checked to be ready to be published.
release: $(READY)
	python -m maintenance.release

clean:
	rm -rf $(VENV) $(DOCS) .venv-* cdk.out dist build *.egg-info

$(READY): requirements.txt Makefile
	$(PYTHON) -c 'import sys; sys.exit("Python 3.10 or newer is needed, and PYTHON is " + sys.version.split()[0]) if sys.version_info < (3, 10) else None'
	$(PYTHON) -m venv $(VENV)
	grep -Ev '^($(WITHOUT))(\[|==)' requirements.txt >$(VENV)/requirements.txt
	python -m pip install --quiet --no-compile --disable-pip-version-check --requirement $(VENV)/requirements.txt
	$(if $(strip $(NPM_PACKAGES)),npm install --silent --no-audit --no-fund --no-update-notifier --global --prefix $(CURDIR)/$(VENV) $(NPM_PACKAGES))
	touch $(READY)

$(DOCS)/.ready: docs/requirements.txt
	$(PYTHON) -m venv $(DOCS)
	$(DOCS)/bin/python -m pip install --quiet --disable-pip-version-check --requirement docs/requirements.txt
	touch $@
