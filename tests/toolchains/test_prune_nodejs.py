"""The script that leaves of npm's packages what every version of npm would leave."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from optimizer.builders.docker.nodejs_scripts import prune
from tests.patience import PATIENCE_S
from tests.toolchains.scripts import argv

ON_MAC: dict[str, Any] = {"optional": True, "os": ["darwin"]}
OPTIONAL: dict[str, Any] = {"optional": True}


def left(root: Path, packages: Mapping[str, Any], installed: Mapping[str, str | None]) -> list[str]:
    """What is left of ``installed``: texts are targets of links, None is a directory of a package, with a file in it."""
    (root / "package-lock.json").write_text(json.dumps({"lockfileVersion": 3, "packages": packages}))
    for place, target in installed.items():
        path = root / place
        if target is None:
            path.mkdir(parents=True, exist_ok=True)
            (path / "package.json").touch()
        elif target:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.symlink_to(target)
        else:
            path.mkdir(parents=True, exist_ok=True)
    script = prune("package-lock.json")
    subprocess.run(argv(script, *script.arguments), cwd=root, check=True, timeout=PATIENCE_S)
    found = (path.relative_to(root).as_posix() for path in root.rglob("*") if path.name not in ("package.json", "package-lock.json"))
    return sorted(found)


def test_what_only_packages_for_other_platforms_need_goes(tmp_path: Path) -> None:
    """npm 11.6 leaves "shared": each of the two that need it hides it from the other."""
    packages = {
        "": {"dependencies": {"app": "1"}, "optionalDependencies": {"mac-a": "1", "@x/mac-b": "1", "here": "1"}},
        "node_modules/app": {},
        "node_modules/mac-a": {**ON_MAC, "dependencies": {"@y/shared": "1"}},
        "node_modules/@x/mac-b": {**ON_MAC, "dependencies": {"@y/shared": "1"}},
        "node_modules/@y/shared": {**OPTIONAL, "dependencies": {"deeper": "1"}},
        "node_modules/deeper": {**OPTIONAL, "dependencies": {"@y/shared": "1"}},
        "node_modules/here": {**OPTIONAL, "dependencies": {"kept": "1"}, "peerDependencies": {"peer": "1"}},
        "node_modules/kept": OPTIONAL,
        "node_modules/peer": OPTIONAL,
    }
    installed = {
        **{f"node_modules/{name}": None for name in ("app", "@y/shared", "deeper", "here", "kept", "peer")},
        "node_modules/@x": "",
        "node_modules/.bin/deeper": "../deeper/cli.js",
        "node_modules/.bin/shared": "../@y/shared/cli.js",
    }
    assert left(tmp_path, packages, installed) == [
        "node_modules",
        *(f"node_modules/{name}" for name in ("app", "here", "kept", "peer")),
    ]


def test_programs_of_what_stays_stay(tmp_path: Path) -> None:
    packages = {
        "": {"dependencies": {"app": "1"}, "optionalDependencies": {"mac": "1"}},
        "node_modules/app": {},
        "node_modules/mac": {**ON_MAC, "dependencies": {"tool": "1"}},
        "node_modules/tool": OPTIONAL,
    }
    installed = {
        "node_modules/app": None,
        "node_modules/tool": None,
        "node_modules/.bin/app": "../app/cli.js",
        "node_modules/.bin/tool": "../tool/cli.js",
        "node_modules/.bin/local": "../../packages/local/cli.js",
    }
    expected = ["node_modules", "node_modules/.bin", "node_modules/.bin/app", "node_modules/.bin/local", "node_modules/app"]
    assert left(tmp_path, packages, installed) == expected


def test_a_package_that_is_nested_or_of_a_member_is_found_from_where_it_is_needed(tmp_path: Path) -> None:
    packages = {
        "": {"dependencies": {"app": "1"}},
        "node_modules/app": {"optionalDependencies": {"mac": "1", "near": "1"}},
        "node_modules/app/node_modules/mac": {**ON_MAC, "dependencies": {"far": "1"}},
        "node_modules/app/node_modules/near": OPTIONAL,
        "node_modules/near": {**OPTIONAL},
        "node_modules/far": {**OPTIONAL},
        "node_modules/@acme/api": {"link": True, "resolved": "packages/api"},
        "packages/api": {"optionalDependencies": {"own": "1"}},
        "packages/api/node_modules/own": OPTIONAL,
        "packages/api/node_modules/@x/mac": ON_MAC,
        "../beside": {"optionalDependencies": {"other": "1"}},
        "node_modules/beside": {"link": True, "resolved": "../beside", "optional": True},
    }
    installed = {
        **{f"node_modules/{name}": None for name in ("app", "app/node_modules/near", "near", "far")},
        "node_modules/@acme/api": "../../packages/api",
        "packages/api/node_modules/own": None,
        "packages/api/node_modules/@x": "",
    }
    assert left(tmp_path, packages, installed) == [
        "node_modules",
        "node_modules/@acme",
        "node_modules/@acme/api",
        "node_modules/app",
        "node_modules/app/node_modules",
        "node_modules/app/node_modules/near",
        "packages",
        "packages/api",
        "packages/api/node_modules",
        "packages/api/node_modules/own",
    ]


def test_what_development_needs_too_stays_and_what_it_alone_needs_leaves_no_directory(tmp_path: Path) -> None:
    """Of a package that both need npm leaves out nothing, in no version."""
    packages = {
        "": {"devDependencies": {"@dev/tool": "1"}, "optionalDependencies": {"mac": "1"}},
        "node_modules/mac": {**ON_MAC, "dependencies": {"both": "1"}},
        "node_modules/@dev/tool": {"dev": True, "dependencies": {"both": "1"}},
        "node_modules/both": {"devOptional": True},
    }
    assert left(tmp_path, packages, {"node_modules/both": None, "node_modules/@dev": ""}) == ["node_modules", "node_modules/both"]


def test_what_is_packed_in_a_package_that_is_not_there_needs_nothing(tmp_path: Path) -> None:
    packages = {
        "": {"dependencies": {"app": "1"}, "optionalDependencies": {"mac": "1"}},
        "node_modules/app": {},
        "node_modules/mac": {**ON_MAC, "dependencies": {"packed": "1"}},
        "node_modules/mac/node_modules/packed": {**OPTIONAL, "inBundle": True, "dependencies": {"shared": "1"}},
        "node_modules/shared": OPTIONAL,
    }
    installed = {"node_modules/app": None, "node_modules/shared": None}
    assert left(tmp_path, packages, installed) == ["node_modules", "node_modules/app"]


def test_nothing_inside_of_a_package_changes(tmp_path: Path) -> None:
    packages = {
        "": {"dependencies": {"app": "1"}},
        "node_modules/app": {},
        "node_modules/app/node_modules/packed": {"optional": True, "inBundle": True},
    }
    installed = {
        "node_modules/app": None,
        "node_modules/app/empty": "",
        "node_modules/app/@scope": "",
        "node_modules/app/node_modules/packed": None,
    }
    assert left(tmp_path, packages, installed) == [
        "node_modules",
        "node_modules/app",
        "node_modules/app/@scope",
        "node_modules/app/empty",
        "node_modules/app/node_modules",
        "node_modules/app/node_modules/packed",
    ]


@pytest.mark.parametrize("place", ["../{}/node_modules/x", "node_modules/../../{}/node_modules/x", "{}/node_modules/x"])
def test_a_lock_names_nothing_above_its_directory(place: str, tmp_path: Path) -> None:
    root, other = tmp_path / "root", tmp_path / "other"
    (other / "node_modules" / "x").mkdir(parents=True)
    name = str(other) if place.startswith("{") else "other"
    root.mkdir()
    left(root, {"": {}, place.format(name): OPTIONAL}, {"node_modules": ""})
    assert (other / "node_modules" / "x").is_dir()


def test_a_lock_of_the_first_format_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "package-lock.json").write_text('{"lockfileVersion": 1, "dependencies": {}}')
    script = prune("package-lock.json")
    subprocess.run(argv(script, *script.arguments), cwd=tmp_path, check=True, timeout=PATIENCE_S)
    assert [path.name for path in tmp_path.iterdir()] == ["package-lock.json"]
