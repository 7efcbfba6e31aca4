#!/bin/sh
# uv pip install with a group that pylock.toml does not have installs nothing of the lock, and exits with 0.
#
# Guess: an unknown word after --group is an error, as "uv sync --group" has it, or at least adds nothing to what is installed.
# Seen with uv 0.13.9: --group takes the place of default-groups, under which PDM and pipenv keep the dependencies of the project
# itself, and a word that the lock does not have is taken like any other. So with a mistyped group the environment is empty and
# the command succeeds; a group that is there comes without the dependencies of the project. An unknown --extra changes nothing.
# uv sync of uv.lock refuses an unknown group, and has the others come beside the project's own. Exits with 1 when that changes.
set -eu
cd "$(mktemp -d)"
python3 -m venv tools
tools/bin/python -m pip install --quiet --disable-pip-version-check uv==0.13.9
wheel() {
  python3 - "$1" <<'PYTHON'
import sys
import zipfile

name = sys.argv[1]
info = f"{name}-1.0.dist-info"
files = {
    f"{name}.py": "",
    f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n",
    f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
}
with zipfile.ZipFile(f"{name}-1.0-py3-none-any.whl", "w") as archive:
    for path, text in files.items():
        archive.writestr(path, text)
    archive.writestr(f"{info}/RECORD", "".join(f"{path},,\n" for path in [*files, f"{info}/RECORD"]))
PYTHON
  digest=$(sha256sum "$1-1.0-py3-none-any.whl" | cut -d ' ' -f 1)
  printf '[[packages]]\nname = "%s"\nversion = "1.0"\nmarker = "%s"\nwheels = [{ path = "%s", hashes = { sha256 = "%s" } }]\n' \
    "$1" "'$2' in dependency_groups" "$1-1.0-py3-none-any.whl" "$digest" >> pylock.toml
}
cat > pylock.toml <<'TOML'
lock-version = "1.0"
created-by = "test"
extras = []
dependency-groups = ["default", "reports"]
default-groups = ["default"]
TOML
wheel own default
wheel charts reports
install() {
  rm -rf target
  status=0
  tools/bin/uv pip install --quiet --no-cache --python tools/bin/python --target target --requirement pylock.toml "$@" 2> log || status=$?
  echo "$status:$(find target -maxdepth 1 -name '*.py' -printf '%f' 2> /dev/null)"
}
seen="$(install) $(install --group reports) $(install --group report) $(install --extra report)"
echo "without options, with --group reports, --group report, --extra report, each with its exit code: $seen"
[ "$seen" = "0:own.py 0:charts.py 0: 0:own.py" ]
