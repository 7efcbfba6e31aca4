#!/bin/sh
# uv sync installs the files of Git LFS of a source with lfs = true; of what uv export writes of it, uv pip install takes pointers.
#
# Guess: the export has "#lfs=true" at the end of the address, so uv pip install -r of that file fetches the same files.
# Seen with uv 0.13.9 and git-lfs 3.x: uv sync puts the file of 5000 bytes into the environment; uv pip install of the export of
# the same lock puts the pointer of 129 bytes there, and exits with 0. With UV_GIT_LFS=1 it fetches the file too.
# So a model or a data file that LFS keeps is a few lines of text in an image that is made from requirements.
# Debian's git-lfs, unpacked; a repository on this machine. Exits with 1 when that changes.
set -eu
cd "$(mktemp -d)"
apt-get download git-lfs > /dev/null 2>&1
dpkg-deb -x git-lfs_*.deb lfs
PATH="$PWD/lfs/usr/bin:$PATH" HOME="$PWD/home"
export PATH HOME
mkdir home app
python3 -m venv tools
tools/bin/python -m pip install --quiet --disable-pip-version-check uv==0.13.9
git config --global user.name test
git config --global user.email test@example.com
git lfs install > log 2>&1
git init --quiet --bare model.git
git clone --quiet model.git work 2> log
mkdir work/model
cat > work/pyproject.toml <<'TOML'
[project]
name = "model"
version = "1"
description = "a model"
[build-system]
requires = ["flit_core==3.12.0"]
build-backend = "flit_core.buildapi"
TOML
echo '"""A model."""' > work/model/__init__.py
head -c 5000 /dev/zero > work/model/weights.bin
(cd work && git lfs track '*.bin' && git add --all && git commit --quiet --message model && git push --quiet origin HEAD) > log 2>&1
cat > app/pyproject.toml <<TOML
[project]
name = "app"
version = "0"
requires-python = ">=3.10"
dependencies = ["model"]
[tool.uv.sources]
model = { git = "file://$PWD/model.git", lfs = true }
TOML
python="$PWD/tools/bin/python"
# A cache of its own for each: a checkout that is there would be taken as it is.
uv() { cache="$1" && shift && (cd app && ../tools/bin/uv "$@" --python "$python" --cache-dir "../cache-$cache" --quiet); }
uv lock lock
uv sync sync --frozen
uv export export --frozen --output-file ../requirements.txt > log
uv pip pip install --target ../by-pip --requirement ../requirements.txt
UV_GIT_LFS=1 && export UV_GIT_LFS && uv lfs pip install --target ../by-lfs --requirement ../requirements.txt
size() { find "$1" -name weights.bin -exec stat --format %s {} +; }
named=$(grep -c 'lfs=true' requirements.txt)
seen="$named $(size app/.venv) $(size by-pip) $(size by-lfs)"
echo "lines with lfs=true, bytes by uv sync, by uv pip install, and with UV_GIT_LFS=1: $seen"
[ "$seen" = "1 5000 129 5000" ]
