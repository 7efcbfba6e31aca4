# Two targets do everything on a fresh machine: `make synth` and `make test`.
PYTHON ?= python3
VENV := .venv
CDK_CLI := aws-cdk@2.1148.1
READY := $(VENV)/.ready
# jsii wants the Node.js that requirements.txt brings, before any other on the path.
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)
export PYTHONDONTWRITEBYTECODE := 1
export CDK_DISABLE_CLI_TELEMETRY := 1

.PHONY: synth test lint bench bench-engine wheel clean

synth: $(READY)
	cdk synth --quiet --no-notices
	python -m optimizer plan cdk.out

test: $(READY)
	python -m pytest

lint: $(READY)
	lint-imports
	ruff check .
	ruff format --check .
	mypy optimizer

bench: $(READY)
	python -m benchmarks.synth
	python -m benchmarks.contexts
	python -m benchmarks.lint

# These build images: they need an engine, and root.
bench-engine: $(READY)
	python -m benchmarks.fleet_life
	python -m benchmarks.bytecode
	python -m benchmarks.installers
	python -m benchmarks.linking

wheel: $(READY)
	python -m pip wheel --quiet --no-deps --wheel-dir dist .

clean:
	rm -rf $(VENV) cdk.out dist build *.egg-info

$(READY): requirements.txt Makefile
	$(PYTHON) -c 'import sys; sys.exit("Python 3.10 or newer is needed, and PYTHON is " + sys.version.split()[0]) if sys.version_info < (3, 10) else None'
	$(PYTHON) -m venv $(VENV)
	python -m pip install --quiet --disable-pip-version-check --requirement requirements.txt
	npm install --silent --no-audit --no-fund --no-update-notifier --global --prefix $(CURDIR)/$(VENV) $(CDK_CLI)
	touch $(READY)
