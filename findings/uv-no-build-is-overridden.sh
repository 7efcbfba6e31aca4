#!/bin/sh
# uv 0.13.9 builds packages though it is run with --only-binary :all:, when its requirements file says so.
#
# Seen: "--no-binary NAME" in the file wins over "--only-binary :all:" of the command, and an editable package ("-e DIR")
# is built whatever either says.  The same source package without that line is refused.
# So whoever must not run a build backend has to read the file first.  Exits with 1 when that changes.
set -eu
cd "$(mktemp -d)"
python3 -m venv tools
tools/bin/python -m pip install --quiet --disable-pip-version-check uv==0.13.9
mkdir own
printf '[project]\nname = "own"\nversion = "1"\n[build-system]\nrequires = ["setuptools"]\nbuild-backend = "setuptools.build_meta"\n' > own/pyproject.toml
install() {
  rm -rf target
  if tools/bin/python -m uv pip install --quiet --no-config --cache-dir cache --python tools/bin/python --target target \
    --only-binary :all: --requirement "$1" 2> /dev/null; then echo built; else echo refused; fi
}
echo 'docopt==0.6.2' > plain.txt
printf -- '--no-binary docopt\ndocopt==0.6.2\n' > override.txt
echo './own' > directory.txt
echo '-e ./own' > editable.txt
plain="$(install plain.txt)" override="$(install override.txt)" directory="$(install directory.txt)" editable="$(install editable.txt)"
echo "source package: $plain; with --no-binary in the file: $override; directory: $directory; editable: $editable"
[ "$plain $override $directory $editable" = "refused built refused built" ]
