#!/bin/sh
# uv installs no pylock.toml that pipenv writes, because it is for no environment; pip and pipenv pass over that.
#
# Guess: pylock.toml is one format, so what pipenv writes of a Pipfile.lock (use_pylock = true) is installed by uv and by pip.
# Seen with pipenv 2026.10.3: it writes "environments = []" into each. uv 0.13.9 takes that for a lock which is for no machine,
# and ends with an error; without that line it installs the same file. pip 26.3 installs it as it is.
# Exits with 1 when that changes.
set -eu
cd "$(mktemp -d)"
python3 -m venv tools
tools/bin/python -m pip install --quiet --disable-pip-version-check uv==0.13.9 pipenv==2026.10.3
tools/bin/uv venv --quiet --seed --python tools/bin/python pips
tools/bin/uv pip install --quiet --python pips/bin/python pip==26.3
cat > Pipfile <<'TOML'
[[source]]
url = "https://pypi.org/simple"
verify_ssl = true
name = "pypi"
[packages]
six = "==1.17.0"
[pipenv]
use_pylock = true
TOML
PIPENV_VENV_IN_PROJECT=1 PIPENV_IGNORE_VIRTUALENVS=1 PIPENV_PYTHON="$PWD/tools/bin/python" tools/bin/pipenv lock > log 2>&1 || { cat log; exit 1; }
empty=$(grep -c '^environments = \[\]$' pylock.toml || true)
grep -v '^environments' pylock.toml > pylock.any.toml
kind() { if "$@" > log 2>&1; then echo installed; else echo refused; fi; }
uv() { kind tools/bin/uv pip install --python tools/bin/python --target "uv-$1" --requirement "$1"; }
pip=$(kind pips/bin/python -m pip install --disable-pip-version-check --target pip --requirement pylock.toml)
seen="$empty $(uv pylock.toml) $(uv pylock.any.toml) $pip"
echo "lines with no environment; uv; uv without the line; pip: $seen"
[ "$seen" = "1 refused installed installed" ]
