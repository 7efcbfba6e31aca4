#!/bin/sh
# uv 0.13.9, installing one at a time (UV_CONCURRENT_INSTALLS=1), leaves the file of two wheels to what its cache holds.
#
# Seen: of two wheels that hold one file, the one that was in the cache before is installed first or last by no rule that
# the command tells: with either of them cached, another one stays.  So an order must be made after the installation.
# Exits with 1 when that changes.
set -eu
cd "$(mktemp -d)"
python3 -m venv tools
tools/bin/python -m pip install --quiet --disable-pip-version-check uv==0.13.9
mkdir wheels
python3 - <<'PYTHON'
import zipfile

for name in ("alpha", "beta"):
    info = f"{name}-1.0.dist-info"
    files = [f"shared/part{number}.py" for number in range(300)]
    with zipfile.ZipFile(f"wheels/{name}-1.0-py3-none-any.whl", "w") as wheel:
        for file in files:
            wheel.writestr(file, name)
        wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        rows = [*files, f"{info}/METADATA", f"{info}/WHEEL", f"{info}/RECORD"]
        wheel.writestr(f"{info}/RECORD", "".join(f"{row},,\n" for row in rows))
PYTHON
install() {
  UV_CONCURRENT_INSTALLS=1 tools/bin/python -m uv pip install --quiet --cache-dir cache --link-mode copy --python tools/bin/python \
    --no-index --find-links wheels --target "$@"
}
after() {
  rm -rf cache target warm
  install warm "$1"
  install target alpha beta
  cat target/shared/part0.py
}
one="$(after alpha)"
other="$(after beta)"
echo "with alpha in the cache: $one; with beta: $other"
[ "$one" != "$other" ]
