#!/bin/sh
# uv export writes requirements of a lock that uv sync refuses for the machine, and of them nothing is installed, without a word.
#
# Guess: environments in [tool.uv] bound what is locked, so a lock for macOS alone cannot be used on Linux by any command.
# Seen with uv 0.13.9 on Linux, for environments = ["sys_platform == 'darwin'"]: uv sync --frozen ends with an error.
# uv export --frozen exits with 0, each of its lines has a marker that never holds there, and uv pip install of that file
# exits with 0 and installs nothing. pip does the same. So an image that is made by way of requirements, as most are, is empty;
# only supported-markers in uv.lock tells. Exits with 1 when that changes.
set -eu
cd "$(mktemp -d)"
python3 -m venv tools
tools/bin/python -m pip install --quiet --disable-pip-version-check uv==0.13.9
python="$PWD/tools/bin/python"
mkdir app
cat > app/pyproject.toml <<'TOML'
[project]
name = "app"
version = "0"
requires-python = ">=3.10"
dependencies = ["six==1.17.0"]
[tool.uv]
environments = ["sys_platform == 'darwin'"]
TOML
uv() { (cd app && ../tools/bin/uv "$@" --python "$python" --cache-dir ../cache --quiet); }
uv lock
if uv sync --frozen 2> sync.log; then sync=installed; else sync=refused; fi
uv export --frozen --no-hashes --output-file ../requirements.txt > export.log
uv pip install --target ../by-uv --requirement ../requirements.txt
"$python" -m pip install --quiet --disable-pip-version-check --target by-pip --requirement requirements.txt > pip.log 2>&1
found=$(find by-uv by-pip -name six.py 2> /dev/null | wc -l)
lines=$(grep -c '^six==' requirements.txt)
echo "uv sync: $sync; lines of the export: $lines; installed of them: $found"
[ "$sync $lines $found" = "refused 1 0" ]
