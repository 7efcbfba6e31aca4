#!/bin/sh
# uv 0.13.9 judges the requires-python of a pylock.toml by the Python that it is given, not by --python-version.
#
# Seen: with --python-version 3.13 and the Python of another minor version, a lock for 3.13 is refused; a requirements file
# is installed for 3.13 by that same Python.
# So a pylock.toml needs a Python of its own version on the machine.  Exits with 1 when that changes.
set -eu
cd "$(mktemp -d)"
python3 -m venv tools
tools/bin/python -m pip install --quiet --disable-pip-version-check uv==0.13.9
other="$(tools/bin/python -c 'import sys; print("3.12" if sys.version_info[:2] == (3, 13) else "3.13")')"
printf 'lock-version = "1.0"\ncreated-by = "test"\nrequires-python = "==%s.*"\npackages = []\n' "$other" > pylock.toml
echo "six==1.17.0" > requirements.txt
install() {
  if tools/bin/python -m uv pip install --quiet --no-config --cache-dir cache --python tools/bin/python --python-version "$other" \
    --target "target-$1" --requirement "$1" 2> "$1.err"; then echo installed; else echo refused; fi
}
lock="$(install pylock.toml)" requirements="$(install requirements.txt)"
echo "pylock.toml: $lock; requirements.txt: $requirements; $(grep -o 'incompatible with.*' pylock.toml.err || true)"
[ "$lock $requirements" = "refused installed" ]
