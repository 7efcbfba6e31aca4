"""Type-checks what the documentation shows, as its readers do: ``python -m maintenance.types``.

Writes it as modules below ``build/documented`` (see :mod:`maintenance.documented`)
and runs ``mypy --strict`` and pyright, in its strict mode, over them.  Both see
the package as an installed one; what they say names the page and its line.
Prints it all, and ends with 1 where there is any.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from maintenance.documented import ROOT, write

DIRECTORY = ROOT / "build" / "documented"
PYRIGHT_SETTINGS = {"typeCheckingMode": "strict", "pythonVersion": "3.10", "include": ["."]}

_REFUSED_BY_JSII = re.compile(r'"\w+" is incompatible with protocol "I[A-Z]\w+"')
"""Part of what pyright says where a construct of CDK is given for its interface, whose names of parameters differ: docs/types.md."""
_NO_SUCH_INTERFACE = "is not present"
"""Part of what it says where the interface is another one's."""


def mypy(directory: Path, pages: Mapping[Path, str]) -> list[str]:
    """What ``mypy --strict`` says of the modules in a directory, one line each; ``pages`` has where each file is from."""
    argv = [sys.executable, "-m", "mypy", "--config-file", str(ROOT / "pyproject.toml"), "--no-error-summary", str(directory)]
    environment = {**os.environ, "MYPYPATH": f"{directory}{os.pathsep}{ROOT}"}
    done = subprocess.run(argv, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)  # noqa: S603 - a list of arguments
    if done.returncode not in (0, 1):
        raise RuntimeError(f"mypy ended with {done.returncode}: {done.stdout}{done.stderr}")
    found = []
    for line in done.stdout.splitlines():
        path, _, rest = line.partition(":")
        found.append(f"{pages.get(ROOT / path, path)}:{rest} (mypy)")
    return found


def pyright(directory: Path, pages: Mapping[Path, str]) -> list[str]:
    """What pyright says of the modules in a directory, but for what it says of all constructs of CDK."""
    directory.joinpath("pyrightconfig.json").write_text(json.dumps(PYRIGHT_SETTINGS), encoding="utf-8")
    # The environment has the program, and its Node.js too.
    programs = Path(sys.executable).parent
    argv = [str(programs / "pyright"), "--outputjson", "--pythonpath", sys.executable, "--project", str(directory)]
    # By the path of packages: in the directory of the project this one would be source to be looked into, and no typed package.
    environment = {**os.environ, "PATH": f"{programs}{os.pathsep}{os.environ.get('PATH', '')}", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(argv, cwd=directory, env=environment, capture_output=True, text=True, check=False)  # noqa: S603 - a list of arguments
    if done.returncode not in (0, 1):
        raise RuntimeError(f"pyright ended with {done.returncode}: {done.stdout}{done.stderr}")
    report = json.loads(done.stdout)
    if not report["summary"]["filesAnalyzed"]:
        raise RuntimeError(f"pyright found no file in {directory}")
    found = []
    for said in report["generalDiagnostics"]:
        rule = said.get("rule", "")
        if rule == "reportArgumentType" and _REFUSED_BY_JSII.search(said["message"]) and _NO_SUCH_INTERFACE not in said["message"]:
            continue
        place = f"{pages.get(Path(said['file']), said['file'])}:{said['range']['start']['line'] + 1}"
        found.append(f"{place}: {said['severity']}: {said['message']} [{rule}] (pyright)")
    return found


def main() -> int:
    """Check everything that is documented; gives the exit code."""
    pages = write(DIRECTORY)
    found = sorted([*mypy(DIRECTORY, pages), *pyright(DIRECTORY, pages)])
    print("\n".join(found) or f"No fault in {len(pages)} files of what is documented, by mypy and pyright")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
