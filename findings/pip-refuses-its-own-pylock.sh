#!/bin/sh
# pip does not install the pylock.toml that pip lock has written, where a package of it is a directory.
#
# Guess: "pip lock ." and "pip install -r pylock.toml" are made for one another.
# Seen with pip 26.3: pip lock writes such a package as a directory, which has no hash, and pip install takes every pylock.toml for
# requirements with hashes and ends with "Can't verify hashes for these file:// requirements because they point to directories".
# uv 0.13.9 installs the same file.  So the lock of a project that is a package itself cannot be installed by the pip that wrote it. Exits with 1 when that changes.
set -eu
cd "$(mktemp -d)"
python3 -m venv tools
tools/bin/python -m pip install --quiet --disable-pip-version-check --upgrade pip==26.3
tools/bin/python -m pip install --quiet --disable-pip-version-check uv==0.13.9
mkdir app
cat > app/pyproject.toml <<'TOML'
[project]
name = "app"
version = "1"
description = "an app"
dependencies = ["six==1.17.0"]
[build-system]
requires = ["flit_core==3.12.0"]
build-backend = "flit_core.buildapi"
TOML
echo '"""An app."""' > app/app.py
cd app
pip() { ../tools/bin/python -m pip "$@" --disable-pip-version-check > "log-$1" 2>&1; }
pip lock .
directories=$(grep -c '^\[packages.directory\]' pylock.toml)
if pip install --target ../by-pip --requirement pylock.toml; then by_pip=installed; else by_pip=refused; fi
why=$(grep -c "Can't verify hashes" log-install || true)
../tools/bin/uv pip install --quiet --python ../tools/bin/python --target ../by-uv --requirement pylock.toml
by_uv=$(find ../by-uv -maxdepth 1 -name '*.py' | wc -l)
echo "directories in the lock: $directories; pip: $by_pip, for hashes: $why; modules by uv: $by_uv"
[ "$directories $by_pip $why $by_uv" = "1 refused 1 2" ]
