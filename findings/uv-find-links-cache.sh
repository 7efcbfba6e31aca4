#!/bin/sh
# uv 0.13.9 installs an old wheel of a directory (--find-links) after the file was written anew, whatever its time.
#
# Seen: the cache of such a directory goes by the name of the file alone, so a wheel that was built again with its old
# version stays as it was when it was first installed.  The same wheel, named by its path, is read again.
# So what a project holds itself is installed with --no-cache.  Exits with 1 when that changes.
set -eu
cd "$(mktemp -d)"
python3 -m venv tools
tools/bin/python -m pip install --quiet --disable-pip-version-check uv==0.13.9
mkdir wheels
write() {
  python3 - "$1" <<'PYTHON'
import sys
import zipfile

with zipfile.ZipFile("wheels/thing-1.0-py3-none-any.whl", "w") as wheel:
    info = "thing-1.0.dist-info"
    wheel.writestr("thing.py", sys.argv[1])
    wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: thing\nVersion: 1.0\n")
    wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
    wheel.writestr(f"{info}/RECORD", f"thing.py,,\n{info}/METADATA,,\n{info}/WHEEL,,\n{info}/RECORD,,\n")
PYTHON
}
install() {
  rm -rf target
  tools/bin/python -m uv pip install --quiet --cache-dir cache --python tools/bin/python --target target "$@"
  cat target/thing.py
}
write first
[ "$(install --no-index --find-links wheels thing)" = first ]
sleep 2
write second
of_directory="$(install --no-index --find-links wheels thing)"
by_path="$(install ./wheels/thing-1.0-py3-none-any.whl)"
echo "from the directory: $of_directory; by its path: $by_path"
[ "$of_directory" = first ] && [ "$by_path" = second ]
