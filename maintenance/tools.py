"""Refreshes ``optimizer/bases/tools.json``: the newest versions of tools, and the hashes of those that stages install by hashes.

Asked are the JSON form of a Python package index
(https://packaging.python.org/en/latest/specifications/simple-repository-api/)
and the registry of npm
(https://github.com/npm/registry/blob/main/docs/responses/package-metadata.md).

A tool of which stages use options that another major version may not have stays
in its major version, and a Python tool runs on every Python of Lambda on which
the version before runs.  Tags of builder images stay as they are: which suits
is a decision, and ``optimizer pin --update`` refreshes what a tag stands for.

Run: ``python -m maintenance.tools [--check]``
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

from packaging.specifiers import SpecifierSet
from packaging.utils import InvalidWheelFilename, parse_wheel_filename
from packaging.version import Version
from urllib3 import PoolManager
from urllib3.exceptions import HTTPError

import optimizer.bases.tools as data_module
from optimizer.bases.catalogue import base_image, runtimes
from optimizer.model.architectures import BY_NAME

DATA = Path(data_module.__file__).with_name(data_module.DATA)
PYPI = "https://pypi.org/simple"
NPM = "https://registry.npmjs.org"
_MACHINES = tuple(item.machine for item in BY_NAME.values())
_STABLE = re.compile(r"\d+(\.\d+)*(\.post\d+)?")
_TIMEOUT_S = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """A version that a registry has.

    ``hashes`` are those of its wheels for Linux with the GNU C library, empty
    where there is none for one of Lambda's machines; ``pythons`` the Pythons on
    which it runs, None for any.
    """

    version: str
    hashes: tuple[str, ...] = ()
    pythons: str | None = None

    def runs_on(self, python: str) -> bool:
        return self.pythons is None or SpecifierSet(self.pythons).contains(python)


Ask = Callable[[str, str], Sequence[Release]]
"""The releases of a package, by the word for its registry and its name there."""


class Registries:
    """PyPI and npm, or what stands in their places."""

    def __init__(self, client: PoolManager, pypi: str = PYPI, npm: str = NPM) -> None:
        self._client = client
        self._pypi = pypi.rstrip("/")
        self._npm = npm.rstrip("/")

    def releases(self, registry: str, package: str) -> Sequence[Release]:
        """The releases that are no previews and were not taken back."""
        if registry == "pypi":
            page = self._get(f"{self._pypi}/{package}/", "application/vnd.pypi.simple.v1+json")
            return python_releases(page["files"])
        page = self._get(f"{self._npm}/{quote(package, safe='@')}", "application/vnd.npm.install-v1+json")
        return [
            Release(version=version)
            for version, row in page["versions"].items()
            if _STABLE.fullmatch(version) and not row.get("deprecated")
        ]

    def _get(self, url: str, form: str) -> Any:
        response = self._client.request("GET", url, headers={"Accept": form})
        if response.status != 200:
            raise ValueError(f"{url} answered {response.status}")
        return response.json()


def python_releases(files: Iterable[Mapping[str, Any]]) -> Sequence[Release]:
    """The releases of a package's files on a Python package index."""
    found: dict[str, list[tuple[str, Mapping[str, Any]]]] = {}
    for file in files:
        try:
            _, version, _, tags = parse_wheel_filename(file["filename"])
        except InvalidWheelFilename:
            continue
        if not file.get("yanked") and _STABLE.fullmatch(str(version)):
            platforms = {tag.platform for tag in tags}
            machine = next((name for name in _MACHINES if any(re.fullmatch(rf"manylinux.*_{name}", item) for item in platforms)), "")
            found.setdefault(str(version), []).append((machine, file))
    return [
        Release(version=version, hashes=_hashes(wheels), pythons=next((file.get("requires-python") for _, file in wheels), None))
        for version, wheels in found.items()
    ]


def _hashes(wheels: Iterable[tuple[str, Mapping[str, Any]]]) -> tuple[str, ...]:
    ours = sorted((_MACHINES.index(machine), file["filename"], file["hashes"]["sha256"]) for machine, file in wheels if machine)
    complete = {index for index, _, _ in ours} == set(range(len(_MACHINES)))
    return tuple(f"sha256:{digest}" for _, _, digest in ours) if complete else ()


def refresh(data: Mapping[str, Any], ask: Ask) -> tuple[dict[str, Any], list[str]]:
    """The data with the newest versions, and a line for each tool with its change."""
    tools, lines = {}, []
    for name, row in data["tools"].items():
        releases = list(ask(row["registry"], row["package"]))
        chosen = choose(row, releases)
        # The same version may have got a wheel more.
        tools[name] = {**row, "version": chosen.version, **({"hashes": list(chosen.hashes)} if "hashes" in row else {})}
        newest = max((Version(release.version) for release in releases), default=Version(row["version"]))
        left = f"; {newest} exists, and {_reason(row, newest)}" if newest > Version(chosen.version) else ""
        change = "unchanged" if tools[name] == row else f"-> {chosen.version}"
        lines.append(f"{name:<22} {row['version']:<12} {change}{left}")
    return {**data, "tools": tools}, lines


def choose(row: Mapping[str, Any], releases: Sequence[Release]) -> Release:
    """The newest release that stages can use in place of the row's; the row's own where there is none."""
    now = next((release for release in releases if release.version == row["version"]), None)
    mine = Release(version=row["version"], hashes=tuple(row.get("hashes", ())))
    pythons = [python for python in _pythons() if now is None or now.runs_on(python)]
    good = [
        release
        for release in releases
        if Version(release.version) >= Version(row["version"])
        and not (row.get("same_major") and _major(release.version) != _major(row["version"]))
        and not ("hashes" in row and not release.hashes)
        and all(release.runs_on(python) for python in pythons)
    ]
    best = max(good, key=lambda release: Version(release.version), default=mine)
    return best if "hashes" in row else replace(best, hashes=())


def _reason(row: Mapping[str, Any], newest: Version) -> str:
    if row.get("same_major") and _major(str(newest)) != _major(row["version"]):
        return "is of another major version"
    return "does not run wherever this one does"


def _pythons() -> list[str]:
    """The Pythons of Lambda's base images."""
    return [runtime.removeprefix("python") for runtime in runtimes() if base_image(runtime).family == "python"]


def _major(version: str) -> str:
    return version.partition(".")[0]


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m maintenance.tools", description="Refresh the versions of tools that stages use.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit code 1 if a version is outdated")
    parser.add_argument("--pypi", default=PYPI, metavar="URL", help="the Python package index (default: %(default)s)")
    parser.add_argument("--npm", default=NPM, metavar="URL", help="the registry of npm (default: %(default)s)")
    parser.add_argument("--data", type=Path, default=DATA, metavar="FILE", help="the data file (default: that of the project)")
    options = parser.parse_args(argv)
    text = options.data.read_text(encoding="utf-8")
    with PoolManager(timeout=_TIMEOUT_S) as client:
        try:
            data, lines = refresh(json.loads(text), Registries(client, options.pypi, options.npm).releases)
        except (HTTPError, KeyError, ValueError) as error:
            print(
                f"error: a registry gave no releases: {error}\n  hint: check the network, or name an index with --pypi and --npm",
                file=sys.stderr,
            )
            return 2
    fresh = json.dumps(data, indent=2) + "\n"
    data_module.read_tools_data(fresh)
    print("\n".join(lines))
    print(f"{', '.join(data['images'])}: images are kept; choose their tags by hand")
    if fresh == text:
        return 0
    if options.check:
        print("outdated; to refresh: make tools", file=sys.stderr)
        return 1
    options.data.write_text(fresh, encoding="utf-8")
    print("written; now run: python -m pytest tests/test_golden.py --update-golden, and the engine tests", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
